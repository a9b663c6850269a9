"""The affine layer over what a network of kernels makes of a row: to the scores and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.data import Block
from learner.dp.books import Layer, LayerShape
from learner.dp.units import padded
from learner.models.activations import filled_up
from learner.models.losses import Loss, residuals
from learner.models.precision import zeros
from learner.models.rooms import BEHIND, room_with_one


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRoom:
    """Room for a block at the last layer: what it takes in, with a one behind it, the scores, and the way back.

    Its rows are padded whatever those of the other layers are.
    """

    taken: Tensor
    scores: Tensor
    slopes: Tensor
    given_back: Tensor

    def first(self, size: int) -> Self:
        """The room for the first ``size`` rows, and their padding."""
        return type(self)(**{name: getattr(self, name)[: padded(size)] for name in self.__slots__})


class LastLayer:
    """The weights of the last layer, there and back, with the padding of their widths."""

    def __init__(self, outputs: int, inputs: int) -> None:
        self.shape = LayerShape(
            outputs=outputs, inputs=inputs, rows=filled_up(outputs), columns=filled_up(inputs + BEHIND)
        )
        self._forth = zeros(self.shape.columns, self.shape.rows)
        self._back = zeros(self.shape.rows, self.shape.columns)

    def room(self, size: int) -> ScoreRoom:
        """Room for so many rows, and their padding."""
        size = padded(size)
        return ScoreRoom(
            taken=room_with_one(size, self.shape.inputs),
            scores=zeros(size, self.shape.rows),
            slopes=zeros(size, self.shape.rows),
            given_back=zeros(size, self.shape.columns),
        )

    def set_weights(self, weight: NDArray[np.float64], bias: NDArray[np.float64]) -> None:
        """Take the weight (outputs, inputs) and the bias."""
        outputs, inputs = weight.shape
        self._back.numpy()[:outputs, :inputs] = weight
        self._forth.numpy()[:inputs, :outputs] = weight.T
        self._forth.numpy()[inputs, :outputs] = bias

    def forward(self, room: ScoreRoom) -> None:
        """Fill the scores."""
        room.taken[:, self.shape.inputs] = 1.0  # of a row that was left out it is zero by now
        torch.mm(room.taken, self._forth, out=room.scores)

    def outputs(self, room: ScoreRoom) -> NDArray[np.float64]:
        """The scores (outputs, rows)."""
        return np.ascontiguousarray(room.scores.numpy()[:, : self.shape.outputs].T, dtype=np.float64)

    def backward(self, room: ScoreRoom, loss: Loss, block: Block) -> Tensor:
        """How the loss moves with the scores, which is kept, and with what the layer took in (rows, inputs)."""
        slopes = residuals(loss, self.outputs(room), block.labels, block.known)
        room.slopes.numpy()[:, : self.shape.outputs] = slopes.T
        return self.back(room)

    def booked(self, room: ScoreRoom, rows: int) -> Layer:
        """The books of the first rows."""
        return Layer(inputs=room.taken[:rows].numpy(), gradients=room.slopes[:rows].numpy())

    def back(self, room: ScoreRoom) -> Tensor:
        """How the loss moves with what the layer took in (rows, inputs), by its slopes."""
        return torch.mm(room.slopes, self._back, out=room.given_back)[:, : self.shape.inputs]
