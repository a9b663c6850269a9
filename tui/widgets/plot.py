"""A step plot of percentages over time, or a table of their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from tui.text import times, wording
from tui.text.layout import table_text
from tui.text.thinning import thin_out
from tui.widgets.plain import Plain

if TYPE_CHECKING:
    from textual.events import Resize
    from textual_plotext import PlotextPlot

MOST_POINTS: Final = 60  # each step has two ends, and a plot has at most two points a column
MOST_SERIES: Final = 6  # more colours than that are not told apart
MOST_ROWS: Final = 200
TICKS: Final = 4
TOPS: Final = (5, 10, 25, 50, 75, 100)
NAME_ROOM: Final = 20
LEAST_WIDTH: Final = 30
SECONDS_A_DAY: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of steps: when it grew, and the percentage from then on; the oldest first."""

    name: str
    points: tuple[tuple[datetime, Decimal], ...]


class StepPlot(VerticalScroll):
    """Percentages over time; `show` draws them anew."""

    can_focus = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, classes="plot value")
        self._series: tuple[Series, ...] = ()
        self._title, self._is_calm = "", True
        self._until = datetime.now(UTC)

    def compose(self) -> ComposeResult:
        """The table; the plot is mounted beside it when there is something to draw."""
        yield Plain(classes="plot-numbers")

    def show(self, title: str, series: Sequence[Series], *, until: datetime, calm: bool) -> None:
        """Draw these lines up to `until`, or write their numbers."""
        self._title, self._series, self._until, self._is_calm = title, tuple(series), until, calm
        self._draw()

    def on_resize(self, event: Resize) -> None:
        """Numbers are laid out to the width."""
        if self._is_calm and self._series:
            self._draw()

    def _draw(self) -> None:
        for old in self.query(".plot-lines"):
            old.remove()
        numbers = self.query_one(".plot-numbers", Plain)
        numbers.display = self._is_calm or not self._series
        if numbers.display:
            width = max(LEAST_WIDTH, self.scrollable_content_region.width)
            numbers.set_text(numbers_text(self._title, self._series, width))
        else:
            self.mount(_lines(self._title, self._series[:MOST_SERIES], self._until))


def numbers_text(title: str, series: Sequence[Series], width: int) -> str:
    """The same as numbers, the newest last."""
    rows = sorted((at, one.name, value) for one in series for at, value in one.points)[-MOST_ROWS:]
    if not rows:
        return f"{title}\nNothing was spent yet."
    cells = [
        (f"{times.in_zone(at):%Y-%m-%d %H:%M}", name, wording.percent(value)) for at, name, value in rows
    ]
    return f"{title}\n" + table_text((times.heading(), "what", "used after it"), cells, width)


def steps(points: Sequence[tuple[datetime, Decimal]], *, until: datetime) -> Iterator[tuple[float, float]]:
    """The corners of a line of steps as seconds and percent: flat to each point, then up to it; flat to the end."""
    before = 0.0
    for at, value in thin_out(points, MOST_POINTS):
        yield at.timestamp(), before
        before = float(value)
        yield at.timestamp(), before
    yield max(until.timestamp(), points[-1][0].timestamp()), before


def top_of(series: Sequence[Series]) -> int:
    """Where the scale ends: a round percentage above every line."""
    most = max((value for one in series for _, value in one.points), default=Decimal())
    return next((top for top in TOPS if most < top), TOPS[-1])


def ticks(first: datetime, last: datetime) -> list[tuple[float, str]]:
    """A few moments along the bottom: days, or times where it is all within two days."""
    begin, end = first.timestamp(), last.timestamp()
    written = "%H:%M" if end - begin < 2 * SECONDS_A_DAY else "%d %b %y"
    places = [begin + (end - begin) * index / (TICKS - 1) for index in range(TICKS)]
    return [
        (place, times.in_zone(datetime.fromtimestamp(place, first.tzinfo)).strftime(written))
        for place in places
    ]


def _lines(title: str, series: Sequence[Series], until: datetime) -> PlotextPlot:
    """The plot; its library takes a third of a second to load, so only who looks at one waits for it."""
    from textual_plotext import PlotextPlot

    drawn = PlotextPlot(classes="plot-lines")
    drawn.plt.title(title)
    for one in series:
        corners = list(steps(one.points, until=until))
        drawn.plt.plot(
            [at for at, _ in corners],
            [percent for _, percent in corners],
            marker="hd",  # blocks: steps have no slopes that would need finer dots
            label=wording.short(one.name, NAME_ROOM),
        )
    top = top_of(series)
    drawn.plt.ylim(0, top)
    drawn.plt.yticks([0, top / 2, top], [f"{place:g} %" for place in (0, top / 2, top)])
    marks = ticks(min(one.points[0][0] for one in series), until)
    drawn.plt.xticks([place for place, _ in marks], [label for _, label in marks])
    return drawn
