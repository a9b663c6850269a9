"""Pictures of one column as SVG: bars, means with their ranges, shares, days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Final

from vault.records.markup import Markup, element
from vault.views.over_time import Calendar, Every, Point, Share
from vault.views.spread import number

WIDTH: Final = 720
LABEL, LABEL_SIGNS, COUNT = 200, 24, 90
ROW, GAP = 18, 4
COURSE, EDGE = 160, 70
SHARE: Final = 40
DAY, WEEK_ROOM = 12, 13


def bars(counted: Sequence[tuple[str, int]], title: str) -> Markup:
    """Labels with bars as long as their counts."""
    most = max((count for _, count in counted), default=1) or 1
    room = WIDTH - LABEL - COUNT
    lines = [_bar(place * (ROW + GAP), one, room / most) for place, one in enumerate(counted)]
    return _picture(title, len(counted) * (ROW + GAP), *lines)


def _bar(top: float, one: tuple[str, int], scale: float) -> Markup:
    label, count = one
    middle = top + ROW * 0.75
    return element(
        "g",
        _label(label, middle),
        element(
            "rect", class_="bar", x=LABEL, y=top, width=max(1.0 if count else 0.0, count * scale), height=ROW
        ),
        element("text", f"{count:,}", class_="count", x=LABEL + max(1.0, count * scale) + 6, y=middle),
    )


def _label(label: str, top: float) -> Markup:
    """A label beside its bars, cut where it has no room; whole under the pointer."""
    short = label if len(label) <= LABEL_SIGNS else f"{label[: LABEL_SIGNS - 1]}…"
    return element("text", short, element("title", label), x=LABEL - 8, y=top, text_anchor="end")


# over time ------------------------------------------------------------------------------------------------


def course(points: Sequence[Point], every: Every, ends: tuple[float, float], title: str) -> Markup:
    """Means as a line and their ranges as a band behind it; a time without values is a gap."""
    drawn = [
        element("text", text, class_="count", x=EDGE - 8, y=top, text_anchor="end")
        for text, top in ((number(ends[1]), 12), (number(ends[0]), COURSE))
    ]
    for run in _runs(points, every):
        drawn += [_band(run, points, every, ends), _line(run, points, every, ends)]
        drawn += [_dot(one, points, every, ends) for one in run]
    return _picture(title, COURSE + 24, *drawn, *_feet(points, COURSE + 20))


def shares(found: Sequence[Share], every: Every, title: str) -> Markup:
    """One small band a label, as high as its share at that time."""
    drawn = [
        part for place, share in enumerate(found) for part in _share(share, every, place * (SHARE + 2 * GAP))
    ]
    height = len(found) * (SHARE + 2 * GAP)
    return _picture(title, height + 20, *drawn, *_feet(found[0].over_time, height + 14, LABEL))


def _share(share: Share, every: Every, top: float) -> Iterator[Markup]:
    yield _label(share.label, top + SHARE * 0.6)
    first, length = _extent(share.over_time, every)
    step = (WIDTH - LABEL) / (length + 1)
    for one in share.over_time:
        left, height = LABEL + (every.place(one.label) - first) * step, one.value * SHARE
        said = element("title", f"{one.label}: {share.label} {100 * one.value:.0f} %")
        yield element(
            "rect",
            said,
            class_="bar",
            x=left,
            y=top + SHARE - height,
            width=max(0.5, step - 1),
            height=height,
        )


def _runs(points: Sequence[Point], every: Every) -> list[list[Point]]:
    """The points that follow each other without a gap."""
    numbered = list(enumerate(points))
    by_gap = groupby(numbered, key=lambda one: every.place(one[1].label) - one[0])
    return [[point for _, point in run] for _, run in by_gap]


def _extent(points: Sequence[Point], every: Every) -> tuple[int, int]:
    first = every.place(points[0].label)
    return first, every.place(points[-1].label) - first


def _left(one: Point, points: Sequence[Point], every: Every) -> float:
    first, length = _extent(points, every)
    return EDGE + 6 + (WIDTH - EDGE - 12) * (every.place(one.label) - first) / max(1, length)


def _top(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    part = (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.5
    return 6 + (COURSE - 12) * (1 - min(1.0, max(0.0, part)))


def _band(run: Sequence[Point], points: Sequence[Point], every: Every, ends: tuple[float, float]) -> Markup:
    above = [(_left(one, points, every), _top(_high(one), ends)) for one in run]
    below = [(_left(one, points, every), _top(_low(one), ends)) for one in reversed(run)]
    corners = " ".join(f"{left:.1f},{top:.1f}" for left, top in (*above, *below))
    return element("polygon", class_="band", points=corners)


def _line(run: Sequence[Point], points: Sequence[Point], every: Every, ends: tuple[float, float]) -> Markup:
    corners = " ".join(f"{_left(one, points, every):.1f},{_top(one.value, ends):.1f}" for one in run)
    return element("polyline", class_="line", points=corners)


def _dot(one: Point, points: Sequence[Point], every: Every, ends: tuple[float, float]) -> Markup:
    between = "" if one.low is None else f", {number(_low(one))} to {number(_high(one))}"
    said = element("title", f"{one.label}: {number(one.value)}{between}")
    return element(
        "circle", said, class_="dot", cx=_left(one, points, every), cy=_top(one.value, ends), r=2.5
    )


def _low(one: Point) -> float:
    return one.value if one.low is None else one.low


def _high(one: Point) -> float:
    return one.value if one.high is None else one.high


def _feet(points: Sequence[Point], top: float, left: float = EDGE) -> list[Markup]:
    """When it begins and when it ends."""
    return [
        element("text", points[0].label, class_="count", x=left, y=top),
        element("text", points[-1].label, class_="count", x=WIDTH, y=top, text_anchor="end"),
    ]


# days -----------------------------------------------------------------------------------------------------


def calendar(found: Calendar, title: str) -> Markup:
    """The days of each year that has some: a column a week, darker where there are more rows."""
    days = [(date.fromisoformat(one.day), one.rows) for one in found.days]
    most = max(rows for _, rows in days)
    years = [(year, list(inside)) for year, inside in groupby(days, key=lambda one: one[0].year)]
    high = 7 * WEEK_ROOM + 10
    drawn = [part for place, one in enumerate(years) for part in _year(*one, place * high, most)]
    return _picture(title, len(years) * high, *drawn)


def _year(year: int, days: Sequence[tuple[date, int]], top: float, most: int) -> Iterator[Markup]:
    yield element("text", f"{year:04}", class_="count", x=0, y=top + 12)
    before = date(year, 1, 1).weekday()
    for day, rows in days:
        week, row = divmod(day.timetuple().tm_yday - 1 + before, 7)
        said = element("title", f"{day.isoformat()}: {rows:,}")
        yield element(
            "rect", said, class_=f"day{-(-4 * rows // most)}", x=40 + week * 12.7, y=top + row * WEEK_ROOM,
            width=DAY - 1, height=DAY,
        )  # fmt: skip


def _picture(title: str, height: float, *inside: Markup) -> Markup:
    return element(
        "svg", element("title", title), *inside, viewBox=f"0 0 {WIDTH} {height:.0f}", role="img",
        xmlns="http://www.w3.org/2000/svg",
    )  # fmt: skip
