"""How columns run over time: the steps that make a readable picture, means and ranges, shares, days with rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite
from typing import Any, Final

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

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The steps of rows: how many days after the first one each begins, and how many rows begin so many days after.

    By days, so that nothing is looked up. Rows in the order of time, as most are, need not be sorted.
    """

    first: int
    days: Numbers
    rows: Numbers
    is_ordered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The day of every row, the step of time it falls into, and how long a step is; ``of_rows`` where all have one."""

    days: pa.ChunkedArray
    steps: pa.ChunkedArray
    every: Every
    of_rows: Steps | None


def days_of(reader: ColumnReader, facts: CollectionFacts) -> str:
    """The field that tells when the rows happened, empty without times; where the unit is a day, it tells the day."""
    if TIME_FIELD not in reader.allowed:
        return ""
    # Of days that begin at midnight in UTC the times tell as much, and are read anyhow.
    if facts.unit.kind is UnitKind.DAY and facts.unit.zone and UNIT_FIELD in reader.allowed:
        return UNIT_FIELD
    # The times of the rows are a copy of the column they came from, which is shown, and so is read anyhow.
    return facts.time_field if facts.time_field in reader.allowed else TIME_FIELD


def course(of_rows: pa.ChunkedArray) -> Course:
    """The course of rows with these days or times, in steps as long as their time asks for."""
    days = of_rows.cast(_DATES)
    ends = pc.min_max(days).as_py()
    length = (ends["max"] - ends["min"]).days if ends["max"] is not None else 0
    every = next((one for one, longest in _LONGEST if length <= longest), Every.YEAR)
    return course_of(days, every)


def course_of(days: pa.ChunkedArray, every: Every) -> Course:
    """Days in steps of this length."""
    steps = _floored(days, every)
    of_rows = None if steps.null_count else _steps(steps.cast(pa.int32()).to_numpy())
    return Course(days=days, steps=steps, every=every, of_rows=of_rows)


def _floored(days: pa.ChunkedArray, every: Every) -> pa.ChunkedArray:
    """The first day of the step of each day: looked up, as there are fewer days than rows."""
    ends = pc.min_max(days.cast(pa.int32())).as_py()
    low, high = ends["min"] or 0, ends["max"] or 0
    if high - low >= len(days):
        return _first_days(days, every)
    table = _first_days(pa.array(np.arange(low, high + 1, dtype=np.int32)).cast(_DATES), every)
    return pa.chunked_array([table]).take(pc.subtract(days.cast(pa.int32()), low))


def _first_days(days: pa.Array | pa.ChunkedArray, every: Every) -> Any:
    return pc.floor_temporal(days, unit=every.value, week_starts_monday=True).cast(_DATES)


def _steps(first_days: npt.NDArray[np.int32]) -> Steps:
    first = int(first_days.min()) if len(first_days) else 0
    days = first_days.astype(np.int64) - first
    is_ordered = not (days[1:] < days[:-1]).any()
    return Steps(first=first, days=days, rows=np.bincount(days).astype(np.int64), is_ordered=is_ordered)


def means(column: pa.ChunkedArray, course: Course, *, has_range: bool) -> tuple[Point, ...]:
    """The mean of numbers or truth values in each step of time, and between which ends they lie."""
    steps, known = _known(column, course)
    values = column.cast(pa.float64(), safe=False)
    values = values.to_numpy() if known is None else pc.fill_null(values, 0.0).to_numpy()[known]
    rows, sums = steps.rows, np.bincount(steps.days, weights=values)
    lows, highs = _ranges(values, steps) if has_range else (rows, rows)
    return tuple(
        Point(
            label=_label_of(steps.first + int(step), course.every),
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
    steps, _ = _known(column, course)
    rows = steps.rows
    return tuple(
        Point(
            label=_label_of(steps.first + int(step), course.every),
            value=float(rows[step]),
            rows=int(rows[step]),
        )
        for step in np.flatnonzero(rows)
    )


def _known(column: pa.ChunkedArray, course: Course) -> tuple[Steps, npt.NDArray[np.bool_] | None]:
    """The steps of the rows that have a time and a value, and which rows those are, or None for all of them."""
    if course.of_rows is not None and not column.null_count:
        return course.of_rows, None
    known = pc.and_(course.steps.is_valid(), column.is_valid()).to_numpy()
    return _steps(pc.fill_null(course.steps.cast(pa.int32()), 0).to_numpy()[known]), known


def _ranges(
    values: npt.NDArray[np.float64], steps: Steps
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The least and the greatest value of each step."""
    if not steps.is_ordered:
        values = values[np.argsort(steps.days, kind="stable")]
    lows, highs = np.zeros(len(steps.rows)), np.zeros(len(steps.rows))
    has_rows = steps.rows > 0
    if len(values):
        starts = (np.cumsum(steps.rows) - steps.rows)[has_rows]
        lows[has_rows], highs[has_rows] = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    return lows, highs


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
