"""The two columns the vault adds to every import: whose unit a row belongs to, and when it happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, assert_never

import pyarrow as pa
import pyarrow.compute as pc

from vault.errors.families import Invalid
from vault.records.schema import ParsedTable
from vault.views.field_types import (
    TIME_FIELD,
    UNIT_FIELD,
    FieldSpec,
    FieldType,
    RefusedRow,
    Sensitivity,
    UnitKind,
    UnitSpec,
)

_OWN_FORM: Final = (
    "dates in a form of their own are said so: --date-format COLUMN=dmy, and mdy, ymd and others"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRows:
    """The rows that have a unit: ``table`` ends with ``_unit`` (text) and, where there are times, ``_time``."""

    table: pa.Table
    refused: tuple[RefusedRow, ...]


def system_fields(
    fields: Sequence[FieldSpec], unit: UnitSpec, time_field: str | None
) -> tuple[FieldSpec, ...]:
    """The fields the vault adds, as sensitive as the columns they come from."""
    labels = {field.name: field.sensitivity for field in fields}
    times = labels.get(time_field or "", Sensitivity.ORDINARY)
    units = labels[unit.field] if unit.field else times if unit.kind is UnitKind.DAY else Sensitivity.ORDINARY
    added = [FieldSpec(name=UNIT_FIELD, type=FieldType.TEXT, sensitivity=units)]
    if time_field is not None:
        added.append(FieldSpec(name=TIME_FIELD, type=FieldType.TIMESTAMP, sensitivity=times))
    return tuple(added)


def check_unit(
    fields: Sequence[FieldSpec], unit: UnitSpec, time_field: str | None, maybe_times: Sequence[str] = ()
) -> None:
    """Raise Invalid when the columns cannot give this unit or these times; `maybe_times` says which could."""
    types = {field.name: field.type for field in fields}
    way_out = "".join(f"; {said[:1].lower()}{said[1:]}" for said in maybe_times) or f"; {_OWN_FORM}"
    if time_field is not None and types.get(time_field) is not FieldType.TIMESTAMP:
        raise Invalid(reason=f"{time_field} is not a column of dates or times{way_out}")
    if unit.kind is UnitKind.DAY and time_field is None:
        raise Invalid(reason=f"the unit day needs a column of dates or times{way_out}")
    if unit.kind is UnitKind.COLUMN and unit.field not in types:
        near = get_close_matches(unit.field or "", types, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise Invalid(reason=f"there is no column {unit.field} to take the unit from{meant}")


def with_units(parsed: ParsedTable, unit: UnitSpec, time_field: str | None, *, first_row: int) -> UnitRows:
    """Add ``_unit`` and ``_time``; rows without a unit are refused.

    A record's unit is the number of its row, counted over the whole life of the collection from ``first_row``;
    a day's is its date in its zone; a column's is the text of its value. Raises Invalid as ``check_unit`` does.
    """
    check_unit(parsed.fields, unit, time_field, parsed.maybe_times)
    table = parsed.table
    units = _units(table, unit, time_field, first_row)
    table = table.append_column(UNIT_FIELD, units)
    if time_field is not None:
        table = table.append_column(TIME_FIELD, table[time_field])
    return _without_strays(table, parsed, unit.field or time_field)


def _units(table: pa.Table, unit: UnitSpec, time_field: str | None, first_row: int) -> pa.ChunkedArray:
    match unit.kind:
        case UnitKind.RECORD:
            rows = range(first_row, first_row + table.num_rows)
            return pa.chunked_array([rows], type=pa.int64()).cast(pa.string())
        case UnitKind.DAY:
            return local_days(table[time_field], unit.zone).cast(pa.string())
        case UnitKind.COLUMN:
            return table[unit.field].cast(pa.string())
        case _:
            assert_never(unit.kind)


def local_days(times: pa.ChunkedArray, zone: str | None) -> pa.ChunkedArray:
    """The day of each time in a zone; times that are all midnight in UTC are days already."""
    if zone and not are_whole_days(times):
        times = pc.local_timestamp(times.cast(pa.timestamp("us", zone)))
    return times.cast(pa.date32())


def are_whole_days(times: pa.ChunkedArray) -> bool:
    """Whether they are all midnights in UTC, as days without a time are kept."""
    return bool(pc.all(pc.equal(pc.floor_temporal(times, unit="day"), times), min_count=0).as_py())


def _without_strays(table: pa.Table, parsed: ParsedTable, source: str | None) -> UnitRows:
    """Refuse rows that name no unit: nothing would say which of them belong together."""
    units = table[UNIT_FIELD]
    has_unit = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(units), ""), False)
    if pc.all(has_unit, min_count=0).as_py():
        return UnitRows(table=table, refused=parsed.refused)  # nothing is copied
    strays = pc.filter(parsed.lines, pc.invert(has_unit)).to_pylist()
    refused = [RefusedRow(line=line, reason=f"{source}: empty, so the row has no unit") for line in strays]
    every = sorted((*parsed.refused, *refused), key=lambda row: row.line)
    return UnitRows(table=table.filter(has_unit), refused=tuple(every))
