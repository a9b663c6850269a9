"""A small transformer over the bytes of a text: an explicit way forward and back, each row by itself.

What a row adds to each tensor but those of the last layer is a sum over its bytes: it is formed, row by row, and that
very array is booked, bounded and added up, as in `learner.models.kernels`. A byte that is zero stands for nothing: it
has no numbers, nobody looks at it, and it counts in no mean. The norms stand before the parts of a block: Xiong et al.,
"On Layer Normalization in the Transformer Architecture" (2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.data import Rows
from learner.dp.books import LayerShape
from learner.models import precision
from learner.models.activations import Activation, times_slope
from learner.models.attention import Attention, AttentionRoom
from learner.models.byte_table import BytesRoom, ByteTable, add_means
from learner.models.formed_network import FormedNetwork, Parts, Rooms
from learner.models.kernels import (
    Kernel,
    Room,
    convolve,
    convolve_back,
    form_gradients,
    formed_shape,
    without_padding,
)
from learner.models.norms import Norm, NormRoom
from learner.protocol import Job, TextBlocks, blocks_of, waves


@dataclass(frozen=True, slots=True, kw_only=True)
class _BlockRoom(Parts):
    """Room at one block of attention: its norms and its affine layers in their order, and the attention between."""

    norms: list[NormRoom]
    layers: list[Room]
    attention: AttentionRoom

    @property
    def formed(self) -> list[Tensor]:
        """What each row adds, in the order of the tensors."""
        (before, behind), (asked, joined, wider, narrower) = self.norms, self.layers
        return [each.formed for each in (before, asked, joined, behind, wider, narrower)]


class _Block:
    """Attention, and two affine layers on each byte alone; what each part finds is added to what it took in."""

    def __init__(self, blocks: TextBlocks, hidden: int, activation: Activation) -> None:
        wide = blocks.numbers
        self._activation: Activation = activation
        self._norms = [Norm(blocks.length, wide) for _ in range(2)]
        sizes = ((wide, 3 * wide), (wide, wide), (wide, hidden), (hidden, wide))
        self._layers = [Kernel(blocks.affine(taken, given)) for taken, given in sizes]
        self._attention = Attention(blocks.length, wide, blocks.heads)

    @property
    def shapes(self) -> list[LayerShape]:
        """Its layers, in the order of the tensors."""
        (before, behind), layers = self._norms, [formed_shape(each) for each in self._layers]
        return [before.shape, *layers[:2], behind.shape, *layers[2:]]

    def room(self, size: int) -> _BlockRoom:
        """Room for so many rows."""
        return _BlockRoom(
            norms=[each.room(size) for each in self._norms],
            layers=[Room.of(each, size) for each in self._layers],
            attention=self._attention.room(size),
        )

    def set_weights(self, tensors: Sequence[NDArray[np.float64]]) -> None:
        """Take the twelve tensors in their order."""
        (before, behind), (asked, joined, wider, narrower) = self._norms, self._layers
        parts: tuple[Kernel | Norm, ...] = (before, asked, joined, behind, wider, narrower)
        for part, weight, bias in zip(parts, tensors[::2], tensors[1::2], strict=True):
            part.set_weights(weight, bias)

    def forward(self, room: _BlockRoom, values: Tensor, present: Tensor) -> Tensor:
        """What is given out for these numbers of bytes, (rows, bytes * numbers) both."""
        questions = self._affine(room, 0, self._norms[0].forward(room.norms[0], values))
        found = self._affine(room, 1, self._attention.forward(room.attention, questions, present))
        values = _where(values + found, present)
        wider = self._affine(room, 2, self._norms[1].forward(room.norms[1], values), self._activation)
        return _where(values + self._affine(room, 3, wider), present)

    def backward(self, room: _BlockRoom, slopes: Tensor, present: Tensor) -> Tensor:
        """Form what each row adds, and give how the loss moves with what was taken in."""
        slopes = _where(slopes, present)
        back = self._affine_back(room, 2, self._affine_back(room, 3, slopes), self._activation)
        slopes = _where(slopes + self._norms[1].backward(room.norms[1], back), present)
        back = self._attention.backward(room.attention, self._affine_back(room, 1, slopes))
        return slopes + self._norms[0].backward(room.norms[0], self._affine_back(room, 0, back))

    def _affine(self, room: _BlockRoom, place: int, values: Tensor, activation: Activation = None) -> Tensor:
        kernel, layer = self._layers[place], room.layers[place]
        convolve(kernel, layer, values, activation)
        return without_padding(layer.active, kernel.rows, kernel.layer.filters)

    def _affine_back(
        self, room: _BlockRoom, place: int, slopes: Tensor, activation: Activation = None
    ) -> Tensor:
        kernel, layer = self._layers[place], room.layers[place]
        if kernel.rows > kernel.layer.filters:
            layer.slopes.zero_()  # the padding may hold what a row before left there
        each = layer.slopes.view(len(slopes), -1, kernel.rows)[..., : kernel.layer.filters]
        each.copy_(slopes.reshape(each.shape))
        if activation is not None:
            times_slope(activation, layer.slopes, layer.active)
        form_gradients(kernel, layer)
        return convolve_back(kernel, layer)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rooms(Rooms):
    """Room for a block of texts: their bytes, the blocks of attention, the norm behind them, and the scores."""

    texts: BytesRoom
    blocks: list[_BlockRoom]
    norm: NormRoom


class Transformer(FormedNetwork[_Rooms]):
    """A table of bytes with waves that tell their places, blocks of attention, a mean, and an affine layer."""

    def __init__(self, job: Job, rows: Rows, block: int) -> None:
        blocks = blocks_of(job.model)
        self._table = ByteTable(rows, blocks.length, blocks.numbers)
        self._waves = torch.tensor(waves(blocks.length, blocks.numbers), dtype=precision.PRECISION)
        self._blocks = [_Block(blocks, hidden, job.model.activation) for hidden in blocks.hidden]
        self._norm = Norm(blocks.length, blocks.numbers)
        inner = [shape for each in self._blocks for shape in each.shapes]
        super().__init__(job, block, [self._table.shape, *inner, self._norm.shape])

    def _formed(self, room: _Rooms) -> list[Tensor]:
        inner = [formed for each in room.blocks for formed in each.formed]
        return [room.texts.formed, *inner, room.norm.formed]

    def _room(self, size: int) -> _Rooms:
        return _Rooms(
            texts=self._table.room(size),
            blocks=[each.room(size) for each in self._blocks],
            norm=self._norm.room(size),
            last=self._last.room(size),
        )

    def _set_inner(self, tensors: Sequence[NDArray[np.float64]]) -> None:
        table, *inner, scale, shift = tensors
        self._table.set_weights(table)
        each = len(inner) // len(self._blocks)
        for place, block in enumerate(self._blocks):
            block.set_weights(inner[place * each : (place + 1) * each])
        self._norm.set_weights(scale, shift)

    def _forward(self, room: _Rooms, rows: NDArray[np.int64]) -> None:
        """Fill the blocks in turn, and the means."""
        present = room.texts.present
        values = self._table.take_in(room.texts, rows)
        values = _where(values + self._waves, present)
        for block, layer in zip(self._blocks, room.blocks, strict=True):
            values = block.forward(layer, values, present)
        add_means(room.last.taken, room.texts.shares, self._norm.forward(room.norm, values))

    def _backward(self, room: _Rooms) -> None:
        """Fill what each row adds, from the last layer to the table."""
        back = self._last.backward(room.last, self._job.loss, room.texts.block)
        slopes = self._norm.backward(room.norm, (back[:, None] * room.texts.shares).flatten(1))
        for block, layer in zip(self._blocks[::-1], room.blocks[::-1], strict=True):
            slopes = block.backward(layer, slopes, room.texts.present)
        self._table.form(room.texts, slopes)


def _where(values: Tensor, present: Tensor) -> Tensor:
    """The numbers of the bytes that there are, and zeros for the others."""
    return (values.view(len(present), present.shape[1], -1) * present).flatten(1)
