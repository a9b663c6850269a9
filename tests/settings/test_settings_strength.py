"""A new passphrase is refused when it is easy to guess, and its strength is told without a claim it cannot keep."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.lifecycle.passphrase import FEWEST_GUESSES, GUESSES_A_SECOND, check_new_passphrase
from vault.sealing.random import generate_passphrase
from vault.sealing.slots import DEFAULT_COST
from vault.vault import Vault


@pytest.mark.parametrize(
    "text",
    [
        "correct horse battery staple",
        "quixotic marmalade lighthouse",
        "Fahrrad blau Eimer 7",
        "lyx9-qk2m-7rtw",
    ],
)
def test_a_passphrase_of_unrelated_words_is_enough(text: str) -> None:
    found = Vault.check_new_passphrase(text)
    assert found.is_enough
    assert re.search(r"an estimated 10\^\d+ guesses: .* one graphics card would need", found.words)
    assert text not in found.words


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "shorter than 12 characters"),
        ("x", "shorter than 12 characters"),
        ("Tr0ub4dor&3", "shorter than 12 characters"),
        ("aaaabbbbccccdddd", "fewer than 5 different characters"),
        ("314159265358979", "fewer than 16 digits"),
        ("qwertyuiop12", "guesses"),
        ("password12345", "guesses"),
        ("1234567890123456", "guesses"),
        ("abcdefghijklmnop", "guesses"),
        ("ab12c" * 40, "guesses"),
        ("correct horse\0battery staple", "cannot be typed"),
        ("correct horse\x1b[Abattery staple", "cannot be typed"),
    ],
)
def test_what_is_trivially_weak_is_refused_with_its_reason(text: str, why: str) -> None:
    found = check_new_passphrase(text)
    assert not found.is_enough
    assert why in found.words


@pytest.mark.slow
def test_a_made_passphrase_is_always_enough() -> None:
    assert all(check_new_passphrase(generate_passphrase()).is_enough for _ in range(50))


@given(st.text(max_size=200))
def test_any_text_gets_an_answer_that_does_not_repeat_it(text: str) -> None:
    found = check_new_passphrase(text)
    assert found.words
    assert len(text) < 12 or text not in found.words
    assert not (found.is_enough and len(text) < 12)


@given(st.text(alphabet=string.digits, max_size=15))
def test_digits_alone_are_not_enough_below_sixteen(text: str) -> None:
    assert not check_new_passphrase(text).is_enough


def test_the_rate_is_what_the_memory_of_one_card_can_move_at_the_vaults_own_cost() -> None:
    """RFC 9106: a block of 1 KiB is written and one is read; later passes read what they write over as well."""
    blocks = DEFAULT_COST.memory_kib
    moved = 1024 * blocks * (2 + 3 * (DEFAULT_COST.opslimit - 1))
    assert moved >= 2 * 1024**3
    assert abs(4.8e12 / moved - GUESSES_A_SECOND) / GUESSES_A_SECOND < 0.05
    least_years = FEWEST_GUESSES / GUESSES_A_SECOND / (365.25 * 24 * 3600)
    assert 14 < least_years < 15
