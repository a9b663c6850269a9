"""Whether this computer gives a row the same bits at every place and beside any other rows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from learner.dp.books import Books, BooksOf, Network
from learner.dp.clipping import bounded_units
from learner.dp.lanes import Lanes
from learner.dp.plan import Plan
from learner.dp.units import Units, padded


@np.errstate(all="ignore")
def depends_on_place(network: Network, units: Units, plan: Plan) -> bool:
    """Whether what a unit adds has other bits at another place of a block, at made-up weights.

    Then taking one unit out would change what others add, and the clip norm would bound nothing.
    """
    books, numbers = network.books_at(_made_up(plan)), np.arange(units.count)
    together = _bits_of_units(network, books, units, numbers, plan)
    some = (numbers[:size] for size in _sizes(units, plan))
    return any(
        here != together[unit]
        for order in (numbers[::-1], np.roll(numbers, 3), *some)
        for unit, here in _bits_of_units(network, books, units, order, plan).items()
    )


@np.errstate(all="ignore")
def depends_on_lane(lanes: Lanes, units: Units, plan: Plan) -> bool:
    """Whether what a unit adds has other bits in another lane, where taking one unit out may move those behind it."""

    def bits(network: Network) -> dict[int, list[bytes]]:
        return _bits_of_units(network, network.books_at(_made_up(plan)), units, np.arange(units.count), plan)

    first, *others = lanes.each(bits)
    return any(other != first for other in others)


def _made_up(plan: Plan) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.sin(np.arange(1.0, 1 + plan.parameters))
    return found


def _bits_of_units(
    network: Network, books: BooksOf, units: Units, order: NDArray[np.int64], plan: Plan
) -> dict[int, list[bytes]]:
    blocks = bounded_units(units, order, books, network=network, plan=plan, reduction="sum")
    return {unit: _bits(layers) for bounded in blocks for unit, layers in bounded.each()}


def _sizes(units: Units, plan: Plan) -> Iterable[int]:
    """A few, and so many more that a block of every padded size is there."""
    if plan.block < padded(1):
        return range(1, plan.block + 1)
    return (5 + units.count * size // plan.block for size in range(0, plan.block, padded(1)))


def _bits(layers: Books) -> list[bytes]:
    return [part.tobytes() for layer in layers for part in (layer.inputs, layer.gradients)]
