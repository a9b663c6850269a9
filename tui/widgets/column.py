"""One column drawn: its facts, the distribution of its values, and their course over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult
from textual.containers import Vertical

from tui.text import wording
from tui.text.drawing import bars, distribution, facts
from tui.text.layout import one_line, table_text
from tui.widgets.owner_results import thin_out
from tui.widgets.plain import Plain

if TYPE_CHECKING:
    from textual_plotext import PlotextPlot

    from vault.views.records import ColumnSummary

WIDEST: Final = 72
TABLE_ROWS: Final = 12
POINTS_A_COLUMN: Final = 2


class ColumnDrawing(Vertical):
    """The values of one column as bars and a line; as tables of numbers where nothing is drawn."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="value")
        self._drawn: tuple[ColumnSummary, int, bool] | None = None

    def compose(self) -> ComposeResult:
        """Facts, bars, course."""
        yield Plain(id="column-facts")
        yield Plain(id="column-bars")
        yield Vertical(id="column-course")

    async def show(self, column: ColumnSummary, *, width: int, calm: bool) -> None:
        """Draw this column, at most `width` wide."""
        if self._drawn == (column, width, calm):
            return
        self._drawn = (column, width, calm)
        said = facts(column)
        self.query_one("#column-facts", Plain).set_text(f"{said[:1].upper()}{said[1:]}.")
        shown = (
            spread_table(column, width) if calm else "\n".join(bars(distribution(column), min(width, WIDEST)))
        )
        self.query_one("#column-bars", Plain).set_text(shown)
        place = self.query_one("#column-course", Vertical)
        await place.remove_children()
        values = {point.value for point in column.over_time}
        if len(column.over_time) < 2:
            return
        if len(values) == 1:
            await place.mount(Plain(f"{course_title(column)}: {wording.number(min(values))} all along"))
            return
        await place.mount(Plain(course_title(column), classes="heading"))
        await place.mount(Plain(course_table(column, width)) if calm else _plot(column, width))


def spread_table(column: ColumnSummary, width: int) -> str:
    """How the values are spread, as numbers."""
    rows = [(one_line(label), f"{count:,}") for label, count in distribution(column)]
    return table_text(("value", "how many"), rows, width) if rows else ""


def course_title(column: ColumnSummary) -> str:
    """What the line shows, from when to when."""
    what = "mean over time" if column.is_mean else "how many over time"
    return f"{what}, {one_line(column.over_time[0].label)} to {one_line(column.over_time[-1].label)}"


def course_table(column: ColumnSummary, width: int) -> str:
    """The course as numbers, at most twelve of them, the first and the last always."""
    rows = [
        (one_line(point.label), wording.number(point.value))
        for point in thin_out(column.over_time, TABLE_ROWS)
    ]
    return table_text(("time", "mean" if column.is_mean else "how many"), rows, width)


def _plot(column: ColumnSummary, width: int) -> PlotextPlot:
    """A line; its library takes a third of a second to load, so only who looks at values waits for it."""
    from textual_plotext import PlotextPlot

    plot = PlotextPlot(id="course")
    points = thin_out(column.over_time, max(2, POINTS_A_COLUMN * width))
    plot.plt.xticks([])
    plot.plt.plot([point.value for point in points], marker="braille")
    return plot
