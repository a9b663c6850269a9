"""The books of a block of rows: what an affine layer took in, and how the loss moves with what it gave out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One affine layer: row t's gradient is the outer product of ``gradients[t]`` and ``inputs[t]``.

    After the inputs stands the constant one, so that the bias is a column of the weight; then zeros may follow.
    """

    inputs: NDArray[np.float64]
    gradients: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerShape:
    """How many ``outputs`` and ``inputs`` a layer has, and how many ``rows`` and ``columns`` with one and padding."""

    outputs: int
    inputs: int
    rows: int
    columns: int


# the layers of a model from its inputs to its outputs; the inputs of the first are finite, by their coding
Books: TypeAlias = Sequence[Layer]
# the books of the rows asked for, and of padding up to the block: good until the next call
BooksOf: TypeAlias = Callable[[NDArray[np.int64]], Books]


class Network(Protocol):
    """A model that keeps books, with the arithmetic it computes in."""

    @property
    def shapes(self) -> Sequence[LayerShape]:
        """Its affine layers."""

    @property
    def erfinv(self) -> Callable[[NDArray[np.float64]], NDArray[np.float64]] | None:
        """The inverse of the error function, where the library it computes with has a fast one."""

    def books_at(self, theta: NDArray[np.float64]) -> BooksOf:
        """The books at these weights (d,), until other weights are asked for."""

    def outputs_at(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """From at most a block of rows to their outputs (K, rows): class scores, or one number."""

    def add_product(
        self, total: NDArray[np.float64], gradients: NDArray[np.float64], inputs: NDArray[np.float64]
    ) -> None:
        """Add the transpose of gradients (rows, out) times inputs (rows, in) to a total (out, in)."""


def squares(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The squared length of each row, each by a sum of its own."""
    found: NDArray[np.float64] = np.einsum("ij,ij->i", rows, rows)
    return found
