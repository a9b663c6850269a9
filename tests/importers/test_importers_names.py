"""Names that cannot be seen are refused, and names that can be mistaken for others are said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.commands import assert_refused, run, secrets_of
from tests.worlds.world import World
from vault.importers.name_notes import name_notes
from vault.requester.keys import keygen
from vault.views.names import alphabets, has_invisible, lookalikes, skeleton, spelled

FILLER, CYRILLIC_A = "\u3164", "\u0430"


@pytest.mark.parametrize("name", [f"steps{FILLER}", "ste\u2800ps", "steps\ufe0f", "\u0301steps"])
def test_a_column_with_what_cannot_be_seen_is_refused(today: World, name: str) -> None:
    path = today.folder / "odd.csv"
    path.write_text(f"steps,{name}\n1,2\n", encoding="utf-8")
    outcome = run(today.paths, "import", path, "--collection", "odd", "--dry-run")

    assert_refused(
        outcome, 1, "the name of column 2 holds a character that cannot be seen", secrets_of(today)
    )


def test_a_collection_with_what_cannot_be_seen_is_refused(today: World) -> None:
    path = today.folder / "odd.csv"
    path.write_text("steps\n1\n")
    outcome = run(today.paths, "import", path, "--collection", f"nights{FILLER}", "--dry-run")

    assert_refused(outcome, 1, "characters that can be seen", secrets_of(today))


def test_names_that_can_be_mistaken_are_said_before_anything_is_stored(today: World) -> None:
    path = today.folder / "odd.csv"
    path.write_text(f"age,{CYRILLIC_A}ge\n1,2\n", encoding="utf-8")
    shown = " ".join(run(today.paths, "import", path, "--collection", "Nlghts", "--dry-run").err.split())

    assert "can be mistaken for the column age: they are spelled \\u{430}ge and age." in shown
    assert "mixes letters of Cyrillic and Latin" in shown
    assert "The name Nlghts can be mistaken for the collection nights" in shown


def test_a_requester_who_looks_like_another_is_said(today: World) -> None:
    key = keygen(today.folder / "forger").public
    added = run(today.paths, "requester", "add", f"Sleep l{CYRILLIC_A}b", key)
    listed = run(today.paths, "requester", "list").out

    for words in (added.err, listed):
        assert "can be mistaken for “Sleep lab”" in " ".join(words.split())
        assert "mixes letters of Cyrillic and Latin" in " ".join(words.split())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("steps", "ѕteps"),
        ("total", "tota1"),
        ("Oslo", "0slo"),
        ("modern", "modem"),
        ("café", "cafe"),
        ("a-b", "a‐b"),
    ],
)
def test_what_looks_alike_has_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)
    assert lookalikes(one, [one, other, "something else"]) == (other,)


@pytest.mark.parametrize(
    "name", ["steps", "Größe", "шаги", "βήματα", "歩数", "steps шаги", "x_1", "день недели"]
)
def test_ordinary_names_raise_no_doubt(name: str) -> None:
    assert (alphabets(name), has_invisible(name)) == ((), False)
    assert list(name_notes("mine", [name, "pulse", "weight"], ["nights"])) == []


@given(st.text(min_size=1, max_size=20))
def test_a_spelled_name_is_plain(name: str) -> None:
    assert spelled(name).isascii()
    assert spelled(name).isprintable()
    assert skeleton(name) == skeleton(name.swapcase().swapcase()) or not name.isascii()
