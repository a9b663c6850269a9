"""Layer norm, of texts: the numbers of each place of a row brought to mean zero and length one.

A mean and a length are of one place alone. What a row adds to scale and shift is a sum over its places: it is formed,
row by row, in a product of its own. Ba, Kiros, Hinton, "Layer Normalization" (2016).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.dp.books import LayerShape
from learner.models import precision
from learner.models.precision import zeros
from learner.models.rooms import Room, room_with_one
from learner.protocol import LEAST_VARIANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerNormRoom(Room):
    """Room for a block at one norm: what it takes in, that brought to one length, what it gives out, and the way back.

    ``taken`` and ``normed`` (rows, places, numbers); ``means`` and ``inverse``, one over the length, (rows, places, 1);
    ``given``, with a one behind it, and ``slopes``, how the loss moves with it, (rows, places, numbers with padding);
    ``formed`` (rows, 2 * numbers).
    """

    taken: Tensor
    normed: Tensor
    means: Tensor
    inverse: Tensor
    given: Tensor
    slopes: Tensor
    formed: Tensor


class LayerNorm:
    """A scale and a shift for each of the numbers of so many places."""

    def __init__(self, places: int, numbers: int) -> None:
        self._places, self._numbers = places, numbers
        self._scale, self._shift = zeros(numbers), zeros(numbers)
        self._ones = torch.ones((1, places), dtype=precision.PRECISION)
        columns = 2 * numbers
        self.shape = LayerShape(outputs=1, inputs=columns - 1, rows=1, columns=columns)

    def set_weights(self, scale: NDArray[np.float64], shift: NDArray[np.float64]) -> None:
        """Take scale and shift, (numbers,) each."""
        self._scale.numpy()[:], self._shift.numpy()[:] = scale, shift

    def room(self, size: int) -> LayerNormRoom:
        """Room for so many rows."""
        places, numbers = self._places, self._numbers
        given = room_with_one(size, places, numbers)
        return LayerNormRoom(
            taken=zeros(size, places, numbers),
            normed=zeros(size, places, numbers),
            means=zeros(size, places, 1),
            inverse=zeros(size, places, 1),
            given=given,
            slopes=torch.zeros_like(given),
            formed=zeros(size, 2 * numbers),
        )

    def forward(self, room: LayerNormRoom) -> Tensor:
        """What is given out for what was taken in, with a one behind it (rows, places, numbers with padding)."""
        found = torch.native_layer_norm(room.taken, (self._numbers,), None, None, LEAST_VARIANCE)
        for each, value in zip((room.normed, room.means, room.inverse), found, strict=True):
            each.copy_(value)
        torch.addcmul(self._shift, room.normed, self._scale, out=room.given[..., : self._numbers])
        return room.given

    def backward(self, room: LayerNormRoom) -> Tensor:
        """Form what each row adds, and give how the loss moves with what was taken in (rows, places, numbers)."""
        slopes = room.slopes[..., : self._numbers]
        room.formed[:, : self._numbers] = self._over_places(slopes * room.normed)
        room.formed[:, self._numbers :] = self._over_places(room.slopes)[:, : self._numbers]
        back: Tensor = torch.ops.aten.native_layer_norm_backward(
            slopes * self._scale,
            room.taken,
            (self._numbers,),
            room.means,
            room.inverse,
            None,
            None,
            [True, False, False],
        )[0]
        return back

    def _over_places(self, values: Tensor) -> Tensor:
        """The sum over the places of each row (rows, numbers), each row by a product of its own."""
        return torch.bmm(self._ones.expand(len(values), 1, -1), values)[:, 0]
