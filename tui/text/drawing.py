"""Draw columns and learning curves as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.text import wording
from tui.text.days_calendar import calendar_lines
from tui.text.layout import hanging, one_line, table_text
from tui.text.over_time import course_picture
from tui.text.plot_scale import scaled
from vault.views.spread import distribution, end

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.views.over_time import PlaceCell, Places
    from vault.views.records import ColumnSummary
    from vault.views.releases import OwnerResults

WIDEST, HEIGHT = 72, 12
BAR, LABEL = 40, 24


def draw_column(column: ColumnSummary, width: int, *, calm: bool = False) -> str:
    """One column: its facts and its pictures, at most `width` wide; with `calm` tables of numbers."""
    heading = hanging("", f"{one_line(column.name)} ({column.type}): {facts(column)}", width, indent=4)
    lines = [heading]
    for name, drawn in pictures(column, width, calm=calm):
        lines += [*([hanging("  ", name, width)] if name else []), *drawn]
    return "\n".join([*lines, ""])


def pictures(column: ColumnSummary, width: int, *, calm: bool = False) -> list[tuple[str, list[str]]]:
    """How the values are spread, or where they lie; how they run over time; and on which days there are rows."""
    found: list[tuple[str, list[str]]] = []
    if column.places is not None:
        found.append((places_title(column.places), place_lines(column.places, width, calm=calm)))
    elif counted := distribution(column):
        found.append(("", spread_table(counted, width) if calm else bars(counted, min(width, WIDEST))))
    if column.calendar is not None:
        found.append(("days with rows", calendar_lines(column.calendar, width, calm=calm)))
    if (course := course_picture(column, width, calm=calm)) and not _is_in_calendar(column):
        found.append(course)
    return found


def _is_in_calendar(column: ColumnSummary) -> bool:
    """A calendar says of every day what the course of times would say again."""
    return column.calendar is not None and column.every in ("day", "week")


def spread_table(counted: list[tuple[str, int]], width: int) -> list[str]:
    """How the values are spread, as numbers."""
    rows = [(one_line(label), f"{count:,}") for label, count in counted]
    return table_text(("value", "how many"), rows, width).split("\n")


def facts(column: ColumnSummary) -> str:
    """What there is to say of a column before it is drawn: how many values, how many different, their ends."""
    held = column.rows - column.nulls
    said = [wording.counted(held, "value") if held else "no value"]
    if column.distinct == 1:
        said.append("always the same")
    elif held:
        said.append(f"{column.distinct:,} different")
    if column.nulls:
        said.append(f"{column.nulls:,} empty")
    if column.minimum is not None and column.minimum != column.maximum:
        said.append(f"{end(column.minimum)} to {end(column.maximum)}")
    if column.mean is not None:
        said.append(_mean(column.mean, is_share=column.minimum is None))
    return ", ".join(said)


def _mean(mean: float, *, is_share: bool) -> str:
    """The mean of numbers; of truth values, which have no ends, it is their share of true."""
    return f"true in {100 * mean:.3g} %" if is_share else f"mean {wording.number(mean)}"


# bars -----------------------------------------------------------------------------------------------------


def bars(counted: list[tuple[str, int]], width: int) -> list[str]:
    """Labels and counts as bars of block characters, with the counts behind them, at most `width` wide."""
    most = max((count for _, count in counted), default=0)
    labels = [_shortened(one_line(label)) for label, _ in counted]
    wide = max(map(len, labels), default=0)
    room = max(1, min(BAR, width - wide - len(f"{most:,}") - 4))
    return [
        f"  {label:>{wide}} {'█' * max(count * room // most, 1 if count else 0)} {count:,}"
        for label, (_, count) in zip(labels, counted, strict=True)
        if most
    ]


def _shortened(label: str) -> str:
    return label if len(label) <= LABEL else f"{label[: LABEL - 1]}…"


# places ---------------------------------------------------------------------------------------------------


def places_title(places: Places) -> str:
    """Of which columns the places are, and how they are rounded."""
    names = f"{one_line(places.latitude)} and {one_line(places.longitude)}"
    return f"places of {names}, rounded to {10**-places.decimals:g}°; for the screen alone"


def place_lines(places: Places, width: int, *, calm: bool = False) -> list[str]:
    """How many rows have which place, the commonest first, without a map."""
    counted = [(place_words(cell, places.decimals), cell.rows) for cell in places.cells]
    lines = spread_table(counted, width) if calm else bars(counted, min(width, WIDEST))
    if not places.other_cells:
        return lines
    others = f"{wording.counted(places.other_cells, 'more place')} with {wording.counted(places.other_rows, 'row')}"
    return [*lines, f"  {others}"]


def place_words(cell: PlaceCell, decimals: int) -> str:
    """A rounded place as people write it."""
    north, east = "S" if cell.latitude < 0 else "N", "W" if cell.longitude < 0 else "E"
    return f"{abs(cell.latitude):.{decimals}f}° {north}, {abs(cell.longitude):.{decimals}f}° {east}"


# lines ----------------------------------------------------------------------------------------------------


def draw_line(values: Sequence[float], *, title: str, width: int) -> list[str]:
    """A line plot of finite values, of at most 72 columns and 12 rows, without colour."""
    import plotext

    drawn, title = scaled(values, title)
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(min(WIDEST, width), HEIGHT)
    plotext.title(title)
    plotext.xticks([])
    plotext.plot(drawn, marker="dot")
    return [line.rstrip() for line in str(plotext.uncolorize(plotext.build())).rstrip().splitlines()]


def draw_curve(results: OwnerResults, width: int) -> str:
    """The learning curve, and the score of the model that leaves, on the owner's own rows."""
    title = "mean loss on your rows, by step"
    lines = draw_line(results.loss, title=title, width=width) if has_curve(results) else []
    return "\n".join([*lines, hanging("  ", score_sentence(results), width)])


def has_curve(results: OwnerResults) -> bool:
    """Whether there is a model that got better or worse step by step."""
    return len(results.loss) > 1 and not results.is_sum


def score_sentence(results: OwnerResults) -> str:
    """How the model of an update does on the owner's own rows, beside a guess that knows nothing of them."""
    rows = wording.counted(results.rows, "row")
    if results.is_sum:
        return f"a sum over your {rows} and no model: what it is worth shows where it is put together with others"
    said = f"{results.metric_name} of this model on your {rows}: {_score(results, results.final_metric)}"
    if results.base_metric is None:
        return said
    guess = "the most common answer" if results.metric_name == "accuracy" else "the mean"
    return f"{said}; always guessing {guess}: {_score(results, results.base_metric)}{_verdict(results)}"


def _verdict(results: OwnerResults) -> str:
    """Whether the model is worth more than that guess."""
    score, base = results.final_metric, results.base_metric
    if score is None or base is None:
        return ""
    is_better = score > base if results.metric_name == "accuracy" else score < base
    return "" if is_better else " (it learned nothing that helps)"


def _score(results: OwnerResults, score: float | None) -> str:
    if score is None:
        return "none (no rows, or an overflow)"
    return f"{100 * score:.1f} %" if results.metric_name == "accuracy" else wording.number(score)
