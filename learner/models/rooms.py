"""Room for a block of rows, made once and used again: of a smaller block it is the beginning."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final, Self

from torch import Tensor

from learner.models.activations import filled_up
from learner.models.precision import zeros

BEHIND: Final = 1
"""Behind the numbers that a layer takes in stands a one, for the bias."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Room for a block of rows, in parts: tensors by row, parts that have a first of their own, and lists of either."""

    def first(self, size: int) -> Self:
        """The room for the first ``size`` rows."""
        return type(self)(**{each.name: _first_of(getattr(self, each.name), size) for each in fields(self)})


def room_with_one(*sizes: int) -> Tensor:
    """Room for numbers of these sizes that a layer takes in, with a one behind the last of them, and padding."""
    *rows, numbers = sizes
    room = zeros(*rows, filled_up(numbers + BEHIND))
    room[..., numbers] = 1.0
    return room


def _first_of(part: Any, size: int) -> Any:
    if isinstance(part, list):
        return [_first_of(each, size) for each in part]
    return part[:size] if isinstance(part, Tensor) else part.first(size)
