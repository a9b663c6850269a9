"""A known export to a typed table, with the schema that its format has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from vault.errors.families import Invalid
from vault.importers.catalogue.apple_health import read_apple_health
from vault.importers.catalogue.formats import FORMATS
from vault.importers.catalogue.part_rows import PartRows, sorted_rows
from vault.importers.catalogue.reading import Reader, Reading
from vault.importers.catalogue.schema import KnownFormat, Part
from vault.importers.catalogue.streams import digest_of_path
from vault.importers.source import File
from vault.records.schema import ParsedTable
from vault.views.field_types import FieldSpec, Sensitivity

READERS: Final[dict[str, Reader]] = {"apple-health": read_apple_health}
_SHOWN_PARTS: Final = 12


def read_known(
    file: File,
    part_name: str,
    *,
    sensitivities: Mapping[str, Sensitivity],
    progress: Callable[[int, int], None],
) -> ParsedTable:
    """Read one part of a known export; raises Invalid for a part or column that it has not, Unreadable as it comes."""
    known = FORMATS[file.format]
    part = find_part(known, part_name)
    for name in sensitivities.keys() - set(part.names):
        raise Invalid(reason=f"the part {part.name} has no column {name}")
    reading = Reading(file=file, part=part, rows=PartRows(file, part), progress=progress)
    READERS[file.format](reading)
    table, lines = reading.rows.table()
    return ParsedTable(
        fields=_fields(part, sensitivities),
        table=table,
        lines=lines,
        refused=sorted_rows(reading.rows.refused),
        digest_input=part_digest(file, part),
        format=file.format,
        source=file.name,
        notes=tuple(_notes(known, reading)),
        key=part.key or part.names,
    )


def find_part(known: KnownFormat, name: str) -> Part:
    """The part of this name; raises Invalid where the format has none."""
    part = known.part(name)
    if part is None:
        names = ", ".join(one.name for one in known.parts[:_SHOWN_PARTS])
        more = " and more" if len(known.parts) > _SHOWN_PARTS else ""
        raise Invalid(reason=f"{known.title} has no part {name}, only {names}{more}; see: lockbox formats {known.name}")
    return part


def part_digest(file: File, part: Part) -> bytes:
    """What names this part of this file: another part of it is not the same import."""
    assert file.path is not None  # only known exports are read as streams
    import hashlib

    return hashlib.sha256(digest_of_path(file.path) + part.name.encode()).digest()


def _fields(part: Part, sensitivities: Mapping[str, Sensitivity]) -> tuple[FieldSpec, ...]:
    return tuple(
        FieldSpec(
            name=column.name,
            type=column.type,
            sensitivity=sensitivities.get(column.name, column.sensitivity),
        )
        for column in part.columns
    )


def _notes(known: KnownFormat, reading: Reading) -> list[str]:
    part = reading.part
    said = [f"This is an export of {known.title}; its part {part.name} is read: {part.title}."]
    said += [part.says] if part.says else []
    others = [(name, count) for name, count in reading.seen.most_common() if name != part.name]
    if others:
        named = ", ".join(f"{name} ({count:,})" for name, count in others[:_SHOWN_PARTS])
        more = " and more" if len(others) > _SHOWN_PARTS else ""
        said.append(f"It holds other parts too, taken with --part NAME: {named}{more}.")
    if known.leaves_out:
        said.append(f"Never taken: {known.leaves_out}.")
    return [*said, *reading.notes]
