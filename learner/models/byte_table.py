"""Where the bytes of a text become numbers, and where those of a whole text become one mean.

What a row adds to the table is a sum over its bytes: it is formed, in the row's own place. A byte that is zero stands
for nothing: it has no numbers, and it counts in no mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.data import Block, Rows
from learner.dp.books import LayerShape
from learner.dp.units import padded
from learner.models.precision import zeros
from learner.protocol import BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class BytesRoom:
    """Room for a block of texts: their labels, their bytes, where there is one, and its share of a mean.

    The labels have their padding. ``codes`` (rows, bytes); ``present`` and ``shares`` (rows, bytes, 1), a share being
    zero where nothing is. ``formed`` is what each row adds to the table (rows, 256 * numbers).
    """

    block: Block
    codes: Tensor
    present: Tensor
    shares: Tensor
    formed: Tensor

    def first(self, size: int) -> Self:
        """The room for the first ``size`` rows."""
        return type(self)(
            block=self.block.first(padded(size)),
            codes=self.codes[:size],
            present=self.present[:size],
            shares=self.shares[:size],
            formed=self.formed[:size],
        )


class ByteTable:
    """The numbers of each byte, over the texts of these rows."""

    def __init__(self, rows: Rows, length: int, numbers: int) -> None:
        self._rows, self._length, self._numbers = rows, length, numbers
        self._slots = BYTES * np.arange(length, dtype=np.int32)
        self._table = zeros(BYTES, numbers)
        columns = BYTES * numbers
        self.shape = LayerShape(outputs=1, inputs=columns - 1, rows=1, columns=columns)

    def set_weights(self, table: NDArray[np.float64]) -> None:
        """Take the table (256, numbers)."""
        self._table.numpy()[1:] = table[1:]  # a byte that is zero has no numbers

    def room(self, size: int) -> BytesRoom:
        """Room for so many rows."""
        return BytesRoom(
            block=self._rows.labels_alone(padded(size)),
            codes=torch.zeros((size, self._length), dtype=torch.int64),
            present=zeros(size, self._length)[..., None],
            shares=zeros(size, self._length)[..., None],
            formed=zeros(size, BYTES * self._numbers),
        )

    def take_in(self, room: BytesRoom, rows: NDArray[np.int64]) -> Tensor:
        """Put in the bytes of the given rows, and then empty texts; their numbers (rows, bytes * numbers)."""
        count = len(rows)
        self._rows.fill_labels(room.block, rows)
        room.codes.numpy()[:count] = self._rows.codes[rows] - self._slots
        room.codes[count:] = 0
        room.present.copy_((room.codes != 0)[..., None])
        lengths = room.present.sum(dim=1, keepdim=True).clamp_(min=1.0)  # whole numbers: exact in any order
        torch.div(room.present, lengths, out=room.shares)
        return self._table[room.codes.flatten()].view(len(room.codes), -1)

    def form(self, room: BytesRoom, back: Tensor) -> None:
        """What each row adds to the table: at each of its bytes how the loss moves with its numbers."""
        count = len(room.codes)
        slopes = back.reshape(count, self._length, -1) * room.present
        first = BYTES * torch.arange(count)[:, None]
        room.formed.zero_()
        table = room.formed.view(count * BYTES, self._numbers)
        table.index_add_(0, (room.codes + first).flatten(), slopes.view(-1, self._numbers))


def add_means(taken: Tensor, shares: Tensor, values: Tensor) -> None:
    """The mean over the bytes of each row (rows, numbers), each row by a product of its own."""
    places = values.view(len(shares), shares.shape[1], -1)
    means = torch.bmm(shares.transpose(1, 2), places)
    taken[: len(shares), : places.shape[2]] = means[:, 0]
    taken[len(shares) :].zero_()
