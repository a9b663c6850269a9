"""The maps of a convolutional model: how large each is, and which of its numbers a patch takes in.

A map lies row by row, the channels of a place together. Series are maps of one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from learner.outlines import SIDE

MOST_PATCHED: Final = 1 << 17
"""How many numbers the patches of one layer may hold for a row: bounds memory and work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """So many rows and columns of places, with so many numbers at each."""

    height: int
    width: int
    channels: int

    @property
    def places(self) -> int:
        """How many places there are."""
        return self.height * self.width

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return self.places * self.channels


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolution:
    """A layer: the ``kernel`` around each place of a map becomes ``filters`` numbers, then means over each ``pool``.

    What the kernel would take beyond the edge is zero; rows and columns that fill no pool are left out. Filters that
    are ``fixed`` look for outlines, and are not trained.
    """

    taken: Map
    filters: int
    kernel: tuple[int, int]
    pool: tuple[int, int]
    fixed: bool = False

    @property
    def patch(self) -> int:
        """How many numbers the kernel takes in at a place."""
        return self.kernel[0] * self.kernel[1] * self.taken.channels

    @property
    def given(self) -> Map:
        """The map of means that the layer gives out."""
        return Map(
            height=self.taken.height // self.pool[0],
            width=self.taken.width // self.pool[1],
            channels=self.filters,
        )

    def patches(self, *, channels: int, stride: int, outside: int) -> list[list[int]]:
        """For each place what the kernel takes in, of ``channels`` numbers that stand ``stride`` apart a place.

        ``outside`` stands for what lies beyond the edge.
        """
        (high, wide), taken = self.kernel, self.taken
        offsets = list(product(range(-(high // 2), high // 2 + 1), range(-(wide // 2), wide // 2 + 1)))

        def patch(row: int, column: int) -> list[int]:
            found = []
            for down, right in offsets:
                inside = 0 <= row + down < taken.height and 0 <= column + right < taken.width
                first = ((row + down) * taken.width + column + right) * stride
                found += [first + channel if inside else outside for channel in range(channels)]
            return found

        return [patch(row, column) for row in range(taken.height) for column in range(taken.width)]

    def pools(self) -> list[list[int]]:
        """For each place that is given out, the places whose mean it is."""
        (high, wide), given = self.pool, self.given
        return [
            [
                (row * high + down) * self.taken.width + column * wide + right
                for down, right in product(range(high), range(wide))
            ]
            for row in range(given.height)
            for column in range(given.width)
        ]


def convolutions(
    first: Map, filters: Sequence[int], kernel: tuple[int, int], pool: tuple[int, int], outlines: int = 0
) -> tuple[Convolution, ...]:
    """The layers one after another, each over what the one before gives out; before them that of outlines, if any."""
    found: list[Convolution] = []
    if outlines:
        found.append(Convolution(taken=first, filters=outlines, kernel=(SIDE, SIDE), pool=pool, fixed=True))
    for count in filters:
        taken = found[-1].given if found else first
        found.append(Convolution(taken=taken, filters=count, kernel=kernel, pool=pool))
    return tuple(found)


def map_fault(layers: Sequence[Convolution]) -> str | None:
    """What is wrong with the sizes of the maps, in one clause."""
    if min(layers[-1].given.height, layers[-1].given.width) < 1:
        return "has a map with no place left in it"
    if max(layer.taken.places * layer.patch for layer in layers) > MOST_PATCHED:
        return f"has patches of more than {MOST_PATCHED:,} numbers in a row"
    return None
