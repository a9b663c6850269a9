"""One page with pictures of every column of a collection: no script, nothing loaded from anywhere, for any browser."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from vault.records import svg_pictures
from vault.records.collections import CollectionFacts
from vault.records.markup import Markup, element, joined, void
from vault.store.new_file import new_file
from vault.views.counting import counted
from vault.views.over_time import Every, Point
from vault.views.records import ColumnSummary, PicturesReport
from vault.views.spread import distribution, end, number

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --fill: #2f6f9f; --band: #b9d4e6; --back: #ffffff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ea; --soft: #9aa4ae; --fill: #6db3e0; --band: #27465a; --back: #14181c; }
}
body { margin: 2rem auto; max-width: 48rem; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--back); }
section { margin: 2.5rem 0; }
h2, h3 { line-height: 1.3; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1.2rem 0 0.4rem; }
p, td, th { overflow-wrap: anywhere; }
svg { width: 100%; height: auto; display: block; }
svg text { font-size: 13px; fill: var(--ink); }
svg .count { fill: var(--soft); }
table { border-collapse: collapse; }
td, th { padding: 0.1rem 1rem 0.1rem 0; text-align: left; font-variant-numeric: tabular-nums; }
.soft { color: var(--soft); }
.bar, .dot, .day1, .day2, .day3, .day4 { fill: var(--fill); }
.band { fill: var(--band); stroke: var(--band); }
.line { fill: none; stroke: var(--fill); stroke-width: 1.5; }
.day1 { fill-opacity: 0.3; }
.day2 { fill-opacity: 0.5; }
.day3 { fill-opacity: 0.75; }
"""
STYLE_DIGEST: Final = b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY: Final = f"default-src 'none'; style-src 'sha256-{STYLE_DIGEST}'; base-uri 'none'; form-action 'none'"
PLACES: Final = "names a place together with another column; places are shown on the screen alone"


def write_page(
    summaries: Sequence[ColumnSummary], facts: CollectionFacts, target: Path, now: datetime
) -> PicturesReport:
    """Write the page to a new file that only its owner can read (0600); raises as `export_rows`.

    A column that names a place is on it with its name alone.
    """
    with new_file(target) as file:
        file.write(f"<!DOCTYPE html>\n{page(summaries, facts, now)}\n")
    left_out = tuple(one.name for one in summaries if one.is_place)
    return PicturesReport(rows=facts.rows, columns=len(summaries) - len(left_out), left_out=left_out)


def page(summaries: Sequence[ColumnSummary], facts: CollectionFacts, now: datetime) -> Markup:
    """The page as one element."""
    said = f"{counted(facts.rows, 'row')} in {counted(len(facts.fields), 'column')}, drawn on {now:%Y-%m-%d}."
    warning = "Computed from your own records, without noise: readable by anyone who gets this file."
    return titled_page(
        facts.name, element("p", said), element("p", warning, class_="soft"), *map(_section, summaries)
    )


def titled_page(title: str, *content: str) -> Markup:
    """A page of its own: it loads nothing from anywhere and runs nothing."""
    head = element(
        "head",
        void("meta", charset="utf-8"),
        void("meta", http_equiv="Content-Security-Policy", content=POLICY),
        void("meta", name="referrer", content="no-referrer"),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        Markup(f"<style>{STYLE}</style>"),
    )
    return element("html", head, element("body", element("h1", title), *content), lang="en")


def _section(column: ColumnSummary) -> Markup:
    heading = element("h2", column.name)
    if column.is_place:
        return element("section", heading, element("p", PLACES, class_="soft"))
    return element("section", heading, element("p", _facts(column)), *_spread(column), *_times(column))


def _facts(column: ColumnSummary) -> str:
    held = column.rows - column.nulls
    said = [f"{column.type}, {held:,} of {column.rows:,} there, {column.distinct:,} different"]
    if column.minimum is not None:
        said.append(f"{end(column.minimum)} to {end(column.maximum)}")
    if column.mean is not None:
        is_share = column.minimum is None
        said.append(f"true in {100 * column.mean:.3g} %" if is_share else f"mean {number(column.mean)}")
    return ", ".join(said)


def _spread(column: ColumnSummary) -> list[Markup]:
    counted = distribution(column)
    if not counted:
        return []
    title = "How the values are spread"
    return [element("h3", title), svg_pictures.bars(counted, f"{title}: {column.name}")]


def _times(column: ColumnSummary) -> list[Markup]:
    """How it runs over time, with its numbers, and which days have rows."""
    found: list[Markup] = []
    if column.calendar is not None:
        title = f"Days with rows ({column.calendar.zone or 'UTC'})"
        found += [element("h3", title), svg_pictures.calendar(column.calendar, f"{title}: {column.name}")]
    if len(column.over_time) > 1 and column.every is not None:
        title = f"{_what(column)} by {column.every}"
        found += [
            element("h3", title),
            _course(column, column.every, f"{title}: {column.name}"),
            _table(column),
        ]
    return found


def _what(column: ColumnSummary) -> str:
    if column.shares:
        return "Share of each"
    if not column.is_mean:
        return "How many"
    return "Mean and range" if column.minimum is not None else "Share of true"


def _course(column: ColumnSummary, every: Every, title: str) -> Markup:
    if column.shares:
        return svg_pictures.shares(column.shares, every, title)
    return svg_pictures.course(column.over_time, every, _ends(column), title)


def _ends(column: ColumnSummary) -> tuple[float, float]:
    """Where the scale begins and ends."""
    points = column.over_time
    if not column.is_mean:
        return 0.0, max(one.value for one in points)
    if points[0].low is None:
        return 0.0, 1.0
    return min(one.low or 0.0 for one in points), max(one.high or 0.0 for one in points)


def _table(column: ColumnSummary) -> Markup:
    """The same as numbers, for who cannot see the picture."""
    if column.shares:
        heads = [str(column.every), *(one.label for one in column.shares)]
        steps = zip(*(one.over_time for one in column.shares), strict=True)
        rows = [[step[0].label, *(f"{100 * one.value:.0f} %" for one in step)] for step in steps]
    else:
        heads = [str(column.every), "mean" if column.is_mean else "how many", "least", "most"]
        rows = [[one.label, number(one.value), *_range(one)] for one in column.over_time]
    lines = [element("tr", *(element("th", head) for head in heads))]
    lines += [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    return element("details", element("summary", "As numbers"), element("table", joined(*lines)))


def _range(one: Point) -> list[str]:
    return ["" if value is None else number(value) for value in (one.low, one.high)]
