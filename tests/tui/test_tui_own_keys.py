"""Keys of a person's own, from one file; what is wrong with the file is said, and our keys hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worlds.screens import UnlockedApp, play, press, sees, served, until, words_of
from tests.worlds.world import World
from tui.app.key_names import key_of, with_own_keys
from tui.app.keymap import ACTIONS
from tui.app.own_keys import keys_file, normalised, read_own_keys
from tui.dialogs.submit import SubmitDialog
from vault.errors.families import Invalid
from vault.settings import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(vault=tmp_path / "v", state=tmp_path / "s", config=tmp_path / "config.toml")


def test_every_action_has_a_name_of_its_own() -> None:
    assert len({one.id for one in ACTIONS}) == len(ACTIONS)
    assert {"requests.run", "release.do-withhold", "everywhere.go-home"} <= {one.id for one in ACTIONS}


def test_without_a_file_our_keys_hold(paths: Paths) -> None:
    assert read_own_keys(paths) == {}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ('"requests.walk" = "w"', "which is no action"),
        ('"requests.run" = "ctrl+nothing"', "has to be a key"),
        ('"requests.run" = "enter"', "has to be a key"),
        ('"requests.run" = 3', "has to be a key"),
        ('"requests.run" = "x"', "x would be the key of"),
        ('"requests.run" = "q"', "q would be the key of"),
        ("requests.run", "is not TOML"),
        ('"requests.run" = "Ctrl+Q"', "has to be a key"),
        ('"requests.run" = "ctrl+m"', "has to be a key"),
        ('"requests.run" = "esc"', "has to be a key"),
        ('"requests.run" = "?"', "question_mark would be the key of"),
        ('"requests.run" = "shift+T, x"', "x would be the key of"),
        ('"everywhere.lock" = "L"', "L is typed in fields"),
        ('"everywhere.curtain" = "space"', "space is typed in fields"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(said: str, why: str, paths: Paths) -> None:
    keys_file(paths).write_text(said)
    with pytest.raises(Invalid, match=why):
        read_own_keys(paths)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Ctrl+F", "ctrl+f"), (" F5 ", "f5"), ("shift+a", "A"), ("a", "a"), ("A", "A"), ("?", "question_mark"),
        ("+", "plus"), ("ctrl++", "ctrl+plus"), ("Shift+Ctrl+Up", "ctrl+shift+up"), ("/", "slash"), ("ctrl+i", "tab"),
        ("Return", "enter"),
    ],
)  # fmt: skip
def test_a_key_is_known_however_it_is_written(typed: str, key: str) -> None:
    assert normalised(typed) == key


def test_words_name_the_keys_that_a_person_chose() -> None:
    own = {"audit.verify": "f6", "everywhere.help": "f7"}
    assert with_own_keys("**v** or **K**, **?**", "audit", own) == "**f6** or **K**, **?**"
    assert with_own_keys("**v**", "browse", own) == "**v**"
    assert (key_of("audit.verify", own), key_of("everywhere.help", {})) == ("f6", "?")


def test_a_key_of_ones_own_takes_the_place_of_ours(today: World) -> None:
    keys_file(today.paths).write_text('"requests.submit" = "ctrl+t"\n')

    async def story() -> None:
        with served(today) as vault:
            app = UnlockedApp(vault, today.paths, page="requests")
            async with app.run_test(size=(80, 24), notifications=True) as pilot:
                await sees(pilot, "2 wait for you")
                await press(pilot, "o")
                assert not isinstance(app.screen, SubmitDialog)
                await press(pilot, "ctrl+t")
                await until(pilot, lambda: isinstance(app.screen, SubmitDialog))
                await until(pilot, lambda: "Take in" in words_of(app))

    play(story())
