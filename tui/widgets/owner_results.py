"""What only the owner sees of an update, once nothing can be decided any more: the model's score, and an attack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll

from tui.text import wording
from tui.text.drawing import has_curve, score_sentence
from tui.text.layout import table_text
from tui.text.plot_scale import scaled
from tui.text.release_facts import attack_on_run
from tui.text.thinning import thin_out
from tui.widgets.plain import Plain

if TYPE_CHECKING:
    from textual_plotext import PlotextPlot

    from vault.views.releases import OwnerResults, ReleaseView

MOST_POINTS: Final = 100  # at most two for each column of a plot
TABLE_ROWS: Final = 10
TABLE_WIDTH: Final = 40
TITLE: Final = "mean loss on your rows, by step"
PRIVATE: Final = "private to you; this never leaves"
NOT_YET: Final = (
    "Nothing is shown before your decision is final. How the model does on your own rows is not noised: if it helped "
    "you decide, that you sent the update, or did not, would tell about your rows."
)
FOR_EVER: Final = (
    "Nothing is shown: this update may have left, and while it can be sent again, the decision is not final."
)
NOT_OF_A_ROUND: Final = (
    "Nothing is shown: more of its campaign may be decided here, or nothing was kept of it."
)
NOTHING_KEPT: Final = "There is no curve: nothing was kept of this run for you."


class OwnerResultsPane(VerticalScroll):
    """The learning curve, the score on the owner's own rows and the attack on the run, or why they are not shown."""

    def compose(self) -> ComposeResult:
        """A heading and what stands under it."""
        yield Plain(f"For you  ·  {PRIVATE}", classes="heading", id="for-you-heading")
        yield Vertical(id="for-you-body")

    async def show(self, one: ReleaseView, *, calm: bool) -> None:
        """Show what belongs to this update."""
        body = self.query_one("#for-you-body", Vertical)
        await body.remove_children()
        if one.for_you is None:
            await body.mount(Plain(why_hidden(one)))
            return
        await body.mount(Plain(score_sentence(one.for_you), classes="value", id="for-you-score"))
        if attacked := attack_on_run(one):
            await body.mount(Plain(attacked, classes="value", id="for-you-attack"))
        if not has_curve(one.for_you):
            return
        if calm:
            await body.mount(Plain(curve_table(one.for_you), classes="value", id="curve-table"))
        else:
            await body.mount(_plot(one.for_you))


def why_hidden(one: ReleaseView) -> str:
    """Why nothing is shown for this update."""
    if one.state == "held" or (one.state == "expired" and one.decided_at is None):
        return NOT_YET
    if one.state == "sending":
        return FOR_EVER
    return NOTHING_KEPT if one.round is None else NOT_OF_A_ROUND


def curve_table(results: OwnerResults) -> str:
    """The curve as numbers, at most ten rows of them, the last one always."""
    rows = [
        (str(step), wording.number(loss), wording.number(metric))
        for step, loss, metric in thin_out(
            list(zip(results.steps, results.loss, results.metric, strict=True)), TABLE_ROWS
        )
    ]
    return f"{TITLE}\n" + table_text(("step", "loss", results.metric_name), rows, TABLE_WIDTH)


def _plot(results: OwnerResults) -> PlotextPlot:
    """A line plot; its library takes a third of a second to load, so only who looks at a plot waits for it."""
    from textual_plotext import PlotextPlot

    plot = PlotextPlot(id="curve", classes="value")
    points = thin_out(list(zip(results.steps, results.loss, strict=True)), MOST_POINTS)
    losses, title = scaled([loss for _, loss in points], TITLE)
    plot.plt.title(title)
    plot.plt.plot([step for step, _ in points], losses, marker="braille")
    return plot
