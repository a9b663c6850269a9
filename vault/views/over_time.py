"""What is shown of when and where: the course of a column over time, the days with rows, the places with rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Every(StrEnum):
    """How long one step of time is, whichever makes a readable picture; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    def place(self, label: str) -> int:
        """Which day, week, month or year a label is, counted from a fixed one: steps without a value are gaps."""
        year, month, day = (int(part) for part in f"{label}-01-01".split("-")[:3])
        if self is Every.YEAR:
            return year
        if self is Every.MONTH:
            return year * 12 + month
        days = date(year, month, day).toordinal()
        return days // 7 if self is Every.WEEK else days


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One step of time: the mean of its values, or their share, or how many there are.

    ``label`` is its day, the Monday of its week, its month or its year; ``low`` and ``high`` are the ends of its values
    where it is a mean of numbers, and ``rows`` is how many values there are.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How large a part of the values of each step of time is this one label."""

    label: str
    over_time: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRows:
    """A day and how many rows it has."""

    day: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The days that have rows, the newest 3,660 of them in order, and how many ``earlier`` ones there are.

    Days begin in ``zone``, in UTC where there is none.
    """

    days: tuple[DayRows, ...]
    earlier: int = 0
    zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCell:
    """Places that are the same when rounded, and how many rows have one of them."""

    latitude: float
    longitude: float
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The places of two columns, rounded to so many ``decimals`` of a degree: the commonest, and what is left."""

    latitude: str
    longitude: str
    decimals: int
    cells: tuple[PlaceCell, ...]
    other_cells: int = 0
    other_rows: int = 0
