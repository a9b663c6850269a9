"""How privacy numbers are shown: what is spent never looks smaller than it is."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil


def percent_spent(share: Fraction, places: int = 1) -> Decimal:
    """A spent share in percent, rounded up."""
    return Decimal(ceil(share * 100 * 10**places)).scaleb(-places)
