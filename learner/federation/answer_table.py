"""The whole numbers of all answers of a round, (vaults, numbers), in a file of which a block is in memory at a time.

Some vaults at a time lie transposed, so that a block of numbers of theirs is in one piece: going through all of them by
vaults or by numbers reads the file once, and a block of numbers of all vaults is as few pieces as there are groups.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

WholeNumbers: TypeAlias = NDArray[Any]
BLOCK: Final = 1 << 14
"""Numbers of a table that are looked at at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTable:
    """A table in a file that was written by ``written_table``; ``group`` vaults lie together."""

    file: IO[bytes]
    kind: np.dtype[Any]
    count: int
    numbers: int
    group: int

    def by_vaults(self) -> Iterator[tuple[slice, WholeNumbers]]:
        """All of it, a group after the other: which vaults, and their numbers, (vaults, numbers)."""
        for first in range(0, self.count, self.group):
            yield self._slice(first), self._read(first, 0, self.numbers).T

    def by_numbers(self, block: int = BLOCK) -> Iterator[WholeNumbers]:
        """All of it, as many numbers of all vaults at a time as are in a block, at least one: (vaults, some)."""
        width = max(1, block // max(1, self.count))
        for first in range(0, self.numbers, width):
            found = np.empty((min(width, self.numbers - first), self.count), dtype=self.kind)
            for vault in range(0, self.count, self.group):
                found[:, self._slice(vault)] = self._read(vault, first, len(found))
            yield found.T

    def _slice(self, first: int) -> slice:
        return slice(first, min(first + self.group, self.count))

    def _read(self, vault: int, first: int, width: int) -> WholeNumbers:
        """Some numbers of the group that begins with a vault, (numbers, vaults)."""
        together = min(self.group, self.count - vault)
        size, begins = self.kind.itemsize, vault * self.numbers + first * together
        data = os.pread(self.file.fileno(), width * together * size, begins * size)
        return np.frombuffer(data, dtype=self.kind).reshape(width, together)


def written_table(
    file: IO[bytes], answers: Iterable[WholeNumbers], *, numbers: int, kind: str, block: int = BLOCK
) -> AnswerTable:
    """Write the numbers of one vault after the other to an empty file, and keep none; raises ``OSError``."""
    group, count, left = max(1, block // numbers), 0, iter(answers)
    while some := list(islice(left, group)):
        file.write(np.array(some, dtype=kind).T.tobytes())
        count += len(some)
    file.flush()
    return AnswerTable(file=file, kind=np.dtype(kind), count=count, numbers=numbers, group=group)
