"""Sums in two parts: what is rounded off the first is kept in the second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from learner.dp.books import Layer, LayerShape, Network

_SLAB: Final = 1 << 13  # numbers at once, so that they stay in the cache


class Total:
    """A float64 sum with the rounding error of each addition beside it (Knuth's two-sum, as Neumaier adds them up).

    Products are gathered, ``together`` of them, before they are added to it; what was never added to is zero.
    Where there are ``slots``, what is gathered are products of so many rows that are rounded to float32.
    """

    def __init__(self, shape: tuple[int, ...], network: Network, together: int = 1, slots: int = 0) -> None:
        self._network, self._together, self._slots, self._gathered = network, together, slots, 0
        self._addend = np.zeros(shape)
        self._parts: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def add(self, layer: Layer) -> None:
        """Add the outer products of a layer's rows."""
        if self._gathered == self._together:
            self._flush()
        addend = self._addend.reshape(layer.gradients.shape[1], layer.inputs.shape[1])
        self._network.add_product(addend, layer.gradients, layer.inputs, self._slots)
        self._gathered += 1

    def value(self) -> NDArray[np.float64]:
        """The sum so far, good until the next is added."""
        if self._parts is None:
            return self._addend
        self._flush()
        total, error = self._parts
        return total + error

    def _flush(self) -> None:
        """Add what is gathered to the sum, and what that rounds off to the error, a slab at a time."""
        if self._parts is None:  # zero and a number are that number, with nothing rounded off
            self._parts = (self._addend, np.zeros_like(self._addend))
            self._addend = np.zeros_like(self._addend)
        else:
            parts = [whole.reshape(-1) for whole in (self._addend, *self._parts)]
            for first in range(0, self._addend.size, _SLAB):
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
        value = total.value()
        if shape.is_mirrored:
            value = np.concatenate((-value, value))
        outputs, bias = shape.outputs, first + shape.outputs * shape.inputs
        np.copyto(vector[first:bias].reshape(outputs, shape.inputs), value[:outputs, : shape.inputs])
        first = bias + outputs
        vector[bias:first] = value[:outputs, shape.inputs]
    return vector


def apart(vector: NDArray[np.float64], shapes: Sequence[LayerShape]) -> list[NDArray[np.float64]]:
    """Such a vector as a matrix (rows, columns) for each layer, by which a row's books say how far it goes along it."""
    parts, first = [], 0
    for shape in shapes:
        bias = first + shape.outputs * shape.inputs
        whole = np.zeros((shape.outputs, shape.columns))
        whole[:, : shape.inputs] = vector[first:bias].reshape(shape.outputs, shape.inputs)
        first = bias + shape.outputs
        whole[:, shape.inputs] = vector[bias:first]
        part = np.zeros((shape.rows, shape.columns))
        given = whole[1:] - whole[:1] if shape.is_mirrored else whole
        part[: len(given)] = given
        parts.append(part)
    return parts
