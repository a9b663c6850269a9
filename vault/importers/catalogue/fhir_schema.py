"""What health records in FHIR R4 hold, without the people in them."""

from __future__ import annotations

from typing import Final

from vault.importers.catalogue.schema import PD, KnownColumn, KnownFormat, Part, time, words
from vault.importers.catalogue.schema import KnownColumn as Column
from vault.views.field_types import FieldType, Sensitivity

_RECORD: Final = PD + "HealthRecord"
_SPECIAL: Final = Sensitivity.SPECIAL
_DAY = time(
    "day", "the day as the record writes it: local, or in UTC where it is written with Z", category=_RECORD
)
_AT = time("at", "when", category=_RECORD)
_CODES = (
    words("code", "its code", category=_RECORD, sensitivity=_SPECIAL),
    words(
        "system",
        "whose code it is, such as LOINC or SNOMED CT",
        category=_RECORD,
        sensitivity=Sensitivity.ORDINARY,
    ),
    words("name", "what the code means", category=_RECORD, sensitivity=_SPECIAL),
)


def _status(labels: tuple[str, ...]) -> KnownColumn:
    return words("status", "its status", labels, category=_RECORD, sensitivity=Sensitivity.SENSITIVE)


def _plain(
    name: str, resource: tuple[str, ...], title: str, labels: tuple[str, ...]
) -> tuple[tuple[str, ...], Part]:
    return resource, Part(name=name, title=title, columns=(_DAY, _AT, *_CODES, _status(labels)))


OBSERVATIONS: Final = Part(
    name="observations",
    title="one row a value that was measured or found",
    columns=(
        _DAY,
        _AT,
        *_CODES,
        Column(
            name="value", type=FieldType.FLOAT, meaning="the number", sensitivity=_SPECIAL, category=_RECORD,
            measure="as in unit",
        ),
        words("unit", "the unit of the number", category=_RECORD, sensitivity=Sensitivity.ORDINARY),
        words("found", "what was found, where it is a word", category=_RECORD, sensitivity=_SPECIAL),
        _status((
            "registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown",
        )),
    ),
)  # fmt: skip
_OF: Final = (
    _plain("conditions", ("Condition",), "one row a diagnosis", (
        "active", "recurrence", "relapse", "inactive", "remission", "resolved",
    )),
    _plain("medications", ("MedicationRequest", "MedicationStatement", "MedicationAdministration"),
           "one row a medicine that was prescribed or taken", (
        "active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "intended", "not-taken",
        "in-progress", "not-done", "unknown",
    )),
    _plain("procedures", ("Procedure",), "one row a procedure", (
        "preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "entered-in-error", "unknown",
    )),
    _plain("immunizations", ("Immunization",), "one row a vaccination", ("completed", "entered-in-error", "not-done")),
    _plain("allergies", ("AllergyIntolerance",), "one row an allergy", ("active", "inactive", "resolved")),
    _plain("encounters", ("Encounter",), "one row a visit", (
        "planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error",
        "unknown",
    )),
)  # fmt: skip
PART_OF: Final = {"Observation": OBSERVATIONS.name} | {
    each: part.name for kinds, part in _OF for each in kinds
}
FHIR: Final = KnownFormat(
    name="fhir",
    title="health records (FHIR R4)",
    needs="a Bundle or a single resource as JSON, or NDJSON with one resource a line",
    download="from the portal of your hospital, insurer or health service: download my record, as FHIR",
    leaves_out="everything about people and places: patient, doctors, relatives, addresses, notes; documents and bills",
    parts=(OBSERVATIONS, *(part for _, part in _OF)),
)
