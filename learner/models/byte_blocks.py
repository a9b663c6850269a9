"""Blocks of attention over the bytes of a text, from a table of bytes to a norm behind the last block.

A byte that is zero stands for nothing: it has no numbers, and nobody looks at it. Each row is computed by itself.
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
from learner.models import attention, precision
from learner.models.activations import Activation
from learner.models.attention_block import AttentionBlock, BlockRoom
from learner.models.byte_table import BytesRoom, ByteTable
from learner.models.layer_norm import LayerNorm, LayerNormRoom
from learner.models.rooms import Room
from learner.protocol import TextBlocks, waves


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteBlocksRoom(Room):
    """Room for a block of texts: their bytes, the blocks of attention, and the norm behind them."""

    texts: BytesRoom
    blocks: list[BlockRoom]
    norm: LayerNormRoom

    @property
    def formed(self) -> list[Tensor]:
        """What each row adds, in the order of the tensors."""
        return [
            self.texts.formed,
            *(each for block in self.blocks for each in block.formed),
            self.norm.formed,
        ]


class ByteBlocks:
    """A table of bytes with waves that tell their places, blocks of attention, and a norm.

    Where it ``looks_back`` no byte looks at one that follows it.
    """

    def __init__(
        self, blocks: TextBlocks, activation: Activation, rows: Rows, *, looks_back: bool = False
    ) -> None:
        length, numbers = blocks.length, blocks.numbers
        self._table = ByteTable(rows, length, numbers)
        self._waves = torch.tensor(waves(length, numbers), dtype=precision.PRECISION).view(length, numbers)
        self._blocks = [
            AttentionBlock(length, numbers, blocks.heads, hidden, activation) for hidden in blocks.hidden
        ]
        self._norm = LayerNorm(length, numbers)
        self._following = attention.following(length) if looks_back else None

    @property
    def shapes(self) -> list[LayerShape]:
        """Of its layers, in the order of the tensors."""
        inner = [shape for each in self._blocks for shape in each.shapes]
        return [self._table.shape, *inner, self._norm.shape]

    def room(self, size: int) -> ByteBlocksRoom:
        """Room for so many rows."""
        return ByteBlocksRoom(
            texts=self._table.room(size),
            blocks=[each.room(size) for each in self._blocks],
            norm=self._norm.room(size),
        )

    def set_weights(self, tensors: Sequence[NDArray[np.float64]]) -> None:
        """Take the tensors in their order."""
        table, *inner, scale, shift = tensors
        self._table.set_weights(table)
        each = len(inner) // len(self._blocks)
        for place, block in enumerate(self._blocks):
            block.set_weights(inner[place * each : (place + 1) * each])
        self._norm.set_weights(scale, shift)

    def forward(self, room: ByteBlocksRoom, rows: NDArray[np.int64]) -> Tensor:
        """What is given out for the bytes of these rows, with a one behind it (rows, places, numbers with padding)."""
        present = room.texts.present
        steps = [*(each.norms[0].taken for each in room.blocks), room.norm.taken]
        numbers = self._table.take_in(room.texts, rows).view(steps[0].shape)
        torch.add(numbers, self._waves, out=steps[0]).mul_(present)
        unseen = attention.unseen(present, self._following)
        for block, each, into in zip(self._blocks, room.blocks, steps[1:], strict=True):
            block.forward(each, into, present, unseen)
        return self._norm.forward(room.norm)

    def backward(self, room: ByteBlocksRoom) -> None:
        """Form what each row adds, by how the loss moves with what was given out, from the norm to the table."""
        slopes = self._norm.backward(room.norm)
        for block, each in zip(self._blocks[::-1], room.blocks[::-1], strict=True):
            block.backward(each, slopes)
        self._table.form(room.texts, slopes)
