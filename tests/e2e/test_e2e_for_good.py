"""What is for good is said before it is done by a command, and asked where there is somebody to ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worlds.commands import Terminal, assert_refused, run, run_installed
from tests.worlds.daemon import leave_session, serving
from tests.worlds.models import keep_model
from tests.worlds.world import PASSPHRASE, World
from tui.actions import ACTIONS
from tui.text.campaign_actions import LEAVE


def test_every_action_that_takes_a_word_on_the_screens_is_foretold_by_its_command() -> None:
    for_good = [one for one in ACTIONS if one.question is not None and one.question.word]
    assert {one.name for one in for_good} == {"stop", "withhold", "delete-model"}
    assert [one.name for one in (*for_good, LEAVE) if one.foretold is None] == []


def test_what_is_for_good_is_asked_about_before_it_is_done(today: World) -> None:
    with today.vault(writable=False) as vault:
        (held,) = vault.releases()
    with Terminal(today.paths, "release", "withhold", held.id[:8]) as terminal:
        terminal.wait_for("passphrase: ")
        terminal.type(PASSPHRASE)
        terminal.wait_for("Its bytes are deleted now and nothing leaves. This is final")
        terminal.wait_for("This cannot be undone. Do it? [y/N]")
        terminal.type("n")
        terminal.wait_for("you said no; nothing was changed")
        assert terminal.end() == 4
    looked = run(today.paths, "release", "withhold", held.id[:8], "--dry-run")
    assert (looked.code, looked.err) == (0, "Nothing was changed (dry run).\n")
    assert looked.out.startswith("Its bytes are deleted now")
    with today.vault(writable=False) as vault:
        assert [one.state for one in vault.releases()] == ["held"]


@pytest.mark.slow
def test_what_a_model_leaves_behind_is_said_before_the_passphrase_and_so_is_a_name_that_is_none(
    today: World,
) -> None:
    keep_model(today)
    with serving(today):
        leave_session(today)
        with Terminal(today.paths, "model", "delete", "nightly") as terminal:
            terminal.wait_for("It is deleted from this vault alone")
            terminal.wait_for("Do it? [y/N]")
            terminal.type("y")
            terminal.wait_for("passphrase, so that it is you who means it: ")
            terminal.type(PASSPHRASE)
            terminal.wait_for("nightly is deleted from this vault.")
            assert terminal.end() == 0
        for words in (
            ("delete", "nobody"),
            ("export", "nobody", "x.onnx"),
            ("predict", "nobody", "nights", "--to", "x.csv"),
        ):
            refused = run(today.paths, "model", *words, secret=None)
            assert_refused(refused, 1, "you keep no model nobody", [])


@pytest.mark.parametrize(
    "words",
    [
        ("model", "export", "nobody"), ("backup",), ("audit", "export"), ("data", "export", "nights"),
        ("data", "show", "nights", "--html"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_place_that_is_taken_is_said_before_any_passphrase_is_asked(
    today: World, words: tuple[str, ...]
) -> None:
    taken = today.folder / ("taken.onnx" if words[0] == "model" else "taken.csv")
    taken.write_text("mine")
    refused = run(today.paths, *words, taken, secret=None)
    assert_refused(refused, 1, "something is already there", [])
    assert taken.read_text() == "mine"


@pytest.mark.slow
@pytest.mark.parametrize("words", [("status",), ("data", "list"), ("audit", "key"), ("formats",)])
def test_a_closed_output_is_said_like_one_that_is_full(today: World, words: tuple[str, ...]) -> None:
    shell = ["sh", "-c", '"$0" "$@" >&-']
    outcome = run_installed(today.paths, *words, before=shell)
    assert_refused(outcome, 7, "standard output is closed", [])


@pytest.mark.slow
def test_a_command_that_only_talks_works_without_an_output(today: World, tmp_path: Path) -> None:
    shell = ["sh", "-c", '"$0" "$@" >&- 2>&-']
    copy = tmp_path / "copy.tar"
    assert run_installed(today.paths, "backup", copy, before=shell).code == 0
    assert copy.stat().st_size > 100_000
