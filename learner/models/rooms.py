"""Room for a block of rows, made once and used again: of a smaller block it is the beginning."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Room for a block of rows, in parts: tensors by row, parts that have a first of their own, and lists of either."""

    def first(self, size: int) -> Self:
        """The room for the first ``size`` rows."""
        return type(self)(**{each.name: _first_of(getattr(self, each.name), size) for each in fields(self)})


def _first_of(part: Any, size: int) -> Any:
    if isinstance(part, list):
        return [_first_of(each, size) for each in part]
    return part[:size] if isinstance(part, Tensor) else part.first(size)
