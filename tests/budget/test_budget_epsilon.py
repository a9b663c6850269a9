"""Privacy numbers are rounded against the one who shows them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.budget.epsilon import percent_spent, shown_spent

amounts = st.decimals(0, 64, allow_nan=False, places=9)


@given(amounts, st.integers(0, 6))
def test_spent_is_never_shown_smaller(amount: Decimal, places: int) -> None:
    step = Decimal(1).scaleb(-places)

    assert amount <= Decimal(shown_spent(amount, places)) < amount + step


@pytest.mark.parametrize(
    ("amount", "spent"), [("2.5801", "2.59"), ("2.58", "2.58"), ("0.000001", "0.01"), ("0", "0.00")]
)
def test_two_decimals_unless_told_otherwise(amount: str, spent: str) -> None:
    assert spent == shown_spent(Decimal(amount))


@given(st.fractions(0, 1))
def test_percents_are_rounded_up_by_less_than_a_step(share: Fraction) -> None:
    assert share * 100 <= percent_spent(share) < share * 100 + Fraction(1, 10)
    assert share * 100 <= percent_spent(share, places=0) < share * 100 + 1
