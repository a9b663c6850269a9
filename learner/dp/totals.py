"""Sums in two parts: what is rounded off the first is kept in the second."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from learner.dp.books import LayerShape


class Total:
    """A float64 sum with the rounding error of each addition beside it (Knuth's two-sum, as Neumaier adds them up)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._sum, self._next, self._apart = np.zeros(shape), np.empty(shape), np.empty(shape)
        self._error = np.zeros(shape)

    def add(self, addend: NDArray[np.float64]) -> None:
        """Add an array of the total's size, which is overwritten."""
        before, after, apart, addend = self._sum, self._next, self._apart, addend.reshape(self._sum.shape)
        np.add(before, addend, out=after)
        np.subtract(after, before, out=apart)  # what of the addend has arrived
        np.subtract(addend, apart, out=addend)
        np.subtract(after, apart, out=apart)  # what of the sum before has
        np.subtract(before, apart, out=before)
        np.add(before, addend, out=before)
        np.add(self._error, before, out=self._error)
        self._sum, self._next = after, before

    def value(self) -> NDArray[np.float64]:
        """The sum so far."""
        value: NDArray[np.float64] = self._sum + self._error
        return value


def flat(totals: Sequence[Total], shapes: Sequence[LayerShape]) -> NDArray[np.float64]:
    """The totals of the layers as one vector, each weight (outputs, inputs) before its bias (outputs,)."""
    parts = []
    for total, shape in zip(totals, shapes, strict=True):
        value = total.value()
        parts += [value[: shape.outputs, : shape.inputs].ravel(), value[: shape.outputs, shape.inputs]]
    return np.concatenate(parts)
