"""What no vault can pay for, whatever lifetime budget its owner chose."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from vault.budget.filter import MOST_EPSILON, NANO, ORDERS, Charge, Filter, admits, caps, part
from vault.budget.mechanism import LEAST_NOISE, Mechanism
from vault.budget.pricing import TICKS, charge, most_noise

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


def unpayable_noise(asked: Mechanism, rounds: int, *, epsilon: Decimal, delta: Decimal) -> float | None:
    """A noise multiplier that no vault can pay for, where so many rounds with it cost at most `epsilon` at δ already.

    The least noise that keeps to `epsilon` is no larger then, so nobody can pay for it either: that is known from
    charges alone, before ε is computed. None where it is not known.
    """
    if epsilon < MOST_EPSILON * JOB_SHARE.numerator / JOB_SHARE.denominator:
        return None  # of what costs so little no charge is looked for

    def is_within_reach(ticks: int) -> bool:
        cost = charge(replace(asked, noise_multiplier=ticks / TICKS))
        return is_payable(cost) and are_payable(cost, rounds)

    first, last = round(LEAST_NOISE * TICKS), int(most_noise(asked.clip_norm, asked.grid_exponent) * TICKS)
    noise = (bisect_left(range(last + 1), True, lo=first, key=is_within_reach) - 1) / TICKS
    if noise < LEAST_NOISE:
        return None
    cost = charge(replace(asked, noise_multiplier=noise, steps=asked.steps * rounds))
    return noise if _most_epsilon(cost, delta) <= epsilon else None


def _most_epsilon(cost: Charge, delta: Decimal) -> float:
    """An ε that a charge is certainly within at δ (Mironov 2017, proposition 3)."""
    return min(
        nanos / NANO + math.log(1 / delta) / (order - 1) for nanos, order in zip(cost, ORDERS, strict=True)
    )


def _is_within(share: Fraction, cost: Charge) -> bool:
    largest = part(caps(MOST_EPSILON, DELTA).budgets, share)
    return admits(Filter(name="any", budgets=largest, spent=NOTHING), cost)
