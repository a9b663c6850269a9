"""Privacy numbers are rounded against the one who shows them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.budget.epsilon import percent_left, percent_spent, shown_left, shown_spent

amounts = st.decimals(0, 64, allow_nan=False, places=9)


@given(amounts, st.integers(0, 6))
def test_spent_is_never_shown_smaller_nor_left_larger(amount: Decimal, places: int) -> None:
    step = Decimal(1).scaleb(-places)

    assert amount <= Decimal(shown_spent(amount, places)) < amount + step
    assert amount - step < Decimal(shown_left(amount, places)) <= amount


@pytest.mark.parametrize(
    ("amount", "spent", "left"),
    [
        ("2.5801", "2.59", "2.58"),
        ("2.58", "2.58", "2.58"),
        ("0.000001", "0.01", "0.00"),
        ("0", "0.00", "0.00"),
    ],
)
def test_two_decimals_unless_told_otherwise(amount: str, spent: str, left: str) -> None:
    assert spent == shown_spent(Decimal(amount))
    assert left == shown_left(Decimal(amount))


def test_no_debt_is_shown_as_left() -> None:
    assert shown_left(Decimal("-0.5")) == "0.00"
    assert percent_left(Fraction(11, 10)) == 0


@given(st.fractions(0, 1))
def test_percents_of_spent_and_left_add_up(share: Fraction) -> None:
    assert percent_spent(share) + percent_left(share) == 100
    assert share * 100 <= percent_spent(share) < share * 100 + Fraction(1, 10)
    assert share * 100 <= percent_spent(share, places=0) < share * 100 + 1
