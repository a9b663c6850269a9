"""Sums in two parts: what is rounded off the first is kept in the second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from learner.dp.books import Layer, LayerShape, Network

_SLAB: Final = 1 << 14  # numbers at once, so that they stay in the cache


class Total:
    """A float64 sum with the rounding error of each addition beside it (Knuth's two-sum, as Neumaier adds them up).

    Products are gathered, ``together`` of them, before they are added to it.
    """

    def __init__(self, shape: tuple[int, ...], network: Network, together: int = 1) -> None:
        self._network, self._together, self._gathered = network, together, 0
        self._addend, self._sum, self._error = np.zeros(shape), np.zeros(shape), np.zeros(shape)

    def add(self, layer: Layer) -> None:
        """Add the outer products of a layer's rows."""
        addend = self._addend.reshape(layer.gradients.shape[1], layer.inputs.shape[1])
        self._network.add_product(addend, layer.gradients, layer.inputs)
        self._gathered += 1
        if self._gathered == self._together:
            self._flush()

    def value_into(self, place: NDArray[np.float64], rows: slice, columns: slice | int) -> None:
        """Put some of the sum so far into a flat place."""
        self._flush()
        total, error = self._sum[rows, columns], self._error[rows, columns]
        np.add(total, error, out=place.reshape(total.shape))

    def _flush(self) -> None:
        """Add what is gathered to the sum, and what that rounds off to the error, a slab at a time."""
        parts = [whole.reshape(-1) for whole in (self._addend, self._sum, self._error)]
        for first in range(0, self._sum.size, _SLAB):
            _two_sum(*(part[first : first + _SLAB] for part in parts))
        self._addend.fill(0.0)
        self._gathered = 0


def _two_sum(addend: NDArray[np.float64], total: NDArray[np.float64], error: NDArray[np.float64]) -> None:
    after = total + addend
    arrived = after - total
    np.subtract(addend, arrived, out=addend)
    np.subtract(after, arrived, out=arrived)  # what of the total before is in it
    np.subtract(total, arrived, out=arrived)
    np.add(arrived, addend, out=arrived)
    np.add(error, arrived, out=error)
    np.copyto(total, after)


def flat(totals: Sequence[Total], shapes: Sequence[LayerShape]) -> NDArray[np.float64]:
    """The totals of the layers as one vector, each weight (outputs, inputs) before its bias (outputs,)."""
    vector = np.empty(sum(shape.outputs * (shape.inputs + 1) for shape in shapes))
    first = 0
    for total, shape in zip(totals, shapes, strict=True):
        outputs, bias = slice(shape.outputs), first + shape.outputs * shape.inputs
        total.value_into(vector[first:bias], outputs, slice(shape.inputs))
        first = bias + shape.outputs
        total.value_into(vector[bias:first], outputs, shape.inputs)
    return vector
