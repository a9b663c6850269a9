"""What stands in a collection, column by column, in plain Python values for the owner's eyes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from math import isfinite

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vault.records.cells import shown
from vault.records.collections import CollectionFacts
from vault.records.distinct import count_distinct
from vault.records.distribution import histogram, median, spread
from vault.records.over_time import Course, calendar, counts, course, days_of, is_number, means, shares
from vault.records.places import place_columns, places
from vault.records.reading import ColumnReader
from vault.records.vectors import matrix_of
from vault.views.field_types import UNIT_FIELD, ColumnType, FieldSpec, FieldType, VectorType
from vault.views.over_time import Calendar, Places, Point
from vault.views.records import ColumnSummary, Histogram

__all__ = ["ColumnSummary", "Histogram", "Point", "summarise"]

TOP_LABELS = 8
AT_ONCE = 2  # columns that are counted while the next one is read


def summarise(
    reader: ColumnReader,
    facts: CollectionFacts,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> list[ColumnSummary]:
    """A summary of every column the reader may open, in the collection's order; raises Damaged.

    ``progress`` is told how many columns are done.
    """
    fields = [field for field in facts.fields if field.name in reader.allowed]
    pairs = place_columns(fields)
    where = _places(reader, facts, pairs)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as beside:
        found = list(_beside_reading(beside, reader, facts, fields, where, progress))
    progress(len(fields), len(fields))
    return [replace(one, is_place=one.name in pairs) for one in found]


def _beside_reading(
    beside: ThreadPoolExecutor,
    reader: ColumnReader,
    facts: CollectionFacts,
    fields: Sequence[FieldSpec],
    where: Mapping[str, Places],
    progress: Callable[[int, int], None],
) -> Iterator[ColumnSummary]:
    """Summarise columns while the next one is read: both are done outside of Python, and few are in memory at once.

    But for the times of the rows: they are read first, and are a column that is shown.
    """
    name = days_of(reader, facts)
    times = {name: reader.column(name)} if name else {}
    when = beside.submit(course, times[name]) if name else None
    times.pop(UNIT_FIELD, None)
    begun: deque[Future[ColumnSummary]] = deque()
    for done, field in enumerate(fields):
        progress(done, len(fields))
        column = times.pop(field.name) if field.name in times else reader.column(field.name)
        if len(begun) == AT_ONCE:
            yield begun.popleft().result()
        begun.append(beside.submit(_summary_of, field, column, facts, when, where.get(field.name)))
    for one in begun:
        yield one.result()


def _summary_of(
    field: FieldSpec,
    column: pa.ChunkedArray,
    facts: CollectionFacts,
    when: Future[Course] | None,
    where: Places | None,
) -> ColumnSummary:
    return _summary(field, column, facts, when.result() if when else None, where)


def _summary(
    field: FieldSpec,
    column: pa.ChunkedArray,
    facts: CollectionFacts,
    when: Course | None,
    where: Places | None,
) -> ColumnSummary:
    if isinstance(field.type, VectorType):
        return _of_vectors(field, column, facts, when)
    is_mean = is_number(field.type) or field.type is FieldType.BOOL
    low, high = _ends(field.type, column)
    numbers = spread(column) if is_number(field.type) else None
    distinct = numbers.distinct if numbers else count_distinct(column)
    is_labels = not is_number(field.type) and field.type is not FieldType.TIMESTAMP
    has_repeats = distinct < len(column) - column.null_count
    has_shares = when is not None and field.type is FieldType.CATEGORY and has_repeats
    return ColumnSummary(
        name=field.name,
        type=field.type.value,
        rows=len(column),
        nulls=column.null_count,
        distinct=distinct,
        minimum=low,
        maximum=high,
        mean=_finite(pc.mean(column.cast(pa.float64(), safe=False)).as_py()) if is_mean else None,
        median=_finite(median(numbers.ordered)) if numbers else None,
        histogram=histogram(numbers.ordered) if numbers else None,
        top=_top(column) if is_labels and has_repeats else (),
        is_mean=is_mean,
        every=when.every if when else None,
        over_time=_over_time(field.type, column, when) if when else (),
        shares=shares(column, when) if when and has_shares else (),
        calendar=_calendar(field, column, facts, when) if field.type is FieldType.TIMESTAMP else None,
        places=where,
    )


def _of_vectors(
    field: FieldSpec, column: pa.ChunkedArray, facts: CollectionFacts, when: Course | None
) -> ColumnSummary:
    """All numbers of all vectors, and over time the mean of each."""
    vectors = matrix_of(column)
    known = ~np.isnan(vectors[:, 0])
    numbers = pa.chunked_array([vectors[known].ravel()])
    middle = pa.chunked_array([pa.array(vectors.mean(axis=1), mask=~known)])
    one = FieldSpec(name=field.name, type=FieldType.FLOAT, sensitivity=field.sensitivity)
    return replace(
        _summary(one, numbers, facts, None, None),
        type=field.type.value,
        rows=len(column),
        nulls=column.null_count,
        distinct=count_distinct(column),
        every=when.every if when else None,
        over_time=means(middle, when, has_range=True) if when else (),
    )


def _over_time(known: ColumnType, column: pa.ChunkedArray, when: Course) -> tuple[Point, ...]:
    if is_number(known) or known is FieldType.BOOL:
        return means(column, when, has_range=is_number(known))
    return counts(column, when)


def _calendar(
    field: FieldSpec, column: pa.ChunkedArray, facts: CollectionFacts, when: Course | None
) -> Calendar | None:
    known = when.days if when and field.name == facts.time_field else None
    found = calendar(column, facts, known=known)
    return found if found.days else None


def _places(
    reader: ColumnReader, facts: CollectionFacts, pairs: Mapping[str, tuple[str, str]]
) -> dict[str, Places]:
    """The places of each column of numbers that names one together with another column of numbers."""
    numbers = {field.name for field in facts.fields if is_number(field.type)}
    made = {
        names: places(names, *map(reader.column, names))
        for names in set(pairs.values())
        if numbers.issuperset(names)
    }
    return {name: found for name, names in pairs.items() if (found := made.get(names))}


def _ends(
    known: ColumnType, column: pa.ChunkedArray
) -> tuple[float | int | str | None, float | int | str | None]:
    if not is_number(known) and known is not FieldType.TIMESTAMP:
        return None, None
    ends = pc.min_max(column).as_py()
    low, high = (shown(end) if isinstance(end, datetime) else end for end in (ends["min"], ends["max"]))
    return low, high


def _finite(value: float | None) -> float | None:
    """None too where the sum of very large numbers left the range of a float."""
    return value if value is not None and isfinite(value) else None


def _top(column: pa.ChunkedArray) -> tuple[tuple[str, int], ...]:
    """The commonest values of a column in which one occurs twice: a list of single texts tells nothing."""
    counts = column.drop_null().value_counts()
    order = pc.sort_indices(counts.field("counts"), sort_keys=[("", "descending")])
    pairs = [(pair["values"], int(pair["counts"])) for pair in counts.take(order[:TOP_LABELS]).to_pylist()]
    return tuple((shown(label), count) for label, count in pairs)
