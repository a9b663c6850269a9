"""What no vault can pay for, whatever lifetime budget its owner chose."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from vault.budget.filter import MOST_EPSILON, ORDERS, Charge, Filter, admits, caps, part

JOB_SHARE: Final = Fraction(1, 4)
REQUESTER_SHARE: Final = Fraction(1, 2)
DELTA: Final = Decimal("1e-6")
NOTHING: Final[Charge] = (0,) * len(ORDERS)


def is_payable(cost: Charge) -> bool:
    """Whether a job of this cost is within what one job may use of the largest lifetime budget of any vault."""
    return _is_within(JOB_SHARE, cost)


def are_payable(cost: Charge, rounds: int) -> bool:
    """Whether so many rounds of this cost are within what one requester may use of that budget."""
    return _is_within(REQUESTER_SHARE, tuple(rounds * each for each in cost))


def _is_within(share: Fraction, cost: Charge) -> bool:
    largest = part(caps(MOST_EPSILON, DELTA).budgets, share)
    return admits(Filter(name="any", budgets=largest, spent=NOTHING), cost)
