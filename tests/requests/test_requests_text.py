"""What may stand in a text from outside."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.requests.text import text_faults


@pytest.mark.parametrize(
    "text",
    ["a", "Sleep lab", "Schlafforschung Köln", "睡眠研究所", "مختبر النوم", "x" * 80, "a [red]b[/red]"],
)
def test_plain_words_of_any_script_are_clean(text: str) -> None:
    assert text_faults(text, limit=80) == ()


@pytest.mark.parametrize(
    "character",
    [
        "\x00", "\x07", "\x1b", "\n", "\t", "\x7f", "\x85", "\u00a0", "\u00ad", "\u034f", "\u115f", "\u17b4",
        "\u180e", "\u200b", "\u200d", "\u200f", "\u2028", "\u202e", "\u2060", "\u2066", "\u2800", "\u3164",
        "\ud800", "\ue000", "\ufe0f", "\ufeff", "\uffa0", "\uffff", "\U000e0041", "\U000e0100",
    ],
)  # fmt: skip
def test_control_bidi_and_invisible_characters_are_refused(character: str) -> None:
    assert any("invisible" in fault for fault in text_faults(f"a{character}b", limit=80))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is empty"),
        ("x" * 81, "is longer than 80 characters"),
        ("e\u0301", "is not in Unicode normal form C"),
        (" a", "begins or ends with a space"),
        ("a ", "begins or ends with a space"),
        ("\u0301a", "begins with a combining mark"),
    ],
)
def test_each_other_rule_has_its_clause(text: str, fault: str) -> None:
    assert fault in text_faults(text, limit=80)


@given(st.text(max_size=90))
def test_a_clean_text_shows_exactly_what_it_is(text: str) -> None:
    """Whatever passes is normal, bounded, printable, and no fault ever repeats the text."""
    faults = text_faults(text, limit=80)

    if not faults:
        assert text == unicodedata.normalize("NFC", text).strip()
        assert 1 <= len(text) <= 80
        assert not {unicodedata.category(character)[0] for character in text} & {"C"}
    assert all(fault.isascii() for fault in faults)
