"""Tables of people, ways in which a file of the same people comes again, and pairs that only look alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vault.views.field_types import UnitKind, UnitSpec

RECORD, DAY = UnitSpec(kind=UnitKind.RECORD), UnitSpec(kind=UnitKind.DAY)
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
KEY_COLUMNS = ("id", "patient", "day")
Random = np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with what counts as one in it."""

    rows: pa.Table
    unit: UnitSpec
    time: str | None = None

    @property
    def values(self) -> list[str]:
        """The columns that say something about a unit."""
        return [name for name in self.rows.column_names if name not in KEY_COLUMNS]


def by(column: str) -> UnitSpec:
    return UnitSpec(kind=UnitKind.COLUMN, field=column)


def days(start: int, count: int) -> pa.Array:
    stamps = [BEGIN + timedelta(days=start + number) for number in range(count)]
    return pa.array(stamps, pa.timestamp("us", tz="UTC"))


# families ---------------------------------------------------------------------------------------------------


def clinic(draw: Random, rows: int = 400) -> Table:
    """Patients numbered from 1."""
    return Table(
        unit=by("id"),
        rows=pa.table(
            {
                "id": np.arange(1, rows + 1),
                "age": draw.integers(18, 90, rows),
                "sex": draw.choice(["f", "m"], rows),
                "bmi": np.round(draw.normal(26, 4, rows), 1),
                "smoker": draw.random(rows) < 0.25,
                "hba1c": np.round(draw.normal(5.6, 0.7, rows), 1),
            }
        ),
    )


def clinic_by_row(draw: Random) -> Table:
    """The same, where nobody said what counts as one."""
    return replace(clinic(draw), unit=RECORD)


def person(draw: Random, *, start: int = 0, count: int = 365) -> Table:
    """One person's days."""
    return Table(
        unit=DAY,
        time="day",
        rows=pa.table(
            {
                "day": days(start, count),
                "weekday": (np.arange(start, start + count) + 2) % 7,
                "steps": draw.integers(500, 20000, count),
                "sleep": np.round(draw.normal(7, 1, count), 2),
                "coffee": draw.integers(0, 5, count),
                "good": draw.random(count) < 0.5,
            }
        ),
    )


def survey(draw: Random) -> Table:
    """Questions with two answers: nothing but the numbers of the people tells them apart."""
    answers = {f"q{number}": draw.random(300) < 0.2 + number / 30 for number in range(12)}
    return Table(unit=by("id"), rows=pa.table({"id": np.arange(1, 301), **answers}))


def visits(draw: Random) -> Table:
    """Sixty patients who came twelve times each."""
    people, times = 60, 12
    return Table(
        unit=by("patient"),
        time="day",
        rows=pa.table(
            {
                "patient": np.repeat(np.arange(1, people + 1), times),
                "day": days(0, 1000).take(pa.array(draw.integers(0, 1000, people * times))),
                "sex": np.repeat(draw.choice(["f", "m"], people), times),
                "weight": np.round(draw.normal(75, 12, people * times), 1),
                "pulse": draw.integers(50, 110, people * times),
            }
        ),
    )


FAMILIES: dict[str, Callable[[Random], Table]] = {
    one.__name__: one for one in (clinic, clinic_by_row, person, survey, visits)
}


# the same people again --------------------------------------------------------------------------------------


def as_it_was(_draw: Random, table: Table) -> Table:
    return table


def other_order(draw: Random, table: Table) -> Table:
    return replace(table, rows=table.rows.take(pa.array(draw.permutation(table.rows.num_rows))))


def one_renamed(draw: Random, table: Table) -> Table:
    name = str(draw.choice(table.values))
    names = [f"their {each}" if each == name else each for each in table.rows.column_names]
    return replace(table, rows=table.rows.rename_columns(names))


def one_dropped(draw: Random, table: Table) -> Table:
    return replace(table, rows=table.rows.drop_columns([str(draw.choice(table.values))]))


def one_added(draw: Random, table: Table) -> Table:
    added = pa.array(draw.normal(0, 1, table.rows.num_rows))
    return replace(table, rows=table.rows.append_column("added", added))


def a_tenth_changed(draw: Random, table: Table) -> Table:
    """One value in ten is that of another row."""
    rows = table.rows
    for place, name in enumerate(rows.column_names):
        if name in table.values:
            column = rows[name].combine_chunks()
            others = column.take(pa.array(draw.permutation(len(column))))
            mixed = pc.if_else(pa.array(draw.random(len(column)) < 0.1), others, column)
            rows = rows.set_column(place, name, mixed)
    return replace(table, rows=rows)


def bool_as_number(_draw: Random, table: Table) -> Table:
    return _cast(table, pa.types.is_boolean, lambda column: column.cast(pa.int64()))


def floats_shifted(_draw: Random, table: Table) -> Table:
    return _cast(table, pa.types.is_floating, lambda column: pc.add(column, 1e-7))


def ids_prefixed(_draw: Random, table: Table) -> Table:
    """P-00017 for 17; days have no prefix."""
    rows = table.rows
    for place, name in enumerate(rows.column_names):
        if name in ("id", "patient"):
            rows = rows.set_column(
                place, name, pa.array([f"P-{each:05d}" for each in rows[name].to_pylist()])
            )
    return replace(table, rows=rows)


def half_of_the_units(_draw: Random, table: Table) -> Table:
    name = next(name for name in KEY_COLUMNS if name in table.rows.column_names)
    units = table.rows[name].to_pylist()
    kept = set(sorted(set(units))[::2])
    return replace(table, rows=table.rows.filter(pa.array([unit in kept for unit in units])))


def all_as_text(_draw: Random, table: Table) -> Table:
    return _cast(
        table, lambda known: not pa.types.is_timestamp(known), lambda column: column.cast(pa.string())
    )


def half_renamed_and_changed(draw: Random, table: Table) -> Table:
    for change in (half_of_the_units, a_tenth_changed, other_order, one_renamed):
        table = change(draw, table)
    return table


CHANGES: dict[str, Callable[[Random, Table], Table]] = {
    one.__name__: one
    for one in (
        *(as_it_was, other_order, one_renamed, one_dropped, one_added, a_tenth_changed, bool_as_number),
        *(floats_shifted, ids_prefixed, half_of_the_units, all_as_text, half_renamed_and_changed),
    )
}


def _cast(
    table: Table, which: Callable[[pa.DataType], bool], change: Callable[[pa.ChunkedArray], pa.ChunkedArray]
) -> Table:
    rows = table.rows
    for place, name in enumerate(rows.column_names):
        if which(rows[name].type):
            rows = rows.set_column(place, name, change(rows[name]))
    return replace(table, rows=rows)


# people who only look alike ---------------------------------------------------------------------------------


def another_clinic(seed: int) -> tuple[Table, Table]:
    """Both number their patients from 1."""
    return clinic(np.random.default_rng(seed)), clinic(np.random.default_rng(seed + 1000))


def another_survey(seed: int) -> tuple[Table, Table]:
    return survey(np.random.default_rng(seed)), survey(np.random.default_rng(seed + 1000))


def another_persons_days(seed: int) -> tuple[Table, Table]:
    """The same dates, and the same days of the week."""
    return person(np.random.default_rng(seed)), person(np.random.default_rng(seed + 1000))


def sleep_beside_steps(seed: int) -> tuple[Table, Table]:
    """Two tables of one person with no column in common but the day."""
    draw = np.random.default_rng(seed)
    steps, nights = person(draw), person(draw)
    return (
        replace(steps, rows=steps.rows.select(["day", "steps", "coffee"])),
        replace(nights, rows=nights.rows.select(["day", "weekday", "sleep", "good"])),
    )


def next_year(seed: int) -> tuple[Table, Table]:
    draw = np.random.default_rng(seed)
    return person(draw), person(draw, start=365)


def other_visits(seed: int) -> tuple[Table, Table]:
    return visits(np.random.default_rng(seed)), visits(np.random.default_rng(seed + 1000))


UNRELATED = (
    another_clinic,
    another_survey,
    another_persons_days,
    sleep_beside_steps,
    next_year,
    other_visits,
)


def unrelated_pairs(each: int = 5) -> Iterator[tuple[str, Table, Table]]:
    """So many pairs of each kind."""
    for kind in UNRELATED:
        for seed in range(each):
            yield kind.__name__, *kind(seed)
