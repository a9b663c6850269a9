"""What is decided about a whole file: what is said of it, how it is written, and all that stands against it at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import pyarrow as pa

from vault.importers.column_notes import column_word, of_nothing, of_zone
from vault.importers.column_values import ColumnReading
from vault.importers.local_times import clock_notes
from vault.importers.numbered_columns import proposed
from vault.importers.source import File, Source
from vault.importers.values import LISTED, NESTED
from vault.importers.vector_values import size_of
from vault.importers.wishes import CellWishes
from vault.views.field_types import ColumnType, FieldType, VectorType
from vault.views.records import FileForm

_NAMED: Final = 3
_LOOKED_AT: Final = 64


def notes_of(
    names: Sequence[str],
    readings: Sequence[ColumnReading],
    lines: Sequence[int],
    form: CellWishes,
    given: Mapping[str, ColumnType],
    *,
    is_whole: bool,
) -> Iterator[str]:
    """What is said of each column, of its times by line, and of texts that are no column of a given type.

    A file `is_whole` of which no row was refused before its cells were looked at.
    """
    for name, one in zip(names, readings, strict=True):
        yield from (_said_of(name, note, is_all=is_whole and not one.refused) for note in one.notes)
        yield from clock_notes(name, one.clock, lines, form.zone, one.type)
    yield from _notes_of_categories(names, readings, given)


def _said_of(name: str, note: str, *, is_all: bool) -> str:
    return of_nothing(name, is_all=is_all) if note == of_nothing(name) else note


def _notes_of_categories(
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
            " ".join(f"--type {column_word(name, 'text')}" for name in found)
            if len(found) <= _NAMED
            else "--type COLUMN=text"
        )
        yield f"The {column} {', '.join(found)} {hold} few texts, often repeated: {kept}. As text: {ways}"


def has_local_times(names: Sequence[str], readings: Sequence[ColumnReading], zone: str) -> bool:
    """Whether a column holds times that name no zone, which is said of it or of a time that no clock showed."""
    return any(
        one.clock.never or of_zone(name, zone) in one.notes for name, one in zip(names, readings, strict=True)
    )


def maybe_times(readings: Sequence[ColumnReading]) -> Iterator[str]:
    """What is said of each column that would be one of times in a form that has to be said."""
    for one in readings:
        if one.type is not FieldType.TIMESTAMP:
            yield from (note for note in one.notes if "--date-format " in note)


def maybe_vectors(names: Sequence[str], readings: Sequence[ColumnReading]) -> dict[str, VectorType]:
    """The columns of text whose first cells spell lists of as many numbers."""
    found = {
        name: {size_of(text) for text in _first_texts(one.values)}
        for name, one in zip(names, readings, strict=True)
        if one.type in (FieldType.TEXT, FieldType.CATEGORY)
    }
    return {name: VectorType(max(sizes)) for name, sizes in found.items() if len(sizes) == 1 and any(sizes)}


def maybe_joined(
    source: Source, readings: Sequence[ColumnReading], home_columns: Collection[str]
) -> Iterator[str]:
    """What is said of numbered columns of numbers side by side, unless the collection has them as they are."""
    numbers = {
        name
        for name, one in zip(source.names, readings, strict=True)
        if one.type in (FieldType.INT, FieldType.FLOAT) and name not in home_columns
    }
    for word, one in proposed(source.called):
        if numbers.issuperset(one.columns):
            yield (
                f"{len(one.columns):,} columns of numbers stand side by side, {one.span}. "
                f"As one column of vectors: --vector {word}"
            )


def _first_texts(values: pa.ChunkedArray) -> list[str]:
    texts: list[str] = values.slice(0, _LOOKED_AT).drop_null().to_pylist()
    return [text for text in texts if text.strip()]


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


def with_obstacles(
    readings: list[ColumnReading], source: Source, lines: Sequence[int]
) -> list[ColumnReading]:
    """Where more than one thing is nested, each row that is refused for it names them all; else why it is refused."""
    nested = [[row for row, why in one.refused.items() if why.endswith((NESTED, LISTED))] for one in readings]
    columns = {name for name, rows in zip(source.names, nested, strict=True) if rows}
    obstacles = source.obstacles(columns) if columns else []
    if len(obstacles) < 2:
        named = zip(source.names, readings, strict=True)
        return [_with_odd_lists(name, one, lines) for name, one in named]
    why = "; ".join(obstacles)
    return [
        replace(one, refused=one.refused | dict.fromkeys(rows, why))
        for one, rows in zip(readings, nested, strict=True)
    ]


def _with_odd_lists(name: str, one: ColumnReading, lines: Sequence[int]) -> ColumnReading:
    """The column with what stands against its vectors as the reason of each row that is refused for a list."""
    if one.odd_lists is None:
        return one
    why = f"{name}: {one.odd_lists.words(name, lines)}"
    refused = {row: why if reason.endswith(LISTED) else reason for row, reason in one.refused.items()}
    return replace(one, refused=refused)
