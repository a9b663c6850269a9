"""What networks compute rows in, float32, and how what rows add is bounded and summed up.

The sum is one of float64, where float32 numbers are exact, so that how it rounds has nothing to do with how rows
were computed; or, over units in random order, one of products of a few of them that are rounded to float32.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.dp.books import Books, Numbers, kept

# what rows are computed in
PRECISION = torch.float32
_BITS = {torch.float32: torch.int32, torch.float64: torch.int64}
_SLAB: Final = 1 << 18  # numbers that are made float64 at once, so that they stay in the cache


def zeros(*shape: int) -> Tensor:
    """Room for so many numbers, all of them zero."""
    return torch.zeros(shape, dtype=PRECISION)


def shorten(layers: Books, found: NDArray[np.float64], *, finite: int = 0) -> None:
    """Multiply each row's gradients by its factor, and put zeros in all of a row with the factor zero.

    The inputs of the first ``finite`` layers are so by their coding, and stay.
    """
    each = torch.from_numpy(found).to(PRECISION)[:, None]
    bits = torch.from_numpy(kept(found)).to(_BITS[PRECISION])
    for place, layer in enumerate(layers):
        gradients = torch.from_numpy(layer.gradients).mul_(each)
        gradients.view(bits.dtype).bitwise_and_(bits)
        if place >= finite:
            torch.from_numpy(layer.inputs).view(bits.dtype).bitwise_and_(bits)


class Products:
    """Products of what rows add, with room of their own for numbers on the way there."""

    def __init__(self) -> None:
        self._left, self._right = (torch.empty(0, dtype=torch.float64) for _ in range(2))
        self._found = torch.empty(0, dtype=PRECISION)

    def add(self, total: NDArray[np.float64], gradients: Numbers, inputs: Numbers, slots: int = 0) -> None:
        """Add the transpose of gradients (rows, out) times inputs (rows, in) to a total (out, in), in float64.

        Where there are ``slots``, the product of each so many rows, one after another, is rounded to float32.
        """
        if slots:
            self._add_rounded(total, gradients, inputs, slots)
            return
        sums, left, right = (torch.from_numpy(each) for each in (total, gradients, inputs))
        wide = max(1, _SLAB // len(right))
        self._left, left = _in_float64(left, self._left)
        for first in range(0, right.shape[1], wide):
            columns = slice(first, first + wide)
            self._right, slab = _in_float64(right[:, columns], self._right)
            sums[:, columns].addmm_(left.T, slab)

    def _add_rounded(
        self, total: NDArray[np.float64], gradients: Numbers, inputs: Numbers, slots: int
    ) -> None:
        left, right = torch.from_numpy(gradients).T, torch.from_numpy(inputs)
        if self._found.numel() < total.size:
            self._found = torch.empty(total.size, dtype=PRECISION)
        found = self._found[: total.size].view(total.shape)
        for first in range(0, len(right), slots):
            torch.mm(left[:, first : first + slots], right[first : first + slots], out=found)
            np.add(total, found.numpy(), out=total)


def _in_float64(rows: Tensor, room: Tensor) -> tuple[Tensor, Tensor]:
    """Room that is large enough, and the rows in float64, copied there where they are not."""
    if rows.dtype == torch.float64:
        return room, rows
    if room.numel() < rows.numel():
        room = torch.empty(rows.numel(), dtype=torch.float64)
    return room, room[: rows.numel()].view(rows.shape).copy_(rows)
