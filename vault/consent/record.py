"""The consent record of ISO/IEC TS 27560:2023 in DPV terms: the object that is stored, evaluated and handed out.

Four parts, as in W3C's guide "Implementing ISO/IEC TS 27560 with DPV": header, processing, parties, events.
A grant is read back out of it, so there is no second copy that could say something else. Whether it is valid
now is never written down: that is decided each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from vault.consent.grants import DPV, PURPOSES, Grant, Operation, Window
from vault.errors import Damaged

SCHEMA: Final = "ISO/IEC TS 27560:2023, DPV 2.3, lockbox 1"
EXPLICIT: Final = "https://w3id.org/dpv/legal/eu/gdpr#A9-2-a"
CONSENT: Final = "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"
GIVEN: Final = DPV + "ConsentGiven"
WITHDRAWN: Final = DPV + "ConsentWithdrawn"
EXPIRED: Final = DPV + "ConsentExpired"
OPERATIONS: Final = {Operation.TRAIN: "https://w3id.org/dpv/ai#ModelTraining"}
LOGIC: Final = (
    "A model is trained on this device, in a process without network. Only an update with calibrated noise can "
    "leave it, after the person has approved its exact bytes. What was released cannot be unlearned."
)

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The requester as the record names it; `key` is its public key in hex."""

    id: str
    name: str
    key: str
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFacts:
    """How one field of a grant stands in the record."""

    name: str
    type: str
    sensitivity: str
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the person was shown, how they answered, and the pseudonym they have towards this requester."""

    text: str
    method: str
    principal: str


def build_record(grant: Grant, *, party: Party, fields: Sequence[FieldFacts], notice: Notice) -> Record:
    """The record of a grant that is given now, with its first event."""
    return {
        "header": {"schema_version": SCHEMA, "record_id": grant.id, "principal_id": notice.principal},
        "processing": _processing(grant, party, fields, notice),
        "parties": [
            {"id": notice.principal, "role": DPV + "DataSubject", "type": DPV + "Individual"},
            {
                "id": party.id,
                "role": DPV + "DataController",
                "type": DPV + "Organisation",
                "name": party.name,
                "key": party.key,
                "contact": party.contact,
                "address": "not given",
            },
        ],
        "events": [event(GIVEN, at=grant.created_at, entity=notice.principal, method=notice.method)],
    }


def _processing(grant: Grant, party: Party, fields: Sequence[FieldFacts], notice: Notice) -> Record:
    is_special = any(each.sensitivity == "special" for each in fields)
    return {
        "privacy_notice": {"text": notice.text, "sha256": hashlib.sha256(notice.text.encode()).hexdigest()},
        "language": "en",
        "purposes": [{"dpv": grant.purpose, "text": PURPOSES[grant.purpose]}],
        "lawful_basis": EXPLICIT if is_special else CONSENT,
        "collection": grant.collection,
        "personal_data": [_data(each) for each in sorted(fields, key=lambda each: each.name)],
        "records": {"from": _written(grant.window.start), "to": _written(grant.window.end)},
        "operation": OPERATIONS[grant.operation],
        "logic": LOGIC,
        "measures": [DPV + "DifferentialPrivacy", DPV + "FederatedLocations"],
        "privacy_unit": grant.unit,
        "epsilon_cap": None if grant.epsilon_cap is None else str(grant.epsilon_cap),
        "uses": grant.uses,
        "not_before": _written(grant.not_before),
        "not_after": _written(grant.not_after),
        "recipients": [party.id],
        "storage_locations": ["this device"],
        "retention": "the fields stay on this device; the update stays with the requester",
        "jurisdiction": "where the person lives",
        "withdrawal_method": f"lockbox consent withdraw {grant.id}",
        "rights": "access, portability, erasure, withdrawal at any time, complaint to a supervisory authority",
    }


def _data(facts: FieldFacts) -> Record:
    return {
        "field": facts.name,
        "type": facts.type,
        "necessity": DPV + ("Required" if facts.is_required else "Optional"),
        "sensitivity": facts.sensitivity,
        "is_special_category": facts.sensitivity == "special",
    }


def event(state: str, *, at: datetime, entity: str, method: str) -> Record:
    """One event in the life of a consent, of the person or (method "clock") of time."""
    return {"time": _written(at), "state": state, "entity": entity, "method": method}


def with_event(record: Mapping[str, Any], state: str, *, at: datetime, method: str) -> Record:
    """The record with one event more."""
    entity = record["header"]["principal_id"]
    return {**record, "events": [*record["events"], event(state, at=at, entity=entity, method=method)]}


def has_event(record: Mapping[str, Any], state: str) -> bool:
    """Whether the consent was ever in this state."""
    return any(each["state"] == state for each in record["events"])


def grant_from_record(record: Mapping[str, Any]) -> Grant:
    """The grant that a record stands for; raises Damaged when it is not a record of this version."""
    try:
        return _grant(record)
    except (KeyError, TypeError, ValueError, InvalidOperation, StopIteration, AttributeError):
        raise Damaged(what="a consent record") from None


def _grant(record: Mapping[str, Any]) -> Grant:
    if record["header"]["schema_version"] != SCHEMA:
        raise ValueError("another version")
    processing, events = record["processing"], record["events"]
    cap = processing["epsilon_cap"]
    (purpose,) = processing["purposes"]
    (controller,) = [each for each in record["parties"] if each["role"] == DPV + "DataController"]
    given = next(each for each in events if each["state"] == GIVEN)
    withdrawn = next((each for each in events if each["state"] == WITHDRAWN), None)
    return Grant(
        id=record["header"]["record_id"],
        collection=processing["collection"],
        fields=frozenset(each["field"] for each in processing["personal_data"]),
        purpose=purpose["dpv"],
        requester_id=controller["id"],
        operation=next(known for known, iri in OPERATIONS.items() if iri == processing["operation"]),
        window=Window(start=_read(processing["records"]["from"]), end=_read(processing["records"]["to"])),
        not_before=_moment(processing["not_before"]),
        not_after=_moment(processing["not_after"]),
        uses=int(processing["uses"]),
        epsilon_cap=None if cap is None else Decimal(cap),
        unit=processing["privacy_unit"],
        withdrawn_at=None if withdrawn is None else _moment(withdrawn["time"]),
        created_at=_moment(given["time"]),
    )


def _written(moment: datetime | None) -> str | None:
    # In full, since a window rounded to seconds would hold records that the person did not mean.
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without zone")
    return moment
