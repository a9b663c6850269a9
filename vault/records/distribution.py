"""How the numbers of a column are spread: how many differ, what lies in the middle, how many lie where."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from vault.records.distinct import Wholes, count_steps, in_order, known_values
from vault.views.records import Histogram

BINS: Final = 12
HUNDRED: Final = 100.0
MOST: Final = 2.0**53  # whole numbers up to this one are floats

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The numbers of a column in order, what is no number last, and how many of them differ by their bits."""

    ordered: Numbers
    distinct: int


def spread(column: pa.ChunkedArray) -> Spread:
    """Sort a column of numbers, without those that are missing."""
    if pa.types.is_int64(column.type):
        wholes = in_order(known_values(column, pa.int64()))
        return Spread(ordered=wholes.astype(np.float64), distinct=count_steps(wholes))
    numbers = known_values(column, pa.float64())
    hundredths = _in_hundredths(numbers)
    ordered = np.sort(numbers) if hundredths is None else in_order(hundredths) / HUNDRED
    return Spread(ordered=ordered, distinct=_count_distinct(numbers, ordered))


def _in_hundredths(numbers: Numbers) -> Wholes | None:
    """The numbers in hundredths where each has at most two decimals, as most that people write down; else None."""
    for some in (numbers[:1000], numbers):
        with np.errstate(over="ignore", invalid="ignore"):
            hundredths = np.rint(some * HUNDRED)
        if not ((np.abs(hundredths) < MOST) & (hundredths / HUNDRED == some)).all():
            return None
    return hundredths.astype(np.int64)


def _count_distinct(numbers: Numbers, ordered: Numbers) -> int:
    """Equal numbers have equal bits, but for the two zeros and what is no number, which are counted by themselves."""
    low, high = np.searchsorted(ordered, 0.0), np.searchsorted(ordered, 0.0, side="right")
    end = np.searchsorted(ordered, np.nan)
    odd = numbers[(numbers == 0) | np.isnan(numbers)] if low < high or end < len(ordered) else numbers[:0]
    return count_steps(ordered[:low]) + count_steps(ordered[high:end]) + len(np.unique(odd.view(np.int64)))


def median(ordered: Numbers) -> float | None:
    """The number in the middle, or halfway between two; None without any."""
    known = ordered[: int(np.searchsorted(ordered, np.nan))]
    if not len(known):
        return None
    low, high = float(known[(len(known) - 1) // 2]), float(known[len(known) // 2])
    return low if len(known) % 2 else 0.5 * high + 0.5 * low


def histogram(ordered: Numbers) -> Histogram | None:
    """How many numbers lie in each of twelve equal parts of their range; None where it cannot be parted so."""
    if len(ordered) == 0 or not isfinite(float(ordered[-1]) - float(ordered[0])):
        return None
    try:
        edges = np.histogram_bin_edges(ordered[[0, -1]], bins=BINS)
    except ValueError:  # between the ends there are fewer numbers than that
        return None
    starts = np.searchsorted(ordered, edges[1:-1])
    counts = np.diff(starts, prepend=0, append=len(ordered))
    return Histogram(edges=tuple(map(float, edges)), counts=tuple(map(int, counts)))
