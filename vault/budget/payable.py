"""What no vault can pay for, whatever lifetime budget its owner chose."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from vault.budget.filter import MOST_EPSILON, ORDERS, Charge, Filter, admits, caps, part

JOB_SHARE: Final = Fraction(1, 4)
DELTA: Final = Decimal("1e-6")
NOTHING: Final[Charge] = (0,) * len(ORDERS)


def is_payable(cost: Charge) -> bool:
    """Whether a job of this cost is within what one job may use of the largest lifetime budget of any vault."""
    largest = part(caps(MOST_EPSILON, DELTA).budgets, JOB_SHARE)
    return admits(Filter(name="job", budgets=largest, spent=NOTHING), cost)
