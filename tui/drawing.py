"""Columns and curves drawn for the owner in text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.vault import ColumnSummary
    from vault.views import OwnerResults

WIDTH, HEIGHT = 72, 12
BAR = 40


def draw_column(column: ColumnSummary) -> str:
    """One column: its facts, its distribution as bars, and its course over time."""
    return "\n".join([_heading(column), *_bars(_distribution(column)), *_course(column), ""])


def _heading(column: ColumnSummary) -> str:
    facts = [f"{column.rows - column.nulls:,} values", f"{column.distinct:,} different"]
    if column.nulls:
        facts.append(f"{column.nulls:,} empty")
    if column.minimum is not None:
        facts.append(f"{_short(column.minimum)} to {_short(column.maximum)}")
    if column.mean is not None:
        facts.append(f"mean {_short(column.mean)}")
    return f"{column.name} ({column.type}): {', '.join(facts)}"


def _short(value: float | int | str | None) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _distribution(column: ColumnSummary) -> list[tuple[str, int]]:
    if column.histogram is None:
        return list(column.top)
    edges = column.histogram.edges
    return [
        (f"{_short(low)} to {_short(high)}", count)
        for low, high, count in zip(edges[:-1], edges[1:], column.histogram.counts, strict=True)
    ]


def _bars(counted: list[tuple[str, int]]) -> list[str]:
    most = max((count for _, count in counted), default=0)
    wide = min(24, max((len(label) for label, _ in counted), default=0))
    return [
        f"  {label[:wide]:>{wide}} {'█' * max(count * BAR // most, 1 if count else 0)} {count:,}"
        for label, count in counted
        if most
    ]


def _course(column: ColumnSummary) -> list[str]:
    if len(column.over_time) < 2:
        return []
    what = "mean over time" if column.is_mean else "count over time"
    labels = [point.label for point in column.over_time]
    lines = draw_line([point.value for point in column.over_time], title=what)
    return [*lines, f"  {labels[0]} … {labels[-1]}"]


def draw_line(values: Sequence[float], *, title: str) -> list[str]:
    """A line plot of at most 72 columns and 12 rows, without colour."""
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(WIDTH, HEIGHT)
    plotext.title(title)
    plotext.xticks([])
    plotext.plot(list(values), marker="dot")
    return str(plotext.uncolorize(plotext.build())).rstrip().splitlines()


def draw_curve(results: OwnerResults) -> str:
    """The learning curve, and the score of the model that leaves, on the owner's own rows."""
    lines = draw_line(results.loss, title="mean loss on your rows, by step") if len(results.loss) > 1 else []
    return "\n".join(
        [*lines, f"  {results.metric_name} of this model on your {results.rows:,} rows: {_score(results)}"]
    )


def _score(results: OwnerResults) -> str:
    score = results.final_metric
    if score is None:
        return "none (no rows, or an overflow)"
    return f"{100 * score:.1f} %" if results.metric_name == "accuracy" else f"{score:.4g}"
