"""What is decided about a whole file: what is said of it, how it is written, and all that stands against it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from vault.importers.column_notes import of_zone
from vault.importers.column_values import ColumnReading
from vault.importers.local_times import clock_notes
from vault.importers.source import File, Source
from vault.importers.values import LISTED, NESTED
from vault.importers.wishes import CellWishes
from vault.views.field_types import ColumnType, FieldType
from vault.views.records import FileForm

_NAMED: Final = 3


def notes_of(
    names: Sequence[str], readings: Sequence[ColumnReading], lines: Sequence[int], form: CellWishes
) -> Iterator[str]:
    """What is said of each column, and of its times by line."""
    for name, one in zip(names, readings, strict=True):
        yield from one.notes
        is_text = one.type is not FieldType.TIMESTAMP
        yield from clock_notes(name, one.clock, lines, form.zone, is_text=is_text)


def notes_of_categories(
    names: Sequence[str], readings: Sequence[ColumnReading], given: Mapping[str, ColumnType]
) -> Iterator[str]:
    """That texts were taken for categories, and how to have them otherwise."""
    found = [
        name
        for name, one in zip(names, readings, strict=True)
        if one.type is FieldType.CATEGORY and name not in given
    ]
    if found:
        column, hold = ("column", "holds") if len(found) == 1 else ("columns", "hold")
        kept = "it is kept as a category" if len(found) == 1 else "they are kept as categories"
        ways = (
            " ".join(f"--type {name}=text" for name in found)
            if len(found) <= _NAMED
            else "--type COLUMN=text"
        )
        yield f"The {column} {', '.join(found)} {hold} few texts, often repeated: {kept}. As text: {ways}"


def has_local_times(names: Sequence[str], readings: Sequence[ColumnReading], zone: str) -> bool:
    """Whether a column holds times that name no zone, which is said of it."""
    return any(of_zone(name, zone) in one.notes for name, one in zip(names, readings, strict=True))


def form_of(file: File, source: Source, readings: Sequence[ColumnReading], form: CellWishes) -> FileForm:
    """How the file is written, as it was found or said."""
    named = dict(zip(source.names, readings, strict=True))
    return FileForm(
        as_format=file.format,
        encoding=source.encoding,
        separator=source.separator,
        skip_lines=source.skipped,
        decimals={name: one.decimal for name, one in named.items() if one.decimal},
        dates={name: one.order for name, one in named.items() if one.order},
        zone=form.zone or "UTC",
    )


def with_obstacles(readings: list[ColumnReading], source: Source) -> list[ColumnReading]:
    """Where more than one thing is nested, each row that is refused for it names them all."""
    nested = [[row for row, why in one.refused.items() if why.endswith((NESTED, LISTED))] for one in readings]
    columns = sum(map(bool, nested))
    obstacles = source.obstacles() if columns else []
    if len(obstacles) < 2:
        return readings
    why = "; ".join(obstacles)
    return [
        replace(one, refused=one.refused | dict.fromkeys(rows, why))
        for one, rows in zip(readings, nested, strict=True)
    ]
