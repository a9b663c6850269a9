"""Attention: each byte takes in of the others as much as its question fits their key, in several heads, row by row.

Vaswani et al., "Attention Is All You Need" (2017), section 3.2. Every product is of one row's own numbers. Where there
is no byte nothing is looked at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from learner.models.precision import zeros
from learner.protocol import UNSEEN


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionRoom:
    """Room for a block: questions, keys and values by head, the shares, and what is given out.

    ``parts`` (rows, 3, heads, places, numbers of a head), ``shares`` and ``fits`` (rows, heads, places, places).
    """

    parts: Tensor
    shares: Tensor
    fits: Tensor
    given: Tensor

    def first(self, size: int) -> Self:
        """The room for the first ``size`` rows."""
        return type(self)(**{name: getattr(self, name)[:size] for name in self.__slots__})


class Attention:
    """So many heads over so many places; it has no weights of its own."""

    def __init__(self, places: int, numbers: int, heads: int) -> None:
        self._places, self._numbers, self._heads, self._wide = places, numbers, heads, numbers // heads
        self._measure = 1 / math.sqrt(self._wide)

    def room(self, size: int) -> AttentionRoom:
        """Room for so many rows."""
        heads, places = self._heads, self._places
        return AttentionRoom(
            parts=zeros(size, 3, heads, places, self._wide),
            shares=zeros(size, heads, places, places),
            fits=zeros(size, heads, places, places),
            given=zeros(size, places * self._numbers),
        )

    def forward(self, room: AttentionRoom, values: Tensor, present: Tensor) -> Tensor:
        """What each place takes in (rows, places * numbers) of questions, keys and values, three times as many."""
        room.parts.copy_(self._by_head(values, 3))
        questions, keys, taken = self._parts(room)
        torch.bmm(questions, keys.transpose(1, 2), out=room.fits.view(len(questions), self._places, -1))
        unseen = (present[..., 0] - 1.0).mul_(UNSEEN)
        room.fits.mul_(self._measure).add_(unseen[:, None, None, :])
        torch.softmax(room.fits, dim=-1, out=room.shares)
        found = torch.bmm(room.shares.flatten(0, 1), taken).view(-1, 1, *room.parts.shape[2:])
        self._by_head(room.given, 1).copy_(found)
        return room.given

    def backward(self, room: AttentionRoom, slopes: Tensor) -> Tensor:
        """How the loss moves with questions, keys and values, by how it moves with what was given out."""
        questions, keys, taken = self._parts(room)
        shares = room.shares.flatten(0, 1)
        given = self._by_head(slopes, 1).contiguous().view(questions.shape)
        found_before = self._by_head(room.given, 1).contiguous().view(questions.shape)
        # of each place the mean of how the loss moves with its shares, which add up to one
        means = (given * found_before).sum(dim=-1, keepdim=True)
        of_fits = torch.bmm(given, taken.transpose(1, 2), out=room.fits.view(shares.shape))
        of_fits.sub_(means).mul_(shares).mul_(self._measure)
        found = (
            torch.bmm(of_fits, keys),
            torch.bmm(of_fits.transpose(1, 2), questions),
            torch.bmm(shares.transpose(1, 2), given),
        )
        parts = torch.stack([each.view(-1, *room.parts.shape[2:]) for each in found], dim=1)
        return parts.permute(0, 3, 1, 2, 4).flatten(1)

    def _by_head(self, values: Tensor, parts: int) -> Tensor:
        """The numbers of each head (rows, parts, heads, places, numbers of a head) of those of each place."""
        whole = values.view(len(values), self._places, parts, self._heads, self._wide)
        return whole.permute(0, 2, 3, 1, 4)

    def _parts(self, room: AttentionRoom) -> list[Tensor]:
        """Questions, keys and values, (rows * heads, places, numbers of a head) each."""
        return [room.parts[:, place].flatten(0, 1) for place in range(3)]
