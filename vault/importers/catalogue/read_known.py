"""A known export to a typed table, with the schema that its format has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from vault.errors.families import Invalid
from vault.errors.records import Unreadable
from vault.importers.catalogue.address_book import read_vcard
from vault.importers.catalogue.apple_health import read_apple_health
from vault.importers.catalogue.bank import read_bank
from vault.importers.catalogue.calendars import read_icalendar, read_spotify
from vault.importers.catalogue.chats import read_whatsapp
from vault.importers.catalogue.fhir import read_fhir
from vault.importers.catalogue.fit_file import read_fit
from vault.importers.catalogue.formats import FORMATS, SHOWN_PARTS, find_part
from vault.importers.catalogue.ledgers import read_ofx, read_qif
from vault.importers.catalogue.mails import read_mbox
from vault.importers.catalogue.part_rows import PartRows, sorted_rows
from vault.importers.catalogue.reading import Reader, Reading
from vault.importers.catalogue.schema import KnownFormat, Part
from vault.importers.catalogue.timeline import read_timeline
from vault.importers.catalogue.tracks import read_gpx, read_tcx
from vault.importers.catalogue.wrist import read_fitbit, read_garmin
from vault.importers.column_wishes import ColumnWishes, no_column
from vault.importers.source import File
from vault.records.schema import Export, ParsedTable
from vault.views.field_types import ColumnType, FieldSpec, Sensitivity
from vault.views.records import FileForm

READERS: Final[dict[str, Reader]] = {
    "apple-health": read_apple_health,
    "fitbit": read_fitbit,
    "garmin": read_garmin,
    "google-timeline": read_timeline,
    "fhir": read_fhir,
    "bank-csv": read_bank,
    "ofx": read_ofx,
    "qif": read_qif,
    "gpx": read_gpx,
    "tcx": read_tcx,
    "fit": read_fit,
    "icalendar": read_icalendar,
    "spotify": read_spotify,
    "whatsapp": read_whatsapp,
    "mbox": read_mbox,
    "vcard": read_vcard,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person said about columns, by the names that they are to have."""

    types: Mapping[str, ColumnType]
    sensitivities: Mapping[str, Sensitivity]
    wishes: ColumnWishes


def read_known(file: File, wanted: Wanted, progress: Callable[[int, int], None]) -> ParsedTable:
    """Read one part of a known export; raises Unreadable as it comes, Invalid for a column that is not there.

    Where no part was named and the file holds nothing of the first one, it is the next one of which it does.
    """
    known = FORMATS[file.format]
    if file.is_named:
        _kept(find_part(known, file.part), wanted)
    reading = _filled(file, progress)
    part, file = reading.part, reading.file
    names, fields = _kept(part, wanted)
    table, lines = reading.rows.table()
    return ParsedTable(
        fields=fields,
        table=table.select(list(names)).rename_columns(list(names.values())),
        lines=lines,
        refused=sorted_rows(reading.rows.refused),
        digest_input=file.digest,
        format=file.format,
        source=file.name,
        notes=tuple(_notes(known, reading)),
        export=export_of(known),
        known_as=f"{known.name}/{part.name}",
        parts=_parts(known, reading),
        key=tuple(names[name] for name in part.key or part.names if name in names),
        called=tuple(part.names),
        form=FileForm(as_format=file.format, part=part.name),
    )


def _filled(file: File, progress: Callable[[int, int], None]) -> Reading:
    """The reading of the part that is wanted, which has something of it; raises Unreadable where there is nothing."""
    reading = _read(file, progress)
    if _has_rows(reading):
        return reading
    others = (
        [] if file.is_named else [one.name for one in FORMATS[file.format].parts if reading.seen[one.name]]
    )
    for name in others:
        other = _read(file.of_part(name), progress)
        if _has_rows(other):
            other.notes.append(
                f"No part was named, and it holds nothing of the part {file.part}: {name} is the first that it has."
            )
            return other
    raise _nothing(reading)


def _read(file: File, progress: Callable[[int, int], None]) -> Reading:
    part = find_part(FORMATS[file.format], file.part)
    reading = Reading(file=file, part=part, rows=PartRows(file, part), progress=progress)
    READERS[file.format](reading)
    return reading


def _has_rows(reading: Reading) -> bool:
    return bool(reading.rows.count or reading.rows.refused)


def _kept(part: Part, wanted: Wanted) -> tuple[dict[str, str], tuple[FieldSpec, ...]]:
    """The names that its columns get, of those that are kept, and their fields; raises Invalid for another column."""
    names = {old: new for old, new in zip(part.names, wanted.wishes.names_of(part.names), strict=True) if new}
    _check_names(part, names)
    return names, _fields(part, names, wanted)


def _parts(known: KnownFormat, reading: Reading) -> dict[str, int]:
    """The rows of every part of the file, in the order of its format; a part of sums is known once it was read."""
    found = reading.seen | Counter({reading.part.name: reading.rows.count + len(reading.rows.refused)})
    return {part.name: found[part.name] for part in known.parts if found[part.name]}


def export_of(known: KnownFormat) -> Export:
    """The kind of export, by which its other tables are known to be about the same people."""
    return Export(name=known.name, tables=frozenset(frozenset(each.names) for each in known.parts))


def _check_names(part: Part, names: Mapping[str, str]) -> None:
    """Refuse to call a column what another one of this export is called: it would be taken for that one."""
    for old, new in names.items():
        if new != old and new in part.names:
            raise Invalid(reason=f"{new} is another column of every export of this kind")


def _nothing(reading: Reading) -> Unreadable:
    """Why a file is refused that has nothing of the part; what else it holds is the way out."""
    others = _counted(reading)
    there = f"; taken with --part NAME: {others}" if others else ""
    return reading.file.unreadable(f"nothing in it belongs to the part {reading.part.name}{there}")


def _counted(reading: Reading) -> str:
    """The other parts: those of sums first, then with how many rows they have; empty where there is none."""
    sums = [name for name in sorted(reading.summed) if name != reading.part.name]
    rows = [
        (name, count) for name, count in reading.seen.most_common() if count and name != reading.part.name
    ]
    found = [*sums, *(f"{name} ({count:,})" for name, count in rows)]
    return ", ".join(found[:SHOWN_PARTS]) + (" and more" if len(found) > SHOWN_PARTS else "")


def _fields(part: Part, names: Mapping[str, str], wanted: Wanted) -> tuple[FieldSpec, ...]:
    """The columns that are kept; raises Invalid for a column that is not there or for another type than its own."""
    kept = {names[column.name]: column for column in part.columns if column.name in names}
    for name in (*wanted.types, *wanted.sensitivities):
        if name not in kept:
            raise no_column(name, list(kept))
    for name, kind in wanted.types.items():
        if kind is not kept[name].type:
            raise Invalid(reason=f"{name} is {kept[name].type} in every export of this kind")
    return tuple(
        FieldSpec(name=name, type=column.type, sensitivity=wanted.sensitivities.get(name, column.sensitivity))
        for name, column in kept.items()
    )


def _notes(known: KnownFormat, reading: Reading) -> list[str]:
    part = reading.part
    said = [f"This is an export of {known.title}; its part {part.name} is read: {part.title}."]
    said += [part.says] if part.says else []
    if others := _counted(reading):
        said.append(f"It holds other parts too, taken with --part NAME: {others}.")
    if known.leaves_out:
        said.append(f"Never taken: {known.leaves_out}.")
    return [*said, *reading.notes]
