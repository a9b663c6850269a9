"""A small transformer over the bytes of a text that scores the text: an explicit way forward and back.

What a row adds to each tensor but those of the last layer is a sum over its bytes: it is formed, row by row, and that
very array is booked, bounded and added up, as in `learner.models.kernels`. A byte that is zero counts in no mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.data import Rows
from learner.dp.units import granule_of
from learner.models.byte_blocks import ByteBlocks, ByteBlocksRoom
from learner.models.byte_table import add_means
from learner.models.scored_network import ScoredNetwork, ScoredRoom
from learner.protocol import Job, blocks_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room(ScoredRoom):
    """Room for a block of texts, and the scores."""

    inner: ByteBlocksRoom


class Transformer(ScoredNetwork[_Room]):
    """Blocks of attention over bytes, the mean over a text, and an affine layer."""

    def __init__(self, job: Job, rows: Rows, block: int) -> None:
        blocks = blocks_of(job.model)
        self._numbers = blocks.numbers
        self._blocks = ByteBlocks(blocks, job.model.activation, rows)
        super().__init__(job, block, self._blocks.shapes, granule_of(blocks.length, block))

    def _formed(self, room: _Room) -> list[Tensor]:
        return room.inner.formed

    def _room(self, size: int) -> _Room:
        return _Room(inner=self._blocks.room(size), last=self._last.room(size))

    def _set_inner(self, tensors: Sequence[NDArray[np.float64]]) -> None:
        self._blocks.set_weights(tensors)

    def _forward(self, room: _Room, rows: NDArray[np.int64]) -> None:
        """Fill the blocks in turn, and the means."""
        given = self._blocks.forward(room.inner, rows)
        add_means(room.last.taken, room.inner.texts.shares, given[..., : self._numbers])

    def _backward(self, room: _Room) -> None:
        """Fill what each row adds, from the last layer to the table."""
        texts, slopes = room.inner.texts, room.inner.norm.slopes
        back = self._last.backward(room.last, self._job.loss, texts.block)[: len(slopes)]
        torch.mul(back[:, None], texts.shares, out=slopes[..., : self._numbers])
        self._blocks.backward(room.inner)
