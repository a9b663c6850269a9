"""How privacy numbers are shown: what is spent never looks smaller, what is left never looks larger."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from math import ceil, floor


def shown_spent(amount: Decimal, places: int = 2) -> str:
    """An ε that is spent or would be, rounded up: 2.581 is shown as 2.59."""
    return f"{amount.quantize(Decimal(1).scaleb(-places), ROUND_CEILING):f}"


def shown_left(amount: Decimal, places: int = 2) -> str:
    """An ε that is left, rounded down and never below 0: 2.589 is shown as 2.58."""
    return f"{max(amount, Decimal(0)).quantize(Decimal(1).scaleb(-places), ROUND_FLOOR):f}"


def percent_spent(share: Fraction, places: int = 1) -> Decimal:
    """A spent share in percent, rounded up."""
    return Decimal(ceil(share * 100 * 10**places)).scaleb(-places)


def percent_left(share: Fraction, places: int = 1) -> Decimal:
    """What a spent share leaves in percent, rounded down and never below 0."""
    return Decimal(max(floor((1 - share) * 100 * 10**places), 0)).scaleb(-places)
