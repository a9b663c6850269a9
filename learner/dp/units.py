"""Which rows belong to which privacy unit: what is sampled and clipped is a unit, never a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The rows of each privacy unit: unit u has ``rows[starts[u]:starts[u + 1]]``."""

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many units there are."""
        return len(self.starts) - 1

    def rows_of(self, members: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows of the members one after another, and for each row its member's place in ``members``."""
        counts = self.starts[members + 1] - self.starts[members]
        before = np.cumsum(counts) - counts
        slots = np.repeat(np.arange(len(members)), counts)
        return self.rows[np.arange(len(slots)) + (self.starts[members] - before)[slots]], slots
