"""What stands in a collection, column by column, in plain Python values for the owner's eyes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import isfinite

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vault.records.cells import shown
from vault.records.collections import CollectionFacts
from vault.records.reading import ColumnReader
from vault.records.vectors import matrix_of
from vault.views.field_types import TIME_FIELD, ColumnType, FieldSpec, FieldType, VectorType
from vault.views.records import ColumnSummary, Histogram, Point

__all__ = ["ColumnSummary", "Histogram", "Point", "summarise"]

BINS = 12
TOP_LABELS = 8
_NUMBERS = (FieldType.FLOAT, FieldType.INT)
_LONGEST_BY_DAY = 62
_LONGEST_BY_MONTH = 5 * 366


def summarise(reader: ColumnReader, facts: CollectionFacts) -> list[ColumnSummary]:
    """A summary of every column the reader may open, in the collection's order; raises Damaged."""
    buckets = _time_buckets(reader)
    return [
        _summary(field, reader.column(field.name), buckets)
        for field in facts.fields
        if field.name in reader.allowed
    ]


def _summary(field: FieldSpec, column: pa.ChunkedArray, buckets: pa.ChunkedArray | None) -> ColumnSummary:
    if isinstance(field.type, VectorType):
        return _of_vectors(field, column, buckets)
    is_mean = field.type in (*_NUMBERS, FieldType.BOOL)
    low, high = _ends(field.type, column)
    distinct: int = pc.count_distinct(column, mode="only_valid").as_py()
    is_labels = field.type not in (*_NUMBERS, FieldType.TIMESTAMP)
    has_repeats = distinct < len(column) - column.null_count
    return ColumnSummary(
        name=field.name,
        type=field.type.value,
        rows=len(column),
        nulls=column.null_count,
        distinct=distinct,
        minimum=low,
        maximum=high,
        mean=_finite(pc.mean(column.cast(pa.float64(), safe=False)).as_py()) if is_mean else None,
        median=_finite(pc.quantile(column, 0.5)[0].as_py()) if field.type in _NUMBERS else None,
        histogram=_histogram(column) if field.type in _NUMBERS else None,
        top=_top(column) if is_labels and has_repeats else (),
        is_mean=is_mean,
        over_time=() if buckets is None else _over_time(column, buckets, is_mean=is_mean),
    )


def _of_vectors(field: FieldSpec, column: pa.ChunkedArray, buckets: pa.ChunkedArray | None) -> ColumnSummary:
    """All numbers of all vectors, and over time the mean of each."""
    vectors = matrix_of(column)
    known = ~np.isnan(vectors[:, 0])
    numbers = pa.chunked_array([vectors[known].ravel()])
    means = pa.chunked_array([pa.array(vectors.mean(axis=1), mask=~known)])
    one = FieldSpec(name=field.name, type=FieldType.FLOAT, sensitivity=field.sensitivity)
    return replace(
        _summary(one, numbers, None),
        type=field.type.value,
        rows=len(column),
        nulls=column.null_count,
        distinct=pc.count_distinct(column, mode="only_valid").as_py(),
        over_time=() if buckets is None else _over_time(means, buckets, is_mean=True),
    )


def _ends(
    known: ColumnType, column: pa.ChunkedArray
) -> tuple[float | int | str | None, float | int | str | None]:
    if known not in (*_NUMBERS, FieldType.TIMESTAMP):
        return None, None
    ends = pc.min_max(column).as_py()
    low, high = (shown(end) if isinstance(end, datetime) else end for end in (ends["min"], ends["max"]))
    return low, high


def _finite(value: float | None) -> float | None:
    """None too where the sum of very large numbers left the range of a float."""
    return value if value is not None and isfinite(value) else None


def _histogram(column: pa.ChunkedArray) -> Histogram | None:
    values = column.drop_null().cast(pa.float64(), safe=False).to_numpy()
    if len(values) == 0 or not isfinite(float(values.max()) - float(values.min())):
        return None
    counts, edges = np.histogram(values, bins=BINS)
    return Histogram(edges=tuple(map(float, edges)), counts=tuple(map(int, counts)))


def _top(column: pa.ChunkedArray) -> tuple[tuple[str, int], ...]:
    """The commonest values of a column in which one occurs twice: a list of single texts tells nothing."""
    counts = column.drop_null().value_counts()
    order = pc.sort_indices(counts.field("counts"), sort_keys=[("", "descending")])
    pairs = [(pair["values"], int(pair["counts"])) for pair in counts.take(order[:TOP_LABELS]).to_pylist()]
    return tuple((shown(label), count) for label, count in pairs)


def _time_buckets(reader: ColumnReader) -> pa.ChunkedArray | None:
    """The label of every row's day, month or year, whichever makes a readable line; None without times."""
    if TIME_FIELD not in reader.allowed:
        return None
    times = reader.column(TIME_FIELD)
    ends = pc.min_max(times).as_py()
    days = (ends["max"] - ends["min"]).days if ends["max"] is not None else 0
    length = 10 if days <= _LONGEST_BY_DAY else 7 if days <= _LONGEST_BY_MONTH else 4
    return pc.utf8_slice_codeunits(times.cast(pa.date32()).cast(pa.string()), 0, length)


def _over_time(column: pa.ChunkedArray, buckets: pa.ChunkedArray, *, is_mean: bool) -> tuple[Point, ...]:
    values = column.cast(pa.float64(), safe=False) if is_mean else column
    rows = pa.table({"label": buckets, "value": values}).drop_null()
    grouped = rows.group_by("label").aggregate([("value", "mean" if is_mean else "count")]).sort_by("label")
    pairs = zip(grouped["label"].to_pylist(), grouped.column(1).to_pylist(), strict=True)
    return tuple(Point(label=label, value=float(value)) for label, value in pairs if isfinite(value))
