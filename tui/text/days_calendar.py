"""Draw the days that have rows as a calendar: a column of signs a week, a line a day of the week."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from tui.text import wording
from tui.text.layout import hanging, table_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vault.views.over_time import Calendar

WIDEST: Final = 72
MOST_WEEKS: Final = 53
MOST_BLOCKS: Final = 2
MOST_MONTHS: Final = 12
NAMES: Final = ("Mon", "", "Wed", "", "Fri", "", "Sun")
DAYS, NAME_ROOM = 7, 4
NONE, SHADES = "·", "░▒▓█"

Counts = dict[date, int]


def calendar_lines(calendar: Calendar, width: int, *, calm: bool = False) -> list[str]:
    """The newest days of a calendar, at most so wide, and how many there are in all; with `calm` as numbers."""
    counts = {date.fromisoformat(one.day): one.rows for one in calendar.days}
    said = hanging("  ", said_of(calendar, counts), min(width, WIDEST)).split("\n")
    if calm:
        return [*said, *month_table(counts, width)]
    blocks = list(_blocks(counts, min(MOST_WEEKS, max(4, min(width, WIDEST) - 6))))
    signs = hanging("  ", legend(max(counts.values())), min(width, WIDEST)).split("\n")
    return [*said, *(line for block in blocks for line in block), *signs]


def said_of(calendar: Calendar, counts: Mapping[date, int]) -> str:
    """On how many days there are rows, of how many, and which gap between them is the longest."""
    days = sorted(counts)
    spanned = (days[-1] - days[0]).days + 1
    zone = f" of {calendar.zone}" if calendar.zone else " (UTC)"
    earlier = f", and on {wording.counted(calendar.earlier, 'day')} before" if calendar.earlier else ""
    on = f"rows on {len(days):,} of {wording.counted(spanned, 'day')}{zone}, {days[0]} to {days[-1]}{earlier}"
    return f"{on}; {longest_gap(days)}"


def longest_gap(days: Sequence[date]) -> str:
    """The longest time without a row between the first and the last day with one."""
    before, after = max(pairwise(days), key=lambda pair: pair[1] - pair[0], default=(date.min, date.min))
    missing = (after - before).days - 1
    if missing < 1:
        return "no day is missing"
    first, last = before + timedelta(days=1), after - timedelta(days=1)
    when = f"on {first}" if first == last else f"{first} to {last}"
    return f"the longest gap is {wording.counted(missing, 'day')}, {when}"


def legend(most: int) -> str:
    """What the signs mean."""
    ends = [0, *(most * level // 4 for level in (1, 2, 3)), most]
    said = [f"{NONE} none"]
    for shade, low, high in zip(SHADES, ends[:-1], ends[1:], strict=True):
        if low < high:
            said.append(f"{shade} {high:,}" if low + 1 == high else f"{shade} {low + 1:,} to {high:,}")
    return ", ".join(said)


def shade_of(rows: int, most: int) -> str:
    """The sign of a day with so many rows, where the busiest has the most."""
    return SHADES[next(level for level in range(4) if rows <= most * (level + 1) // 4)] if rows else NONE


# blocks of weeks ------------------------------------------------------------------------------------------


def _blocks(counts: Counts, weeks: int) -> Iterator[list[str]]:
    """The newest blocks of weeks that have rows, the older one first."""
    found: list[list[str]] = []
    left = sorted(counts)
    while left and len(found) < MOST_BLOCKS:
        last = _monday(left[-1])
        first = max(_monday(left[0]).toordinal(), last.toordinal() - DAYS * (weeks - 1))
        found.append(_block(counts, date.fromordinal(first), last))
        left = [day for day in left if day.toordinal() < first]
    yield from reversed(found)


def _monday(day: date) -> date:
    return date.fromordinal(max(1, day.toordinal() - day.weekday()))


def _block(counts: Counts, first: date, last: date) -> list[str]:
    mondays = [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1, DAYS)]
    ends, most = (min(counts), max(counts)), max(counts.values())
    lines = [
        f"  {name:3} {_line(counts, mondays, row, ends, most)}".rstrip() for row, name in enumerate(NAMES)
    ]
    return [f" {_months(mondays)}".rstrip(), *lines]


def _line(counts: Counts, mondays: Sequence[date], row: int, ends: tuple[date, date], most: int) -> str:
    signs = []
    for monday in mondays:
        number = monday.toordinal() + row
        inside = ends[0].toordinal() <= number <= ends[1].toordinal()
        signs.append(shade_of(counts.get(date.fromordinal(number), 0), most) if inside else " ")
    return "".join(signs)


def _months(mondays: Sequence[date]) -> str:
    """The year, and the names of the months over the weeks in which they begin."""
    begin = [place for place, monday in enumerate(mondays) if monday.day <= DAYS]
    is_named = bool(begin) and begin[0] < NAME_ROOM
    line = "" if is_named else f"{mondays[0]:%b} "
    for place in begin:
        line = f"{line:<{place}}{mondays[place]:%b} "
    return f"{mondays[begin[0] if is_named else 0].year:04} {line}"


def month_table(counts: Mapping[date, int], width: int) -> list[str]:
    """The newest months as numbers."""
    found: dict[str, list[int]] = {}
    for day in sorted(counts):
        found.setdefault(f"{day:%Y-%m}", []).append(counts[day])
    rows = [(month, f"{len(days)}", f"{sum(days):,}") for month, days in list(found.items())[-MOST_MONTHS:]]
    return table_text(("month", "days with rows", "rows"), rows, width).split("\n")
