"""FHIR R4: bundles, single resources, and one resource a line; nobody's name is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from vault.importers.catalogue.cell_texts import Unfit, moment, number
from vault.importers.catalogue.fhir_schema import PART_OF
from vault.importers.catalogue.json_stream import first, inside, items
from vault.importers.catalogue.moments import DAY, Clock, Moment
from vault.importers.catalogue.reading import Reading
from vault.importers.catalogue.streams import HEAD, chunks, opened
from vault.importers.counted import counted

_LONGEST_LINE: Final = 8 * 2**20
# Where a resource says when it was, the best first.
_TIMES: Final = (
    ("effectiveDateTime",), ("effectiveInstant",), ("effectivePeriod", "start"),
    ("onsetDateTime",), ("onsetPeriod", "start"),
    ("performedDateTime",), ("performedPeriod", "start"),
    ("occurrenceDateTime",), ("period", "start"), ("authoredOn",), ("dateAsserted",), ("recordedDate",), ("issued",),
)  # fmt: skip
_CODES: Final = ("code", "medicationCodeableConcept", "vaccineCode", "type")


def read_fhir(reading: Reading) -> None:
    """Read the resources of the wanted part."""
    clock, others = Clock(), 0
    for line, resource in _resources(reading):
        part = PART_OF.get(str(resource.get("resourceType")))
        if part is None:
            others += 1
            continue
        reading.seen[part] += 1
        if not reading.wants(part):
            continue
        try:
            for row in _rows(clock, part, resource):
                reading.rows.add(line, row)
        except Unfit as error:
            reading.rows.refuse(line, str(error))
    if others:
        reading.notes.append(
            f"{counted(others, 'resource', 'resources')} about people, places, documents and bills: left out."
        )


def _resources(reading: Reading) -> Iterator[tuple[int, dict[str, Any]]]:
    with opened(reading.file) as (stream, _):
        head = stream.read(HEAD)
    if _is_bundle(head):
        yield from items(reading.file, reading.progress, "entry.item.resource")
    else:
        yield from _lines(reading)


def _is_bundle(head: bytes) -> bool:
    plain = head.replace(b" ", b"").replace(b"\n", b"").replace(b"\r", b"").replace(b"\t", b"")
    return b'"resourceType":"Bundle"' in plain


def _lines(reading: Reading) -> Iterator[tuple[int, dict[str, Any]]]:
    """A resource a line, or one resource over many lines."""
    line, number_of_line = b"", 0
    for piece in (*chunks(reading.file, reading.progress), b"\n"):
        line += piece
        *done, line = line.split(b"\n")
        for one in done:
            number_of_line += 1
            if one.strip():
                yield number_of_line, _loaded(reading, one)
        if len(line) > _LONGEST_LINE:
            raise reading.file.unreadable(f"one piece of it is longer than {_LONGEST_LINE // 2**20} MiB")


def _loaded(reading: Reading, line: bytes) -> dict[str, Any]:
    try:
        loaded = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise reading.file.unreadable(
            "a line of it is no JSON object; a single resource has to be one line"
        ) from error
    if not isinstance(loaded, dict):
        raise reading.file.unreadable("a line of it is no JSON object")
    return loaded


def _rows(clock: Clock, part: str, resource: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    at = _time(clock, resource)
    when = (at.day * DAY, at.at)
    if part != "observations":
        yield (*when, *_code(resource), _status(resource))
        return
    components = resource.get("component")
    pieces = [one for one in components if isinstance(one, dict)] if isinstance(components, list) else []
    for one in pieces or [resource]:
        yield (*when, *_code(one), *_value(one), _status(resource))


def _time(clock: Clock, resource: dict[str, Any]) -> Moment:
    for names in _TIMES:
        text = inside(resource, *names)
        if isinstance(text, str) and text:
            return moment(clock, _whole_day(text), names[0])
    raise Unfit(f"{resource.get('resourceType')}: says no time")


def _whole_day(text: str) -> str:
    """A year or a month alone is its first day."""
    return f"{text}-01-01" if len(text) == 4 else f"{text}-01" if len(text) == 7 else text


def _code(resource: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    concept = next((resource[name] for name in _CODES if resource.get(name)), None)
    concept = first(concept) if isinstance(concept, list) else concept
    coding = first(inside(concept, "coding"))
    name = inside(coding, "display") or inside(concept, "text")
    return _text(inside(coding, "code")), _text(inside(coding, "system")), _text(name)


def _value(resource: dict[str, Any]) -> tuple[float | None, str | None, str | None]:
    quantity = resource.get("valueQuantity")
    if isinstance(quantity, dict):
        unit = quantity.get("code") or quantity.get("unit")
        return number(quantity.get("value"), "value"), _text(unit), None
    for name in ("valueInteger", "valueDecimal"):
        if name in resource:
            return number(resource[name], "value"), None, None
    concept = resource.get("valueCodeableConcept")
    found = inside(first(inside(concept, "coding")), "display") or inside(concept, "text")
    return None, None, _text(str(resource["valueBoolean"]).lower() if "valueBoolean" in resource else found)


def _status(resource: dict[str, Any]) -> str | None:
    coded = first(inside(resource, "clinicalStatus", "coding"))
    return _text(inside(coded, "code") or resource.get("status"))


def _text(value: object) -> str | None:
    return value[:500] if isinstance(value, str) and value else None
