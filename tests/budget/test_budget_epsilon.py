"""Privacy numbers are rounded against the one who shows them."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from vault.budget.epsilon import percent_spent


@given(st.fractions(0, 1))
def test_percents_are_rounded_up_by_less_than_a_step(share: Fraction) -> None:
    assert share * 100 <= percent_spent(share) < share * 100 + Fraction(1, 10)
    assert share * 100 <= percent_spent(share, places=0) < share * 100 + 1
