"""How privacy numbers are shown: what is spent never looks smaller than it is."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from math import ceil


def shown_spent(amount: Decimal, places: int = 2) -> str:
    """An ε that is spent or would be, rounded up: 2.581 is shown as 2.59."""
    return f"{amount.quantize(Decimal(1).scaleb(-places), ROUND_CEILING):f}"


def percent_spent(share: Fraction, places: int = 1) -> Decimal:
    """A spent share in percent, rounded up."""
    return Decimal(ceil(share * 100 * 10**places)).scaleb(-places)
