"""How the values of a column are spread: labels or bins with their counts, and numbers as texts."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vault.views.records import ColumnSummary, Histogram


def number(value: float) -> str:
    """A number at four digits, written out where that is not longer than a power of ten."""
    if value == 0 or not 1e-4 <= abs(value) < 1e12:
        return f"{value:.4g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def end(value: float | int | str | None) -> str:
    """The least or the largest value of a column."""
    return number(value) if isinstance(value, float | int) else str(value)


def distribution(column: ColumnSummary) -> list[tuple[str, int]]:
    """Labels and counts; a column that is always the same needs no picture of it."""
    if column.histogram is None:
        return list(column.top)
    if column.minimum == column.maximum:
        return [(end(column.minimum), sum(column.histogram.counts))]
    return _whole_bins(_bins(column.histogram)) if column.type == "int" else binned(column.histogram)


def binned(histogram: Histogram) -> list[tuple[str, int]]:
    """The bins of a histogram by their ends, with their counts."""
    return [(_between(low, high), count) for low, high, count in _bins(histogram)]


def _bins(histogram: Histogram) -> list[tuple[float, float, int]]:
    return list(zip(histogram.edges[:-1], histogram.edges[1:], histogram.counts, strict=True))


def _between(low: float, high: float) -> str:
    return f"{number(low)} to {number(high)}"


def _whole_bins(bins: list[tuple[float, float, int]]) -> list[tuple[str, int]]:
    """Bins named by the whole numbers in them; a bin that holds none is left out."""
    named = []
    for index, (low, high, count) in enumerate(bins):
        first = ceil(low)
        last = floor(high) if index == len(bins) - 1 else ceil(high) - 1
        if first <= last:
            named.append((f"{first:,}" if first == last else f"{first:,} to {last:,}", count))
    return named
