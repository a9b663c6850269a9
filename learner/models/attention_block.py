"""A block of a transformer: attention, and two affine layers on each byte alone, each behind a norm.

What each part finds is added to what it took in. What a row adds to every tensor is formed. The norms stand before the
parts: Xiong et al., "On Layer Normalization in the Transformer Architecture" (2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.dp.books import LayerShape
from learner.models.activations import Activation, activate, times_slope
from learner.models.attention import Attention, AttentionRoom
from learner.models.layer_norm import LayerNorm, LayerNormRoom
from learner.models.position_wise import PositionRoom, PositionWise
from learner.models.rooms import BEHIND, Room


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRoom(Room):
    """Room at one block: its norms and its affine layers in their order, and the attention between."""

    norms: list[LayerNormRoom]
    layers: list[PositionRoom]
    attention: AttentionRoom

    @property
    def formed(self) -> list[Tensor]:
        """What each row adds, in the order of the tensors."""
        (before, behind), (asked, joined, wider, narrower) = self.norms, self.layers
        return [each.formed for each in (before, asked, joined, behind, wider, narrower)]


class AttentionBlock:
    """The layers of a block over so many places, each of so many numbers."""

    def __init__(self, places: int, numbers: int, heads: int, hidden: int, activation: Activation) -> None:
        self._numbers, self._activation = numbers, activation
        self._norms = [LayerNorm(places, numbers) for _ in range(2)]
        self._asked = PositionWise(places, numbers, 3 * numbers)
        self._joined = PositionWise(places, numbers, numbers)
        self._wider = PositionWise(places, numbers, hidden, behind=BEHIND)
        self._narrower = PositionWise(places, hidden, numbers)
        self._attention = Attention(places, numbers, heads)

    @property
    def _parts(self) -> tuple[LayerNorm | PositionWise, ...]:
        """What has weights, in the order of the tensors."""
        before, behind = self._norms
        return before, self._asked, self._joined, behind, self._wider, self._narrower

    @property
    def shapes(self) -> list[LayerShape]:
        """Of its layers, in the order of the tensors."""
        return [each.shape for each in self._parts]

    def room(self, size: int) -> BlockRoom:
        """Room for so many rows."""
        layers = (self._asked, self._joined, self._wider, self._narrower)
        return BlockRoom(
            norms=[each.room(size) for each in self._norms],
            layers=[each.room(size) for each in layers],
            attention=self._attention.room(size),
        )

    def set_weights(self, tensors: Sequence[NDArray[np.float64]]) -> None:
        """Take the twelve tensors in their order."""
        for part, weight, bias in zip(self._parts, tensors[::2], tensors[1::2], strict=True):
            part.set_weights(weight, bias)

    def forward(self, room: BlockRoom, into: Tensor, present: Tensor, unseen: Tensor) -> None:
        """From what the first norm took in to what is given out, (rows, places, numbers)."""
        (before, behind), (asked, joined, wider, narrower) = room.norms, room.layers
        questions = self._asked.forward(asked, self._norms[0].forward(before))
        found = self._attention.forward(room.attention, questions, unseen)
        torch.add(before.taken, self._joined.forward(joined, found), out=behind.taken).mul_(present)
        active = self._wider.forward(wider, self._norms[1].forward(behind))
        activate(self._activation, active)
        wider.given[..., active.shape[2]] = 1.0
        torch.add(behind.taken, self._narrower.forward(narrower, wider.given), out=into).mul_(present)

    def backward(self, room: BlockRoom, slopes: Tensor) -> None:
        """Form what each row adds; of what was given out make how the loss moves with what was taken in."""
        (before, behind), (asked, joined, wider, narrower) = room.norms, room.layers
        narrower.slopes[..., : self._numbers] = slopes
        self._narrower.backward(narrower, wider.given, wider.slopes)
        times_slope(self._activation, wider.slopes, wider.given)
        self._wider.backward(wider, behind.given, behind.slopes)
        slopes += self._norms[1].backward(behind)
        joined.slopes[..., : self._numbers] = slopes
        self._joined.backward(joined, room.attention.given, room.attention.slopes)
        self._attention.backward(room.attention, asked.slopes)
        self._asked.backward(asked, before.given, before.slopes)
        slopes += self._norms[0].backward(before)
