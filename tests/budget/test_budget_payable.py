"""What no vault can pay for is known of charges alone, and nothing that one can pay for is called so."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from vault.budget.mechanism import Mechanism
from vault.budget.payable import are_payable, is_payable, unpayable_noise
from vault.budget.pricing import TICKS, charge

DELTA = Decimal("0.000001")
ASKED = Mechanism(
    sampling_rate=0.2, noise_multiplier=1.0, steps=50, parameters=10, grid_exponent=14, clip_norm=1.0
)


def can_be_paid(noise: float, rounds: int) -> bool:
    """Each job by itself, and all of them by one requester."""
    cost = charge(replace(ASKED, noise_multiplier=noise))
    return is_payable(cost) and are_payable(cost, rounds)


@pytest.mark.parametrize("rounds", [1, 20])
def test_the_most_noise_that_nobody_can_pay_for_is_a_tick_less_than_what_one_can(rounds: int) -> None:
    noise = unpayable_noise(ASKED, rounds, epsilon=Decimal(1000), delta=DELTA)
    assert noise is not None
    assert (can_be_paid(noise, rounds), can_be_paid(noise + 1 / TICKS, rounds)) == (False, True)


@pytest.mark.parametrize("epsilon", [Decimal(1), Decimal(17)])
def test_nothing_is_known_where_such_noise_may_cost_more_than_was_asked(epsilon: Decimal) -> None:
    """The least noise that keeps to it may be more, and payable."""
    assert unpayable_noise(ASKED, 1, epsilon=epsilon, delta=DELTA) is None
