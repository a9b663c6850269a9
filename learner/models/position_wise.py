"""Affine layers on the numbers of each place of a row alone: what a row adds to one is a sum over its places.

It is formed, row by row, in a product of its own. Rooms have a one behind the numbers of a place where a layer takes
them in, so that the bias is a column of the weight, and zeros up to the padding. Vaswani et al., "Attention Is All
You Need" (2017), section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.dp.books import LayerShape
from learner.models.activations import filled_up
from learner.models.precision import zeros
from learner.models.rooms import BEHIND, Room


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRoom(Room):
    """Room for a block at one layer: what it gives out, how the loss moves with it, and what each row adds.

    ``given`` and ``slopes`` (rows, places, outputs), ``formed`` (rows, outputs * inputs), all with padding.
    """

    given: Tensor
    slopes: Tensor
    formed: Tensor


class PositionWise:
    """The weights of one layer, there and back, with the padding of their widths.

    What it gives out may have room for a one ``behind`` it, for the next layer.
    """

    def __init__(self, places: int, inputs: int, outputs: int, *, behind: int = 0) -> None:
        self._places = places
        self.shape = LayerShape(
            outputs=outputs,
            inputs=inputs,
            rows=filled_up(outputs + behind),
            columns=filled_up(inputs + BEHIND),
        )
        self._forth = zeros(self.shape.columns, self.shape.rows)
        self._back = zeros(self.shape.rows, self.shape.columns)

    def set_weights(self, weight: NDArray[np.float64], bias: NDArray[np.float64]) -> None:
        """Take the weight (outputs, inputs) and the bias."""
        outputs, inputs = weight.shape
        self._back[:outputs, :inputs] = torch.from_numpy(weight)
        self._forth[:inputs, :outputs] = self._back[:outputs, :inputs].T
        self._forth[inputs, :outputs] = torch.from_numpy(bias)

    def room(self, size: int) -> PositionRoom:
        """Room for so many rows."""
        rows, columns = self.shape.rows, self.shape.columns
        return PositionRoom(
            given=zeros(size, self._places, rows),
            slopes=zeros(size, self._places, rows),
            formed=zeros(size, rows * columns),
        )

    def forward(self, room: PositionRoom, taken: Tensor) -> Tensor:
        """What is given out at each place for what is taken in there, (rows, places, columns)."""
        torch.mm(taken.flatten(0, 1), self._forth, out=room.given.flatten(0, 1))
        return room.given[..., : self.shape.outputs]

    def backward(self, room: PositionRoom, taken: Tensor, back: Tensor) -> None:
        """Form what each row adds, and fill how the loss moves with what was taken in (rows, places, columns)."""
        formed = room.formed.view(len(taken), self.shape.rows, self.shape.columns)
        torch.bmm(room.slopes.transpose(1, 2), taken, out=formed)
        torch.mm(room.slopes.flatten(0, 1), self._back, out=back.flatten(0, 1))
