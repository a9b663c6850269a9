"""The cells of columns side by side as one column of vectors: read in one notation, and stacked column by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vault.errors.families import Invalid
from vault.importers import column_notes
from vault.importers.column_numbers import as_plain_numbers, decimal_of, doubtful_points, told_notation
from vault.importers.column_reading import read_column
from vault.importers.column_values import ColumnReading, Raw, one_by_one, whole
from vault.importers.numbered_columns import Joined
from vault.importers.said_of_cells import without_nulls
from vault.importers.source import BATCH_ROWS
from vault.importers.vector_values import EXACT_IN_A_DOUBLE, are_doubles
from vault.importers.wishes import CellWishes
from vault.records.vectors import Matrix, vector_array
from vault.views.field_types import ColumnType, FieldType

Flags = npt.NDArray[np.bool_]
_BEYOND: Final = "holds a whole number beyond 2^53, which a vector does not keep exactly"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """Columns of text with their numbers in the plain form, and what was found out about all of them together."""

    cells: list[pa.ChunkedArray]
    refused: list[dict[int, str]]
    notes: tuple[str, ...] = ()
    decimal: str = ""
    sign: str = ""


def read_joined(
    one: Joined, raws: Sequence[Raw], given: ColumnType | None, form: CellWishes
) -> ColumnReading:
    """The vectors of rows in which every cell is a number; a row without any of them is missing, others are refused.

    Raises Invalid for a column that holds no numbers, and where the column of vectors was given another type.
    """
    if given not in (None, one.type):
        raise Invalid(
            reason=f"{one.name} is given as {given}, and the columns {one.span} make {one.type} of it"
        )
    cells = [_as_doubles(name, raw) for name, raw in zip(one.columns, raws, strict=True)]
    texts = [raw for raw in cells if isinstance(raw, pa.ChunkedArray) and pa.types.is_string(raw.type)]
    if len(texts) < len(cells):
        typed = (
            read_column(name, raw, FieldType.FLOAT, is_spelled=False, form=form)
            for name, raw in zip(one.columns, cells, strict=True)
        )
        return _stacked(one, typed, len(cells[0]), _Written(cells=[], refused=[]))
    written = _written(one, texts, form)
    spelled = zip(one.columns, written.cells, written.refused, strict=True)
    return _stacked(one, (_numbers(*column, form) for column in spelled), len(texts[0]), written)


def places_of(names: Sequence[str], joined: Sequence[Joined]) -> dict[str, tuple[int, ...]]:
    """Each column as it will be with the places of those it is made of; a vector stands where the first of them did."""
    place_of = {name: place for place, name in enumerate(names)}
    parts = {column: one for one in joined for column in one.columns}
    found: dict[str, tuple[int, ...]] = {}
    for name in names:
        one = parts.get(name)
        columns = (name,) if one is None else one.columns
        found.setdefault(name if one is None else one.name, tuple(place_of[each] for each in columns))
    return found


def _as_doubles(name: str, raw: Raw) -> Raw:
    """Numbers as doubles, other cells as they are; raises Invalid for a whole number that no double holds exactly."""
    if isinstance(raw, list):
        if any(type(value) is int and abs(value) > EXACT_IN_A_DOUBLE for value in raw):
            raise Invalid(reason=f"{name} {_BEYOND}")
        return pa.chunked_array([pa.array(raw, type=pa.float64())]) if are_doubles(raw) else raw
    if not (pa.types.is_integer(raw.type) or pa.types.is_null(raw.type)):
        return raw
    try:
        return raw.cast(pa.float64())
    except pa.ArrowInvalid:
        raise Invalid(reason=f"{name} {_BEYOND}") from None


def _written(one: Joined, texts: list[pa.ChunkedArray], form: CellWishes) -> _Written:
    """All cells in the plain form: their notation is decided by all of them, as they are one kind of number."""
    rows = len(texts[0])
    every = pa.chunked_array([column.combine_chunks() for column in texts], type=pa.string())
    every, said = without_nulls(one.name, every, form.nulls)
    refused = [dict[int, str]() for _ in texts]
    doubtful = doubtful_points(every, form)
    if doubtful is not None:
        for place in np.flatnonzero(doubtful.to_numpy()).tolist():
            column = one.columns[place // rows]
            refused[place // rows][place % rows] = f"{column}: {column_notes.OF_A_POINT}"
        every = pc.if_else(doubtful, pa.scalar(None, pa.string()), every)
        form = replace(form, doubts_points=False)
    plain, notation = as_plain_numbers(every, form, is_given=True)
    told = (
        *said,
        *told_notation(one.name, notation),
        *column_notes.of_missing(one.name, plain, FieldType.FLOAT),
    )
    return _Written(
        cells=[plain.slice(place * rows, rows) for place in range(len(texts))],
        refused=refused,
        notes=told,
        decimal=decimal_of(plain, FieldType.FLOAT, notation),
        sign=notation.sign if notation else "",
    )


def _numbers(name: str, cells: pa.ChunkedArray, refused: dict[int, str], form: CellWishes) -> ColumnReading:
    values = whole(cells, FieldType.FLOAT, form)
    if values is None:
        found = one_by_one(name, cells, FieldType.FLOAT, form)
        return replace(found, refused=found.refused | refused)
    return ColumnReading(type=FieldType.FLOAT, values=values, refused=refused)


def _stacked(one: Joined, readings: Iterator[ColumnReading], rows: int, written: _Written) -> ColumnReading:
    matrix: Matrix = np.empty((rows, len(one.columns)))
    refused: dict[int, str] = {}
    for place, (column, found) in enumerate(zip(one.columns, readings, strict=True)):
        if found.values.null_count == rows and _has_no_number(found):
            raise Invalid(reason=f"{column} holds no numbers, so the columns {one.span} are no vector")
        matrix[:, place] = found.values.to_numpy()
        for row, why in found.refused.items():
            refused.setdefault(row, why)
    is_missing: Flags = np.isnan(matrix)
    missing = np.count_nonzero(is_missing, axis=1)
    is_whole = missing == 0
    for row in np.flatnonzero((missing > 0) & (missing < len(one.columns))).tolist():
        refused.setdefault(row, _incomplete(one, is_missing[row]))
    return ColumnReading(
        type=one.type,
        values=_vectors(matrix, is_whole),
        refused=refused,
        notes=(one.note, *written.notes),
        decimal=written.decimal,
        sign=written.sign,
    )


def _has_no_number(found: ColumnReading) -> bool:
    """Whether cells are refused, and none for a point that may mean two numbers."""
    reasons = found.refused.values()
    return bool(reasons) and not any(why.endswith(column_notes.OF_A_POINT) for why in reasons)


def _incomplete(one: Joined, is_missing: Flags) -> str:
    first = one.columns[int(np.argmax(is_missing))]
    return f"{first}: missing, and {one.name} is a vector of {len(one.columns):,} numbers"


def _vectors(matrix: Matrix, is_whole: Flags) -> pa.ChunkedArray:
    matrix[~is_whole] = 0
    parts = [
        vector_array(matrix[first : first + BATCH_ROWS], is_whole[first : first + BATCH_ROWS])
        for first in range(0, len(matrix), BATCH_ROWS)
    ]
    return pa.chunked_array(parts, type=pa.binary(8 * matrix.shape[1]))
