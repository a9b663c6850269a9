"""What an import would do, for the owner to look at before anything is sealed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from vault.records.arrow_types import by_number
from vault.records.cells import shown
from vault.records.schema import ParsedTable
from vault.records.units import UnitRows, are_whole_days, with_units
from vault.views.counting import counted
from vault.views.field_types import (
    SYSTEM_FIELDS,
    UNIT_FIELD,
    FieldSpec,
    FieldType,
    Sensitivity,
    UnitKind,
    UnitSpec,
)
from vault.views.records import ColumnPreview, ImportPlan

__all__ = ["ColumnPreview", "ImportPlan", "preview"]

SAMPLES = 3
FIRST_REFUSED = 10
_LOOK_ROWS = 1000
# Below these numbers of units a useful update needs more noise than it can bear.
_FEW_UNITS = 300
_FEW_RECORDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A collection that rows go to, and how many units it has with theirs: at least so many, or how many."""

    name: str
    count: Callable[[pa.ChunkedArray, int], int]


def preview(
    parsed: ParsedTable,
    unit: UnitSpec,
    time_field: str | None,
    *,
    repeats: tuple[str, ...] = (),
    home: Home | None = None,
) -> ImportPlan:
    """Say what importing the file with this unit would do; raises Invalid for a unit that cannot be.

    ``repeats`` are the warnings about rows that are sealed already, ``home`` is the collection that they are in.
    """
    rows = with_units(parsed, unit, time_field, first_row=0)
    units: int = pc.count_distinct(rows.table[UNIT_FIELD]).as_py()
    return ImportPlan(
        source=parsed.source,
        format=parsed.format,
        columns=tuple(_column(parsed, field, rows.table[field.name]) for field in parsed.fields),
        rows=rows.table.num_rows,
        refused_rows=len(rows.refused),
        first_refused=rows.refused[:FIRST_REFUSED],
        unit=unit,
        units=units,
        time_field=time_field,
        known_rows=parsed.known_rows,
        parts=parsed.parts,
        form=parsed.form,
        digest=parsed.digest_input.hex(),
        warnings=(*parsed.notes, *repeats, *_warnings(parsed, rows, unit, time_field, home)),
    )


def _column(parsed: ParsedTable, field: FieldSpec, column: pa.ChunkedArray) -> ColumnPreview:
    vector = parsed.maybe_vectors.get(field.name)
    first = column.drop_null().slice(0, _LOOK_ROWS).unique().slice(0, SAMPLES)
    return ColumnPreview(
        name=field.name,
        type=field.type.value,
        sensitivity=field.sensitivity,
        samples=tuple(shown(value) for value in first.to_pylist()),
        nulls=column.null_count,
        vector="" if vector is None else vector.value,
    )


def _warnings(
    parsed: ParsedTable, rows: UnitRows, unit: UnitSpec, time_field: str | None, home: Home | None
) -> Iterator[str]:
    if rows.refused:
        every = rows.table.num_rows + len(rows.refused)
        yield f"{len(rows.refused):,} of {counted(every, 'row')} would be refused."
    yield from _about_units(rows, unit)
    yield from _about_few(rows.table[UNIT_FIELD], unit, home)
    if unit.kind is UnitKind.DAY:
        yield _about_days(rows, unit, time_field, parsed.fields)
    naming = [field.name for field in parsed.fields if field.sensitivity is Sensitivity.IDENTIFYING]
    if unit.kind is not UnitKind.COLUMN:
        yield from _about_people(rows, naming)
    if naming:
        yield f"These columns may name somebody: {', '.join(naming)}."


def _about_units(rows: UnitRows, unit: UnitSpec) -> Iterator[str]:
    match unit.kind:
        case UnitKind.RECORD:
            yield "Each row counts as its own unit; a habit shown by many rows is not hidden."
            copies = _copies(rows.table)
            if copies:
                rows_repeat = "1 row repeats" if copies == 1 else f"{copies} rows repeat"
                yield f"{rows_repeat} another row; what is told twice is hidden less well."
        case UnitKind.DAY:
            yield "All rows of one day count as one unit; a habit shown on many days is not hidden."
        case UnitKind.COLUMN:
            yield f"All rows with the same {unit.field} count as one unit, as it is spelled in the file."


def _about_few(units: pa.ChunkedArray, unit: UnitSpec, home: Home | None) -> Iterator[str]:
    """That a new collection, or the one that is there together with these rows, has too few units to say much."""
    enough = _FEW_RECORDS if unit.kind is UnitKind.RECORD else _FEW_UNITS
    there: int = pc.count_distinct(units).as_py()
    if there and home is not None:
        there = home.count(units, enough)
    if 0 < there < enough:
        say = f"an update that hides {'it' if there == 1 else 'each of them'} will say little."
        count = f"only {counted(there, 'unit')}"
        if home is None:
            yield f"There {'is' if there == 1 else 'are'} {count}: {say}"
        else:
            yield f"With these rows {home.name} has {count}: {say}"


def _about_days(rows: UnitRows, unit: UnitSpec, time_field: str | None, fields: Sequence[FieldSpec]) -> str:
    """Which column decides the day of a row, in which zone, and what other times there are."""
    name = time_field or ""
    are_days = are_whole_days(rows.table[name])
    where = "as it is written there" if are_days else f"in {unit.zone or 'UTC'}"
    others = [one.name for one in fields if one.type is FieldType.TIMESTAMP and one.name != name]
    besides = f"; other times are in {', '.join(others)}, see --time" if others else ""
    return f"The column {name} decides the day of a row, {where}{besides}."


def _about_people(rows: UnitRows, naming: list[str]) -> Iterator[str]:
    """That several rows are of one who is named in them, whom another unit than theirs does not hide."""
    for name in naming:
        people: int = pc.count_distinct(rows.table[name], mode="only_valid").as_py()
        if 1 < people < rows.table.num_rows - rows.table[name].null_count:
            yield (
                f"{name} has {people:,} values in {rows.table.num_rows:,} rows: if they are people, nothing hides one "
                f"of them whole unless they are the unit: --unit {shlex.quote(name)}"
            )


def _copies(table: pa.Table) -> int:
    """How many rows are the same as an earlier one in every column of the file."""
    own = by_number(table.select([name for name in table.column_names if name not in SYSTEM_FIELDS]))
    repeated: int = table.num_rows - own.group_by(own.column_names).aggregate([]).num_rows
    return repeated
