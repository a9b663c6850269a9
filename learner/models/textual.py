"""A text as its bytes: a table gives each some numbers, convolutions look along them, means go to an affine layer.

Everything is a row's own affair. What a row adds to the table and to each kernel is a sum over its
bytes: it is formed, row by row, and that very array is booked, bounded and added up, as in `learner.models.kernels`.
A byte that is zero stands for nothing: it has no numbers, nothing is active there, and it counts in no mean, so
that a text gives the same however many of them follow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.data import Rows
from learner.models.activations import times_slope
from learner.models.byte_table import BytesRoom, ByteTable, add_means
from learner.models.kernels import (
    Kernel,
    KernelRoom,
    convolve,
    convolve_back,
    form_gradients,
    formed_shape,
    without_padding,
)
from learner.models.scored_network import ScoredNetwork, ScoredRoom
from learner.protocol import Job, convolutions_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room(ScoredRoom):
    """Room for a block of texts: their bytes, and what is made of them."""

    texts: BytesRoom
    layers: list[KernelRoom]


class Textual(ScoredNetwork[_Room]):
    """A table of bytes, convolutions with an activation, the mean over a text, and an affine layer."""

    def __init__(self, job: Job, rows: Rows, block: int) -> None:
        _, self._length, numbers = job.model.image
        self._table = ByteTable(rows, self._length, numbers)
        self._kernels = [Kernel(layer) for layer in convolutions_of(job.model)]
        super().__init__(job, block, [self._table.shape, *(formed_shape(each) for each in self._kernels)])

    def _formed(self, room: _Room) -> list[Tensor]:
        return [room.texts.formed, *(each.formed for each in room.layers)]

    def _room(self, size: int) -> _Room:
        return _Room(
            texts=self._table.room(size),
            layers=[KernelRoom.of(kernel, size) for kernel in self._kernels],
            last=self._last.room(size),
        )

    def _set_inner(self, tensors: Sequence[NDArray[np.float64]]) -> None:
        table, *layers = tensors
        self._table.set_weights(table)
        for place, kernel in enumerate(self._kernels):
            kernel.set_weights(layers[2 * place], layers[2 * place + 1])

    def _forward(self, room: _Room, rows: NDArray[np.int64]) -> None:
        """Fill what is active along the texts in turn, and the means."""
        values = self._table.take_in(room.texts, rows)
        for kernel, layer in zip(self._kernels, room.layers, strict=True):
            convolve(kernel, layer, values, self._job.model.activation)
            self._places(layer.active, kernel).mul_(room.texts.present)
            values = without_padding(layer.active, kernel.rows, kernel.layer.filters)
        add_means(room.last.taken, room.texts.shares, values)

    def _places(self, values: Tensor, kernel: Kernel) -> Tensor:
        return values.view(-1, self._length, kernel.rows)

    def _backward(self, room: _Room) -> None:
        """Fill how the loss moves with each layer, from the last to the table, and what each row adds."""
        back = self._last.backward(room.last, self._job.loss, room.texts.block)
        shares = room.texts.shares
        for kernel, layer in zip(self._kernels[::-1], room.layers[::-1], strict=True):
            layer.slopes.zero_()
            slopes = self._places(layer.slopes, kernel)[..., : kernel.layer.filters]
            torch.mul(back.view(len(shares), -1, kernel.layer.filters), shares, out=slopes)
            times_slope(self._job.model.activation, layer.slopes, layer.active)
            form_gradients(kernel, layer)
            back, shares = convolve_back(kernel, layer), room.texts.present
        self._table.form(room.texts, back)
