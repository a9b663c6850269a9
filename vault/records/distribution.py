"""How the values of a column are spread: how many differ, what lies in the middle, how many lie where."""

from __future__ import annotations

from math import isfinite
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from vault.views.records import Histogram

BINS: Final = 12
_OF_64_BITS: Final = (pa.types.is_int64, pa.types.is_float64, pa.types.is_timestamp)

Numbers = npt.NDArray[np.float64]


def count_distinct(column: pa.ChunkedArray) -> int:
    """How many different values there are, by their bits; to sort numbers is faster than to look each one up."""
    if not any(is_kind(column.type) for is_kind in _OF_64_BITS):
        return len(column.unique()) - bool(column.null_count)
    known = [chunk.drop_null().view(pa.int64()).to_numpy() for chunk in column.chunks]
    values = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *known]))
    return int(np.count_nonzero(values[1:] != values[:-1])) + bool(len(values))


def sorted_numbers(column: pa.ChunkedArray) -> Numbers:
    """The values of a column of numbers in order, without those that are missing; what is no number comes last."""
    return np.sort(column.drop_null().cast(pa.float64(), safe=False).to_numpy())


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
