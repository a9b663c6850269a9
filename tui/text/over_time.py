"""Draw a column over time as text: means with their ranges, shares and counts as small bars, days as a calendar."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

from tui.text import wording
from tui.text.layout import one_line, table_text
from tui.text.thinning import thin_out
from vault.views.over_time import Every

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vault.views.over_time import Point
    from vault.views.records import ColumnSummary

WIDEST: Final = 72
HEIGHT: Final = 9
LABEL: Final = 16
TABLE_ROWS: Final = 12
MOST_A_STEP: Final = 3
SHARE_ENDS: Final = 15
MEAN, RANGE, BARS = "●", "│", " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What one column of signs stands for: some steps of time, their mean, the ends of their values, how many."""

    value: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The lines of a picture in which so many steps of time are one column of signs."""

    steps: int
    lines: list[str]


# slots of time --------------------------------------------------------------------------------------------


def slots(points: Sequence[Point], every: Every, most: int) -> tuple[int, list[Slot | None]]:
    """How many steps are one slot, so that there are at most so many slots, and the slots; without a value empty."""
    places = [every.place(point.label) for point in points]
    length = ceil((places[-1] - places[0] + 1) / max(2, most))
    found: list[list[Point]] = [[] for _ in range((places[-1] - places[0]) // length + 1)]
    for place, point in zip(places, points, strict=True):
        found[(place - places[0]) // length].append(point)
    return length, [_slot(inside) if inside else None for inside in found]


def _slot(points: Sequence[Point]) -> Slot:
    rows = sum(point.rows for point in points)
    mean = sum(point.value * (point.rows / rows) for point in points)
    lows = [point.low for point in points if point.low is not None]
    highs = [point.high for point in points if point.high is not None]
    return Slot(value=mean, low=min(lows, default=mean), high=max(highs, default=mean), rows=rows)


def span(points: Sequence[Point]) -> str:
    """From when to when."""
    return f"{one_line(points[0].label)} to {one_line(points[-1].label)}"


# the course of one column ---------------------------------------------------------------------------------


def course_picture(column: ColumnSummary, width: int, *, calm: bool = False) -> tuple[str, list[str]] | None:
    """What is drawn of a column over time, and its lines, at most so wide; with `calm` as numbers."""
    if len(column.over_time) < 2:
        return None
    if calm:
        return f"{title(column)} by {column.every}, {span(column.over_time)}", _numbers(column, width)
    drawn = _drawn(column, min(WIDEST, width))
    every = column.every if drawn.steps == 1 else wording.counted(drawn.steps, str(column.every))
    return f"{title(column)} by {every}, {span(column.over_time)}", drawn.lines


def title(column: ColumnSummary) -> str:
    """What is drawn over time."""
    if column.shares:
        return "share of each"
    if not column.is_mean:
        return "how many"
    return "share of true" if column.over_time[0].low is None else f"mean {MEAN} and range {RANGE}"


def _drawn(column: ColumnSummary, width: int) -> Drawn:
    points, every = column.over_time, column.every or Every.DAY
    if column.shares:
        return share_lines(column, every, width)
    if not column.is_mean:
        return count_line(points, every, width)
    if points[0].low is None:
        return range_lines(points, every, width, ends=(0.0, 1.0), spelled=_percent)
    low, high = min(one.low or 0.0 for one in points), max(one.high or 0.0 for one in points)
    if low == high:
        return Drawn(steps=1, lines=[f"  {wording.number(low)} all along"])
    return range_lines(points, every, width, ends=(low, high), spelled=wording.number)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def range_lines(
    points: Sequence[Point],
    every: Every,
    width: int,
    *,
    ends: tuple[float, float],
    spelled: Callable[[float], str],
) -> Drawn:
    """Means as dots on a line that reaches from the least value of that time to the largest."""
    marks = [spelled(ends[1]), *[""] * (HEIGHT - 2), spelled(ends[0])]
    marks[HEIGHT // 2] = spelled(_middle(*ends))
    wide = max(map(len, marks))
    room = width - wide - 4
    steps, found = slots(points, every, room)
    each = max(1, min(MOST_A_STEP, room // len(found)))
    columns = [_column(slot, ends) for slot in found]
    lines = [
        f"  {mark:>{wide}} ┤{''.join(f'{column[row]:<{each}}' for column in columns)}".rstrip()
        for row, mark in enumerate(marks)
    ]
    return Drawn(steps=steps, lines=lines)


def _middle(low: float, high: float) -> float:
    return low / 2 + high / 2  # halved first, as the sum of two very large numbers is no number


def _column(slot: Slot | None, ends: tuple[float, float]) -> list[str]:
    """The signs of one slot, from the top down."""
    if slot is None:
        return [" "] * HEIGHT
    top, mean, bottom = (_row(value, ends) for value in (slot.high, slot.value, slot.low))
    return [MEAN if row == mean else RANGE if top <= row <= bottom else " " for row in range(HEIGHT)]


def _row(value: float, ends: tuple[float, float]) -> int:
    low, high = ends
    part = (value / 2 - low / 2) / (high / 2 - low / 2)
    return HEIGHT - 1 - round(min(1.0, max(0.0, part)) * (HEIGHT - 1))


def share_lines(column: ColumnSummary, every: Every, width: int) -> Drawn:
    """One line of small bars a label, as high as its share."""
    names = [wording.short(one_line(one.label), LABEL) for one in column.shares]
    wide, steps, lines = max(map(len, names)), 1, []
    for name, share in zip(names, column.shares, strict=True):
        values = [point.value for point in share.over_time]
        ends = f"{100 * min(values):.0f} to {100 * max(values):.0f} %"
        steps, found = slots(share.over_time, every, width - wide - SHARE_ENDS)
        bars = "".join(_bar(slot.value if slot else 0.0, 1.0) for slot in found)
        lines.append(f"  {name:>{wide}} {bars} {ends}")
    return Drawn(steps=steps, lines=lines)


def count_line(points: Sequence[Point], every: Every, width: int) -> Drawn:
    """How many there are as one line of small bars."""
    said = len(f" at most {sum(point.rows for point in points):,}")
    steps, found = slots(points, every, width - said - 2)
    most = max(slot.rows for slot in found if slot)
    bars = "".join(_bar(slot.rows if slot else 0, most) for slot in found)
    return Drawn(steps=steps, lines=[f"  {bars} at most {most:,}"])


def _bar(value: float, most: float) -> str:
    """A small bar; what is there at all has the lowest of them."""
    return BARS[max(1, round(8 * min(1.0, value / most)))] if value > 0 else BARS[0]


# as numbers -----------------------------------------------------------------------------------------------


def _numbers(column: ColumnSummary, width: int) -> list[str]:
    if column.shares:
        return _share_numbers(column, width)
    has_range = column.over_time[0].low is not None
    chosen = thin_out(column.over_time, TABLE_ROWS)
    value = "mean" if column.is_mean else "how many"
    heads = (str(column.every), value, *(("least", "most") if has_range else ()))
    rows = [
        (
            one_line(one.label),
            wording.number(one.value),
            *((wording.number(one.low or 0.0), wording.number(one.high or 0.0)) if has_range else ()),
        )
        for one in chosen
    ]
    return table_text(heads, rows, width).split("\n")


def _share_numbers(column: ColumnSummary, width: int) -> list[str]:
    names = [wording.short(one_line(one.label), LABEL) for one in column.shares]
    steps = thin_out(range(len(column.over_time)), TABLE_ROWS)
    rows = [
        (
            one_line(column.over_time[step].label),
            *(_percent(one.over_time[step].value) for one in column.shares),
        )
        for step in steps
    ]
    return table_text((str(column.every), *names), rows, width).split("\n")
