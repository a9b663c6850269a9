"""Attention: each byte takes in of the others as much as its question fits their key, in several heads, row by row.

Vaswani et al., "Attention Is All You Need" (2017), section 3.2. Every product is of one row's own numbers. Where there
is no byte nothing is looked at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from learner.models import precision
from learner.models.precision import zeros
from learner.models.rooms import Room, room_with_one
from learner.protocol import UNSEEN


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionRoom(Room):
    """Room for a block: questions, keys and values, what is taken in of the values, the shares, and the way back.

    By head (rows, heads, places, numbers of a head), ``shares`` and ``fits`` (rows, heads, places, places); ``given``,
    with a one behind it, and ``slopes``, how the loss moves with it, (rows, places, numbers with padding).
    """

    questions: Tensor
    keys: Tensor
    values: Tensor
    found: Tensor
    passing: Tensor
    shares: Tensor
    fits: Tensor
    given: Tensor
    slopes: Tensor


class Attention:
    """So many heads over so many places; it has no weights of its own."""

    def __init__(self, places: int, numbers: int, heads: int) -> None:
        self._places, self._numbers, self._heads, self._wide = places, numbers, heads, numbers // heads
        self._measure = 1 / math.sqrt(self._wide)

    def room(self, size: int) -> AttentionRoom:
        """Room for so many rows."""
        heads, places = self._heads, self._places
        by_head = ("questions", "keys", "values", "found", "passing")
        given = room_with_one(size, places, self._numbers)
        return AttentionRoom(
            **{name: zeros(size, heads, places, self._wide) for name in by_head},
            shares=zeros(size, heads, places, places),
            fits=zeros(size, heads, places, places),
            given=given,
            slopes=torch.zeros_like(given),
        )

    def forward(self, room: AttentionRoom, asked: Tensor, unseen: Tensor) -> Tensor:
        """What each place takes in, with a one behind it, of questions, keys and values (rows, places, 3 * numbers).

        ``unseen`` is what is taken off each fit, (rows, 1, 1 or places, places).
        """
        for place, part in enumerate((room.questions, room.keys, room.values)):
            part.copy_(self._by_head(asked, place))
        _products(room.questions, room.keys.transpose(2, 3), room.fits)
        torch.add(unseen, room.fits, alpha=self._measure, out=room.fits)
        torch.softmax(room.fits, dim=-1, out=room.shares)
        _products(room.shares, room.values, room.found)
        self._by_head(room.given, 0).copy_(room.found)
        return room.given

    def backward(self, room: AttentionRoom, back: Tensor) -> None:
        """Fill how the loss moves with questions, keys and values (rows, places, 3 * numbers)."""
        given = room.passing
        given.copy_(self._by_head(room.slopes, 0))
        # of each place the mean of how the loss moves with its shares, which add up to one
        means = room.found.mul_(given).sum(dim=-1, keepdim=True)
        _products(given, room.values.transpose(2, 3), room.fits)
        room.fits.sub_(means).mul_(room.shares).mul_(self._measure)
        pairs = (
            (room.fits, room.keys),
            (room.fits.transpose(2, 3), room.questions),
            (room.shares.transpose(2, 3), given),
        )
        for place, (left, right) in enumerate(pairs):
            _products(left, right, room.found)
            self._by_head(back, place).copy_(room.found)

    def _by_head(self, values: Tensor, part: int) -> Tensor:
        """The numbers of each head (rows, heads, places, numbers of a head) of a part of those of each place."""
        mine = values[..., part * self._numbers : (part + 1) * self._numbers]
        return mine.view(*mine.shape[:2], self._heads, self._wide).transpose(1, 2)


def unseen(present: Tensor, following: Tensor | None = None) -> Tensor:
    """What is taken off the fit of a place with no byte (rows, 1, 1, places), ``present`` being (rows, places, 1).

    And off that of what follows, (rows, 1, places, places), where it is given.
    """
    absent = (present[..., 0] - 1.0).mul_(UNSEEN)[:, None, None, :]
    return absent if following is None else torch.minimum(absent, following)


def following(places: int) -> Tensor:
    """What is taken off the fit of each place with one that follows it, (places, places)."""
    return torch.full((places, places), -UNSEEN, dtype=precision.PRECISION).triu(1)


def _products(left: Tensor, right: Tensor, out: Tensor) -> None:
    """The product of each head of each row, by itself."""
    torch.bmm(left.flatten(0, 1), right.flatten(0, 1), out=out.flatten(0, 1))
