"""A number that a person types has one form, the same for a budget, a cap, a count and an option of a command."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.text.parse import parse_count, parse_epsilon, parse_minutes, parse_times_in_hundred
from vault.errors.families import Invalid
from vault.strict_number import NotPlain, strict_decimal, strict_whole

ODD = (
    "0_5",
    "8_0",
    "1e2",
    "+1",
    "-1",
    "1.",
    ".5",
    "0,5",
    "٥",
    "８",
    "²",
    "1 0",
    "\u00a01",
    "1\n",
    "NaN",
    "0x8",
    "",
)
NEAR = st.text(alphabet="0123456789._,+-eE ٥８", max_size=8)
DECIMAL = re.compile(r" *[0-9]{1,18}(\.[0-9]{1,18})? *")


@given(NEAR | st.from_regex(DECIMAL, fullmatch=True))
@settings(max_examples=60)
def test_the_form_is_exactly_ascii_digits_with_one_point_between_them(text: str) -> None:
    if DECIMAL.fullmatch(text):
        assert strict_decimal(text) == Decimal(text.strip())
    else:
        with pytest.raises(NotPlain):
            strict_decimal(text)


@pytest.mark.parametrize("text", ODD)
def test_nothing_that_python_alone_takes_for_a_number_is_one(text: str) -> None:
    for read in (strict_decimal, strict_whole):
        with pytest.raises(NotPlain):
            read(text)
    for parse, such_as in ((parse_epsilon, "0.5"), (parse_times_in_hundred, "75.5"), (parse_count, "5,000")):
        with pytest.raises(Invalid, match=f"such as .*{such_as}|written {such_as}|write its digits, such as"):
            parse(text)
    assert parse_minutes(text) is None


def test_a_number_in_that_form_is_read_with_spaces_around_it() -> None:
    assert [parse_epsilon(one) for one in (" 0.5 ", "007")] == [Decimal("0.5"), Decimal(7)]
    assert parse_times_in_hundred("75") == Decimal("0.75")
    assert [parse_count(one) for one in (" 12", "5,000")] == [12, 5000]
    assert parse_minutes("1440 ") == 1440


def test_what_was_typed_is_named_with_its_beginning_alone_where_it_is_long() -> None:
    with pytest.raises(Invalid) as refused:
        parse_epsilon("9" * 5000)
    assert len(str(refused.value)) < 200
