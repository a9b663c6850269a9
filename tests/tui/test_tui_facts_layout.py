"""Facts that fit are laid out as the drawing library lays them out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tui.text import layout

TEXTS = some.text(some.characters(min_codepoint=32, max_codepoint=126), max_size=30)


@settings(max_examples=25)
@given(some.lists(some.tuples(TEXTS, TEXTS), max_size=4), some.integers(layout.NARROWEST, layout.WIDEST))
def test_facts_that_fit_look_as_the_library_draws_them(rows: list[tuple[str, str]], width: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(layout, "_is_simple", lambda *_: False)
        drawn = layout.facts_text(rows, width)

    assert layout.facts_text(rows, width) == drawn
