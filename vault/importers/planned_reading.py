"""Which bytes are read, and as what: what was said of a file, and what the collection that it goes to has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vault.errors.families import Invalid
from vault.importers.column_wishes import ColumnWishes
from vault.importers.read import parse
from vault.importers.source import File
from vault.importers.wishes import CellWishes, FileWishes, cell_wishes, file_wishes
from vault.records.collections import CollectionFacts
from vault.records.schema import ParsedTable, named, named_types
from vault.views.field_types import ColumnType, Sensitivity, UnitKind
from vault.views.records import FileChoice

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Which bytes were read, and as what: two equal readings give the same rows."""

    digest: bytes
    name: str
    format: str
    types: Mapping[str, ColumnType]
    sensitivities: Mapping[str, Sensitivity]
    home_columns: frozenset[str]
    unit_column: str
    wishes: ColumnWishes
    said: FileWishes
    form: CellWishes


def reading_of(file: File, digest: bytes, choice: FileChoice, home: CollectionFacts | None) -> Reading:
    """Columns that the collection has already are read in its types."""
    known = {field.name: field.type for field in home.fields} if home else {}
    return Reading(
        digest=digest,
        name=file.name,
        format=file.format,
        types=known | named_types(choice.types),
        sensitivities=_classes(choice, home),
        home_columns=frozenset(known),
        unit_column=_unit_column(choice),
        wishes=ColumnWishes(drop=choice.drop, rename=choice.rename, vectors=choice.vectors),
        said=file_wishes(choice),
        form=cell_wishes(choice, zone=(home and home.unit.zone) or ""),
    )


def _classes(choice: FileChoice, home: CollectionFacts | None) -> dict[str, Sensitivity]:
    """The classes that were said; those of a collection that is there stay as they are."""
    said = named(choice.sensitivities, Sensitivity)
    known = {field.name: field.sensitivity for field in home.fields} if home else {}
    for name in (name for name, one in said.items() if known.get(name, one) is not one):
        raise Invalid(
            reason=f"{name} is {known[name]} in {choice.name}, and another file does not change that"
        )
    return known | said


def _unit_column(choice: FileChoice) -> str:
    """The column that names the units, if one does; a time field has its own type."""
    name = (choice.unit or "").removeprefix(f"{UnitKind.COLUMN}:")
    return "" if name in (UnitKind.RECORD, UnitKind.DAY, choice.time_field) else name


def parsed_as(file: File, reading: Reading, progress: Progress) -> ParsedTable:
    """The rows of a file, read so."""
    return parse(
        file,
        types=reading.types,
        sensitivities=reading.sensitivities,
        home_columns=reading.home_columns,
        unit_column=reading.unit_column,
        wishes=reading.wishes,
        said=reading.said,
        form=reading.form,
        progress=progress,
    )
