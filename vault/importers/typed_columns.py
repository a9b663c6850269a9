"""What a column is whose format has types: numbers, times and decimals of Parquet, and doubles of JSON."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from vault.importers import cells as spelling
from vault.importers import column_notes
from vault.importers.column_values import AS_SPELLED, ColumnReading, one_by_one, whole
from vault.importers.counted import times
from vault.importers.local_times import clock_changes
from vault.importers.wishes import CellWishes
from vault.records.arrow_types import arrow_type
from vault.views.field_types import FieldType


def of_a_type(name: str, raw: pa.ChunkedArray, form: CellWishes) -> ColumnReading:
    """A column of truth values, times, numbers or nothing."""
    if pa.types.is_timestamp(raw.type) and raw.type.tz is None:
        return _of_local_times(name, raw, form)
    for is_such, wanted in (
        (pa.types.is_boolean, FieldType.BOOL),
        (pa.types.is_timestamp, FieldType.TIMESTAMP),
        (pa.types.is_date, FieldType.TIMESTAMP),
        (pa.types.is_integer, FieldType.INT),
    ):
        if is_such(raw.type) and (values := _cast(raw, arrow_type(wanted))) is not None:
            told = column_notes.of_epochs(name, values) if wanted is FieldType.INT else ()
            return ColumnReading(type=wanted, values=values, notes=told)
    if pa.types.is_floating(raw.type):
        return of_floats(name, raw.cast(pa.float64()))
    if pa.types.is_null(raw.type):
        return ColumnReading(
            type=FieldType.TEXT, values=raw.cast(pa.string()), notes=(column_notes.of_nothing(name),)
        )
    return _of_decimals(name, raw)


def _of_local_times(name: str, raw: pa.ChunkedArray, form: CellWishes) -> ColumnReading:
    told, clock = (column_notes.of_zone(name, form.zone),), clock_changes(raw, form.zone)
    try:
        values = spelling.in_zone(raw, form.zone)
    except pa.ArrowInvalid:
        return replace(one_by_one(name, raw, FieldType.TIMESTAMP, form), notes=told, clock=clock)
    return ColumnReading(type=FieldType.TIMESTAMP, values=values, notes=told, clock=clock)


def of_floats(name: str, numbers: pa.ChunkedArray) -> ColumnReading:
    """Numbers, with NaN as missing; where there are infinities, text."""
    if pc.any(pc.is_inf(numbers)).as_py():
        note = f"The column {name} holds infinities, which no number that is kept can be: it is kept as text."
        return ColumnReading(
            type=FieldType.TEXT,
            values=one_by_one(name, numbers, FieldType.TEXT, AS_SPELLED).values,
            notes=(note,),
        )
    not_numbers = pc.sum(pc.is_nan(numbers)).as_py() or 0
    values = pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)
    notes = (f"In {name}, NaN ({times(not_numbers)}) counts as missing.",) if not_numbers else ()
    return ColumnReading(type=FieldType.FLOAT, values=values, notes=notes)


def _of_decimals(name: str, raw: pa.ChunkedArray) -> ColumnReading:
    """Whole numbers where they are such and fit 64 bits, else doubles where those are exact, else text."""
    integers, texts = _cast(raw, pa.int64()), raw.cast(pa.string())
    if integers is not None:
        return ColumnReading(type=FieldType.INT, values=integers)
    numbers = whole(texts, FieldType.FLOAT, AS_SPELLED)
    if numbers is not None:
        return ColumnReading(type=FieldType.FLOAT, values=numbers)
    note = (
        f"The column {name} holds numbers of more digits than a number has here: it is kept as text, exactly."
    )
    return ColumnReading(type=FieldType.TEXT, values=texts, notes=(note,))


def _cast(raw: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray | None:
    try:
        return raw.cast(wanted)
    except pa.ArrowInvalid:
        return None
