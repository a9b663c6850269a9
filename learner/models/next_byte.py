"""A language model over the bytes of a text: at each byte it scores which one follows, and no byte looks ahead.

No job asks for one: a job has one label a row and at most a million parameters. It is here to hold the engine against
others where models are large, by `benchmarks/dp_step.py` and tests, and by nothing else. What a row adds to each
tensor is formed, as in `learner.models.transformer`; its loss is the mean over all bytes that have one behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from learner.data import Rows
from learner.dp.units import granule_of
from learner.models.activations import Activation
from learner.models.byte_blocks import ByteBlocks, ByteBlocksRoom
from learner.models.formed_network import FormedNetwork
from learner.models.position_wise import PositionRoom, PositionWise
from learner.models.rooms import Room
from learner.protocol import BYTES, TextBlocks


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room(Room):
    """Room for a block of texts, and the scores of each byte."""

    inner: ByteBlocksRoom
    head: PositionRoom


class NextByte(FormedNetwork[_Room]):
    """Blocks of attention that look back, and an affine layer on what they give out for each byte."""

    def __init__(self, blocks: TextBlocks, activation: Activation, rows: Rows, block: int) -> None:
        self._blocks = ByteBlocks(blocks, activation, rows, looks_back=True)
        self._head = PositionWise(blocks.length, blocks.numbers, BYTES)
        shapes = next_byte_shapes(blocks).values()
        layers = (*self._blocks.shapes, self._head.shape)
        super().__init__(list(shapes), layers, block, granule_of(blocks.length, block))

    def outputs_at(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """From rows to their losses, the mean over the bytes of each, (1, rows)."""
        self._take(theta)

        def losses(rows: NDArray[np.int64]) -> NDArray[np.float64]:
            room = self._filled(rows)
            following, shares = _told(room.inner)
            each = functional.cross_entropy(room.head.given.transpose(1, 2), following, reduction="none")
            found: NDArray[np.float64] = (each * shares).sum(dim=1)[None, : len(rows)].double().numpy()
            return found

        return losses

    def _formed(self, room: _Room) -> list[Tensor]:
        return [*room.inner.formed, room.head.formed]

    def _room(self, size: int) -> _Room:
        return _Room(inner=self._blocks.room(size), head=self._head.room(size))

    def _set_weights(self, tensors: Sequence[NDArray[np.float64]]) -> None:
        *inner, weight, bias = tensors
        self._blocks.set_weights(inner)
        self._head.set_weights(weight, bias)

    def _forward(self, room: _Room, rows: NDArray[np.int64]) -> None:
        """Fill the scores of each byte."""
        self._head.forward(room.head, self._blocks.forward(room.inner, rows))

    def _backward(self, room: _Room) -> None:
        """Fill what each row adds, from the scores to the table."""
        following, shares = _told(room.inner)
        slopes, norm = room.head.slopes, room.inner.norm
        torch.softmax(room.head.given, dim=-1, out=slopes)
        rows, places = torch.meshgrid(*map(torch.arange, following.shape), indexing="ij")
        slopes[rows, places, following] -= 1.0
        slopes.mul_(shares[..., None])
        self._head.backward(room.head, norm.given, norm.slopes)
        self._blocks.backward(room.inner)


def next_byte_shapes(blocks: TextBlocks) -> dict[str, tuple[int, ...]]:
    """The tensors in their order."""
    head = {"linear.weight": (BYTES, blocks.numbers), "linear.bias": (BYTES,)}
    return {"embedding.weight": (BYTES, blocks.numbers)} | blocks.shapes() | head


def _told(room: ByteBlocksRoom) -> tuple[Tensor, Tensor]:
    """Which byte follows each, and its share in the loss of its row, zero where none does: (rows, places) both."""
    following = torch.roll(room.texts.codes, -1, dims=1)
    following[:, -1] = 0
    known = room.texts.present[..., 0] * (following != 0)
    return following, known / known.sum(dim=1, keepdim=True).clamp_(min=1.0)
