"""Which rows belong to which privacy unit: what is sampled and clipped is a unit, never a row."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

# a number of rows, and how many units that stand side by side have it; again and again
Runs: TypeAlias = Sequence[tuple[int, int]]
_PADDING: Final = 32


def padded(rows: int, granule: int = _PADDING) -> int:
    """How many rows a block of so many has with its padding.

    A row has the same bits in a block of any such size, or the rehearsal finds that it has not.
    """
    return rows + -rows % granule


def granule_of(length: int, block: int) -> int:
    """What the rows of a block are padded to: of a few long texts it is the bytes that stand in line."""
    return _PADDING // math.gcd(_PADDING, length) if block < _PADDING else _PADDING


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitBlock:
    """Whole units one after another: unit ``members[i]`` has the ``counts[i]`` next of ``rows``."""

    members: NDArray[np.int64]
    rows: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def starts(self) -> NDArray[np.int64]:
        """At which of the rows each member begins."""
        return np.cumsum(self.counts) - self.counts

    def runs(self) -> Runs:
        """How many rows members have that stand side by side, and how many such members there are."""
        changes = np.flatnonzero(np.diff(self.counts)) + 1
        ends = np.concatenate((changes, [len(self.counts)]))
        starts = np.concatenate(([0], changes))
        return list(zip(self.counts[starts].tolist(), (ends - starts).tolist(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The rows of each privacy unit: unit u has ``rows[starts[u]:starts[u + 1]]``."""

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many units there are."""
        return len(self.starts) - 1

    def blocks(self, members: NDArray[np.int64], size: int) -> Iterator[UnitBlock]:
        """The members in blocks of at most ``size`` rows; one with more than half of that has a block to itself.

        Only such a unit may have more rows than a block.
        """
        if not len(members):
            return
        counts = self.starts[members + 1] - self.starts[members]
        is_flat = counts.max() == 1
        ends = np.arange(size, len(members) + size, size) if is_flat else _packed(counts, size)
        for first, end in zip(np.concatenate(([0], ends[:-1])), ends, strict=True):
            yield self._block(members[first:end], counts[first:end])

    def _block(self, members: NDArray[np.int64], counts: NDArray[np.int64]) -> UnitBlock:
        if len(members) == counts.sum():
            return UnitBlock(members=members, rows=self.rows[self.starts[members]], counts=counts)
        before = np.cumsum(counts) - counts
        offsets = np.arange(counts.sum()) - np.repeat(before - self.starts[members], counts)
        return UnitBlock(members=members, rows=self.rows[offsets], counts=counts)


def _packed(counts: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """After which member each block ends."""
    ends, filled, long = [], 0, size // 2
    for place, count in enumerate(counts.tolist()):
        is_alone = count > long or filled > size
        if place and (is_alone or filled + count > size):
            ends.append(place)
            filled = 0
        filled = size + 1 if count > long else filled + count
    return np.array([*ends, len(counts)], dtype=np.int64)
