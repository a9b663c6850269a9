"""How columns run over time: the steps that make a readable picture, means and ranges, shares, days with rows."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Final

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The day of every row, the step of time it falls into, and how long a step is."""

    days: pa.ChunkedArray
    steps: pa.ChunkedArray
    every: Every


def course(reader: ColumnReader, facts: CollectionFacts) -> Course | None:
    """When the rows happened; None without times. Where the unit is a day, a row's day is its unit."""
    if TIME_FIELD not in reader.allowed:
        return None
    is_day = facts.unit.kind is UnitKind.DAY and UNIT_FIELD in reader.allowed
    days = reader.column(UNIT_FIELD if is_day else TIME_FIELD).cast(_DATES)
    ends = pc.min_max(days).as_py()
    length = (ends["max"] - ends["min"]).days if ends["max"] is not None else 0
    every = next((one for one, longest in _LONGEST if length <= longest), Every.YEAR)
    steps = pc.floor_temporal(days, unit=every.value, week_starts_monday=True)
    return Course(days=days, steps=steps.cast(_DATES), every=every)


def means(column: pa.ChunkedArray, course: Course, *, has_range: bool) -> tuple[Point, ...]:
    """The mean of numbers or truth values in each step of time, and between which ends they lie."""
    rows = pa.table({"step": course.steps, "value": column.cast(pa.float64(), safe=False)}).drop_null()
    wanted = ("mean", "count", *(("min", "max") if has_range else ()))
    grouped = rows.group_by("step").aggregate([("value", what) for what in wanted]).sort_by("step")
    points = [
        Point(
            label=_label(row["step"], course.every),
            value=row["value_mean"],
            low=row.get("value_min"),
            high=row.get("value_max"),
            rows=row["value_count"],
        )
        for row in grouped.to_pylist()
    ]
    return tuple(one for one in points if isfinite(one.value))


def counts(column: pa.ChunkedArray, course: Course) -> tuple[Point, ...]:
    """How many values there are in each step of time."""
    rows = pa.table({"step": course.steps, "value": column}).drop_null()
    grouped = rows.group_by("step").aggregate([("value", "count")]).sort_by("step")
    return tuple(
        Point(
            label=_label(row["step"], course.every), value=float(row["value_count"]), rows=row["value_count"]
        )
        for row in grouped.to_pylist()
    )


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


def _label(step: object, every: Every) -> str:
    return str(step)[: _LABEL_SIGNS.get(every, 10)]
