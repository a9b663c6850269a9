"""How columns run over time: the steps that make a readable picture, means and ranges, shares, days with rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vault.records.cells import shown
from vault.records.collections import CollectionFacts
from vault.records.reading import ColumnReader
from vault.records.units import local_days
from vault.views.field_types import TIME_FIELD, UNIT_FIELD, ColumnType, FieldType, UnitKind
from vault.views.over_time import Calendar, DayRows, Every, Point, Share

_LONGEST: Final = ((Every.DAY, 62), (Every.WEEK, 62 * 7), (Every.MONTH, 20 * 366))
_LABEL_SIGNS: Final = {Every.MONTH: 7, Every.YEAR: 4}
_MOST_SHARES: Final = 4
_MOST_DAYS: Final = 3660
_DATES: Final = pa.date32()
_FIRST_DAY: Final = date(1970, 1, 1)

Steps = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The day of every row, the step of time it falls into, and how long a step is.

    ``first_days`` are the first days of the steps as days since 1970, and anything where there is no time.
    """

    days: pa.ChunkedArray
    steps: pa.ChunkedArray
    every: Every
    first_days: Steps


def course(reader: ColumnReader, facts: CollectionFacts) -> Course | None:
    """When the rows happened; None without times. Where the unit is a day, a row's day is its unit."""
    if TIME_FIELD not in reader.allowed:
        return None
    is_day = facts.unit.kind is UnitKind.DAY and UNIT_FIELD in reader.allowed
    days = reader.column(UNIT_FIELD if is_day else TIME_FIELD).cast(_DATES)
    ends = pc.min_max(days).as_py()
    length = (ends["max"] - ends["min"]).days if ends["max"] is not None else 0
    every = next((one for one, longest in _LONGEST if length <= longest), Every.YEAR)
    return course_of(days, every)


def course_of(days: pa.ChunkedArray, every: Every) -> Course:
    """Days in steps of this length."""
    steps = pc.floor_temporal(days, unit=every.value, week_starts_monday=True).cast(_DATES)
    numbers = pc.fill_null(steps.cast(pa.int32()), 0).to_numpy().astype(np.int64)
    return Course(days=days, steps=steps, every=every, first_days=numbers)


def means(column: pa.ChunkedArray, course: Course, *, has_range: bool) -> tuple[Point, ...]:
    """The mean of numbers or truth values in each step of time, and between which ends they lie."""
    steps, known = _known(column, course)
    values = pc.fill_null(column.cast(pa.float64(), safe=False), 0.0).to_numpy()
    values = values if known is None else values[known]
    first, rows = _counted(steps)
    sums = np.bincount(steps - first, weights=values)
    lows = _ends(np.fmin, values, steps - first, rows) if has_range else rows
    highs = _ends(np.fmax, values, steps - first, rows) if has_range else rows
    return tuple(
        Point(
            label=_label_of(first + int(step), course.every),
            value=mean,
            low=float(lows[step]) if has_range else None,
            high=float(highs[step]) if has_range else None,
            rows=int(rows[step]),
        )
        for step in np.flatnonzero(rows)
        if isfinite(mean := float(sums[step]) / int(rows[step]))
    )


def counts(column: pa.ChunkedArray, course: Course) -> tuple[Point, ...]:
    """How many values there are in each step of time."""
    first, rows = _counted(_known(column, course)[0])
    return tuple(
        Point(label=_label_of(first + int(step), course.every), value=float(rows[step]), rows=int(rows[step]))
        for step in np.flatnonzero(rows)
    )


def _known(column: pa.ChunkedArray, course: Course) -> tuple[Steps, npt.NDArray[np.bool_] | None]:
    """The steps of the rows that have a time and a value, and which rows those are, or None for all of them."""
    if not (column.null_count or course.steps.null_count):
        return course.first_days, None
    known = pc.and_(course.steps.is_valid(), column.is_valid()).to_numpy()
    return course.first_days[known], known


def _ends(
    end: np.ufunc, values: npt.NDArray[np.float64], steps: Steps, rows: Counts
) -> npt.NDArray[np.float64]:
    """The least or the greatest value of each step; rows in the order of time, as most are, are cut and not sorted."""
    if (steps[1:] < steps[:-1]).any():
        values = values[np.argsort(steps, kind="stable")]
    found = np.zeros(len(rows))
    has_rows = rows > 0
    if len(values):
        found[has_rows] = end.reduceat(values, (np.cumsum(rows) - rows)[has_rows])
    return found


def _counted(steps: Steps) -> tuple[int, Counts]:
    """The first step, and how many rows there are on each day from it on: by days, so that nothing is looked up."""
    first = int(steps.min()) if len(steps) else 0
    return first, np.bincount(steps - first).astype(np.int64)


def shares(column: pa.ChunkedArray, course: Course) -> tuple[Share, ...]:
    """What part of the values of each step are the commonest labels."""
    rows = pa.table({"step": course.steps, "value": column}).drop_null()
    grouped = rows.group_by(["step", "value"]).aggregate([("value", "count")]).sort_by("step").to_pylist()
    by_step: dict[str, int] = {}
    by_label: dict[str, dict[str, int]] = {}
    for row in grouped:
        step, rows_here = _label(row["step"], course.every), row["value_count"]
        by_step[step] = by_step.get(step, 0) + rows_here
        by_label.setdefault(row["value"], {})[step] = rows_here
    commonest = sorted(by_label, key=lambda label: (-sum(by_label[label].values()), label))[:_MOST_SHARES]
    return tuple(Share(label=shown(label), over_time=_parts(by_label[label], by_step)) for label in commonest)


def _parts(counted: dict[str, int], by_step: dict[str, int]) -> tuple[Point, ...]:
    return tuple(
        Point(label=step, value=counted.get(step, 0) / rows, rows=rows) for step, rows in by_step.items()
    )


def calendar(
    column: pa.ChunkedArray, facts: CollectionFacts, *, known: pa.ChunkedArray | None = None
) -> Calendar:
    """The days of a column of times that have rows; ``known`` are the days of its rows where they are known."""
    zone = facts.unit.zone
    days = local_days(column, zone) if known is None else known
    counted = sorted((row["values"], row["counts"]) for row in days.drop_null().value_counts().to_pylist())
    newest = tuple(DayRows(day=day.isoformat(), rows=rows) for day, rows in counted[-_MOST_DAYS:])
    return Calendar(days=newest, earlier=len(counted) - len(newest), zone=zone)


def is_number(known: ColumnType) -> bool:
    """Whether values of this type have a mean and a range."""
    return known in (FieldType.FLOAT, FieldType.INT)


def _label_of(days: int, every: Every) -> str:
    return _label(_FIRST_DAY + timedelta(days=days), every)


def _label(step: object, every: Every) -> str:
    return str(step)[: _LABEL_SIGNS.get(every, 10)]
