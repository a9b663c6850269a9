"""Numbers that a plot can be drawn of: a learner may have been turned, and what it tells has any size."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_DIGITS: Final = -4
MOST_DIGITS: Final = 6
"""Powers of ten in between are drawn as they are; of others a plot computes infinities or writes every digit."""


def scaled(values: Sequence[float], title: str) -> tuple[list[float], str]:
    """Finite values in a power of ten that fits the largest, and a title that names it where it is not one."""
    largest = Decimal(max(map(abs, values), default=0.0))
    power = largest.adjusted() if largest else 0
    if FEWEST_DIGITS <= power < MOST_DIGITS:
        return list(values), title
    return [float(Decimal(value).scaleb(-power)) for value in values], f"{title}, in 1e{power}"
