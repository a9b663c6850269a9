"""Group norm, of maps: the numbers of each group of channels of a row brought to mean zero and length one.

A mean and a length are of one row alone, never of a batch. What a row adds to scale and shift is a sum over its places:
it is formed, row by row, in a product of its own, as in `learner.models.kernels`. Wu, He, "Group Normalization" (2018).
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
from learner.models.rooms import Room
from learner.protocol import LEAST_VARIANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNormRoom(Room):
    """Room for a block at one norm: numbers brought to one length, one over that length, and what each row adds.

    ``normed`` and ``given`` (rows, places * channels), ``inverse`` (rows, sets), ``formed`` (rows, 2 * channels).
    """

    normed: Tensor
    inverse: Tensor
    given: Tensor
    formed: Tensor


class GroupNorm:
    """A scale and a shift for each of the channels of so many places, in one set a group of channels."""

    def __init__(self, places: int, channels: int, groups: int) -> None:
        self._places, self._channels, self._groups = places, channels, groups
        self._scale, self._shift = zeros(1, channels), zeros(1, channels)
        self._ones = torch.ones((1, places), dtype=precision.PRECISION)
        columns = 2 * channels
        self.shape = LayerShape(outputs=1, inputs=columns - 1, rows=1, columns=columns)

    def set_weights(self, scale: NDArray[np.float64], shift: NDArray[np.float64]) -> None:
        """Take scale and shift, (channels,) each."""
        self._scale.numpy()[0], self._shift.numpy()[0] = scale, shift

    def room(self, size: int) -> GroupNormRoom:
        """Room for so many rows."""
        numbers = self._places * self._channels
        return GroupNormRoom(
            normed=zeros(size, numbers),
            inverse=zeros(size, self._groups),
            given=zeros(size, numbers),
            formed=zeros(size, 2 * self._channels),
        )

    def forward(self, room: GroupNormRoom, values: Tensor) -> Tensor:
        """What is given out for these values, (rows, places * channels) both."""
        sets = self._sets(values)
        centred = sets - sets.mean(dim=-1, keepdim=True)
        lengths = (centred * centred).mean(dim=-1, keepdim=True).add_(LEAST_VARIANCE).sqrt_()
        room.inverse.copy_((1.0 / lengths)[..., 0])
        room.normed.copy_(self._whole(centred * room.inverse[..., None]))
        each = self._by_place(room.normed)
        torch.add(each * self._scale, self._shift, out=self._by_place(room.given))
        return room.given

    def backward(self, room: GroupNormRoom, slopes: Tensor) -> Tensor:
        """Form what each row adds, and give how the loss moves with what was taken in, (rows, places * channels)."""
        each = self._by_place(slopes)
        room.formed[:, : self._channels] = self._over_places(each * self._by_place(room.normed))
        room.formed[:, self._channels :] = self._over_places(each)
        moved, normed = self._sets((each * self._scale).flatten(1)), self._sets(room.normed)
        along = (moved * normed).mean(dim=-1, keepdim=True)
        back = moved - moved.mean(dim=-1, keepdim=True) - normed * along
        return self._whole(back * room.inverse[..., None])

    def _by_place(self, values: Tensor) -> Tensor:
        return values.view(len(values), self._places, self._channels)

    def _over_places(self, values: Tensor) -> Tensor:
        """The sum over the places of each row (rows, channels), each row by a product of its own."""
        ones = self._ones.expand(len(values), 1, -1)
        return torch.bmm(ones, values)[:, 0]

    def _sets(self, values: Tensor) -> Tensor:
        """The numbers of each set side by side, (rows, sets, numbers)."""
        grouped = values.view(len(values), self._places, self._groups, -1)
        return grouped.transpose(1, 2).flatten(2)

    def _whole(self, sets: Tensor) -> Tensor:
        """The same place by place, (rows, places * channels)."""
        return sets.view(len(sets), self._groups, self._places, -1).transpose(1, 2).flatten(1)
