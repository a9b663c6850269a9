"""The prices that other tests take as kept are those that the pricing computes."""

from __future__ import annotations

import pytest

from tests.sweeps import sweep
from tests.worlds import prices

KEPT = prices.read()


def test_what_is_kept_is_of_this_source() -> None:
    """After a change of the pricing, `python -m tests.worlds.prices` makes it anew."""
    assert prices.source() == KEPT.source


@pytest.mark.parametrize("key", sweep(sorted(KEPT.prices), default=2))
def test_a_kept_price_is_the_computed_one(key: str) -> None:
    assert prices.price_of_key(key) == KEPT.prices[key]


@pytest.mark.parametrize("key", sweep(sorted(KEPT.noises)))
def test_kept_noise_is_the_computed_one(key: str) -> None:
    assert prices.noise_of_key(key) == KEPT.noises[key]


@pytest.mark.parametrize("key", sweep(sorted(KEPT.curves), default=2))
def test_a_kept_curve_is_the_computed_one(key: str) -> None:
    assert prices.curve_of_key(key) == KEPT.curves[key]
