"""The books of a block of rows: what an affine layer took in, and how the loss moves with what it gave out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

# so many squares are added up before the sum goes on in float64
PIECE: Final = 512
# what rows are computed in: float32 or float64
Numbers: TypeAlias = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One affine layer: row t's gradient is the outer product of ``gradients[t]`` and ``inputs[t]``.

    After the inputs stands the constant one, so that the bias is a column of the weight; then zeros may follow.
    The model's own gradient has them ``times`` over, each time with one sign or the other.
    """

    inputs: Numbers
    gradients: Numbers
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerShape:
    """How many ``outputs`` and ``inputs`` a layer has, and how many ``rows`` and ``columns`` with one and padding.

    Of two classes the books have the second alone where the layer ``is_mirrored``: whatever moves it moves the
    first by as much the other way.
    """

    outputs: int
    inputs: int
    rows: int
    columns: int
    is_mirrored: bool = False


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

    def shorten(self, layers: Books, found: NDArray[np.float64]) -> None:
        """Multiply each row's gradients by its factor, and put zeros in all of a row with the factor zero.

        For what is not finite no factor will do: zero times it would be no number and spoil the whole product.
        Every row is gone through alike, whatever is found.
        """

    def add_product(
        self, total: NDArray[np.float64], gradients: Numbers, inputs: Numbers, slots: int = 0
    ) -> None:
        """Add the transpose of gradients (rows, out) times inputs (rows, in) to a total (out, in), in float64.

        Where there are ``slots``, the product of each so many rows, one after another, is rounded to float32.
        """


def squares(rows: Numbers) -> NDArray[np.float64]:
    """The squared length of each row, each by a sum of its own, and more than is lost where squares are too small.

    Sums of ``PIECE`` squares are added up in float64.
    """
    lost = rows.shape[1] * float(np.finfo(rows.dtype).tiny) / roundoff(rows)
    end = rows.shape[1] // PIECE * PIECE
    rest, pieces = rows[:, end:], rows[:, :end].reshape(len(rows), -1, PIECE)
    found: NDArray[np.float64] = np.vecdot(rest, rest).astype(np.float64) + lost
    if end:
        found += np.vecdot(pieces, pieces).astype(np.float64).sum(axis=1)
    return found


def summed(rows: Numbers) -> int:
    """How many roundings of its own kind a squared length has: those of a piece, and all others in one."""
    width: int = rows.shape[1]
    return width if rows.dtype == np.float64 else min(width, PIECE + 1)


def roundoff(rows: Numbers) -> float:
    """u: how far a rounded number of this kind is off, at most, beside itself."""
    return float(np.finfo(rows.dtype).eps) / 2


def kept(found: NDArray[np.float64]) -> NDArray[np.int64]:
    """All bits (rows, 1) of a row that has a factor, and none of one with the factor zero."""
    return -(found[:, None] > 0).astype(np.int64)
