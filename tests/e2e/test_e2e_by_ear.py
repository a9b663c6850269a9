"""The whole story of a vault by ear: in lines, with nothing drawn and no cursor moved, on a real terminal."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.worlds.commands import Terminal, run
from tests.worlds.terminal import LOCKBOX, Screen
from tests.worlds.vaults import paths_in
from tests.worlds.world import Clock, World
from tui.by_ear.conversation import IS_ON
from tui.by_ear.talk import spoken
from vault.client import attach, launch
from vault.requester.keys import keygen
from vault.vault import Vault, passphrase_secret

CHOSEN = "meadow tulip rusty 41 cart"
DRAWN = re.compile("[\u2500-\u259f\u2800-\u28ff\x1b]")


class Talk(Screen):
    """The conversation as somebody hears it: what comes after an answer is waited for before the next one."""

    def answer(self, line: str, then: str) -> str:
        """Type a line, and give back all that is said up to these words."""
        begin = len(self.written)
        self.type(f"{line}\n")
        self.wait_for(then, after=begin)
        self.rest(0.3)
        return " ".join(self.written[begin:].split())

    def choose(self, words: str, then: str) -> str:
        """Answer with the number of a choice, as it was said last."""
        numbers = re.findall(rf"(\d+)\. {re.escape(words)}", " ".join(self.written.split()))
        return self.answer(numbers[-1], then)


@pytest.fixture
def nowhere(tmp_path: Path) -> Iterator[World]:
    """A person without a vault, and a requester; no process that has the vault open outlives the test."""
    world = World(
        folder=tmp_path, paths=paths_in(tmp_path), clock=Clock(now=datetime.now(UTC)), recovery_key=""
    )
    yield world
    if pid := attach.served_by(world.paths):
        os.kill(pid, signal.SIGTERM)
        launch.wait_until_locked(world.paths, pid)


def test_the_first_line_says_that_it_is_on_and_nothing_is_decided_by_what_is_no_number(
    nowhere: World,
) -> None:
    with Terminal(nowhere.paths, "--screen-reader") as terminal:
        terminal.wait_for("Number:")
        terminal.type("yes")
        terminal.wait_for("Type a number from 0 to 2")
        terminal.wait_for("Number:")
        terminal.type("0")
        terminal.wait_for("This is the end.")
        assert terminal.end() == 0
        assert terminal.screen.splitlines()[0] == IS_ON
        assert DRAWN.search(terminal.screen) is None
    assert not nowhere.paths.vault.exists()


def test_whoever_goes_away_ends_it(nowhere: World) -> None:
    with Terminal(nowhere.paths, "--screen-reader") as terminal:
        terminal.wait_for("Number:")
        terminal.press_ctrl_d()
        assert terminal.end() == 130


def test_it_needs_a_terminal_and_goes_with_no_command(nowhere: World) -> None:
    alone = run(nowhere.paths, "--screen-reader", secret=None)
    assert (alone.code, "it needs a terminal" in alone.err) == (2, True)
    both = run(nowhere.paths, "--screen-reader", "status", secret=None)
    assert (both.code, "it goes with no command" in both.err) == (2, True)


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        ("● active: it ends", "active: it ends"),
        ("■■□  allowed 2 of 3", "allowed 2 of 3"),
        ("a · b", "a , b"),
        ("█░ 50 % ─ x\n  ⠿ y", "50 % x\ny"),
        ("ε 1 at δ 0.1", "ε 1 at δ 0.1"),
    ],
)
def test_what_draws_is_left_out_and_words_stay(drawn: str, said: str) -> None:
    assert spoken(drawn) == said


# It makes a vault with the real cost of its key, and trains with the real learner.
@pytest.mark.slow
def test_the_whole_story_by_ear(nowhere: World) -> None:
    world, out = nowhere, nowhere.folder / "out"
    keys, table = keygen(world.folder / "lab"), world.table()
    environ = {
        "LOCKBOX_VAULT": str(world.paths.vault),
        "LOCKBOX_STATE": str(world.paths.state),
        "LOCKBOX_CONFIG": str(world.paths.config),
        "COLUMNS": "80",
    }
    with Talk(LOCKBOX, "--screen-reader", environ=environ) as talk:
        talk.wait_for("Number:")
        makes_a_vault(talk)
        imports(talk, table)
        takes_in(talk, world, keys.public)
        decides(talk)
        releases(talk, out)
        keeps_the_second(talk, world)
        withdraws(talk)
        hears_the_trail(talk)
        looks_at_the_rest(talk)
        talk.choose("Lock the vault now", "This is the end.")
        assert talk.ended() == 0
        written = talk.written
    assert written.splitlines()[0] == IS_ON
    assert DRAWN.search(written) is None
    assert CHOSEN not in written
    assert len(list(out.iterdir())) == 3
    with Vault.open(world.paths, passphrase_secret(CHOSEN), writable=False) as vault:
        assert sorted(one.state for one in vault.releases()) == ["destroyed", "released"]
        assert all(one.state == "withdrawn" for one in vault.grants())


def makes_a_vault(talk: Talk) -> None:
    talk.answer("2", "New passphrase, or nothing to go back:")
    assert "Too weak" in talk.answer("secret", "nothing to go back:")
    talk.answer(CHOSEN, "The same again:")
    said = talk.answer(CHOSEN, "or nothing to make no vault:")
    groups = dict(re.findall(r"Group (\d): (\S+)", said))
    assert len(groups) == 6
    for _ in range(2):
        number = re.findall(r"Type group (\d)", talk.written)[-1]
        said = talk.answer(groups[number], ":")
    talk.wait_for(". Lock the vault now")
    talk.rest(0.3)


def imports(talk: Talk, table: Path) -> None:
    talk.choose("Import a file.", "or nothing to go back:")
    talk.answer(str(table), "or nothing for nights:")
    said = talk.answer("", "0. The first of them.")
    day = re.search(r"(\d)\. [^.]*is one day\.", said)
    assert day is not None
    talk.answer(day[1], "or nothing for 8:")
    said = talk.answer("", "0. Nothing is stored.")
    assert "steps: int, " in said
    assert "1. Seal 100 rows." in said
    talk.answer("1", "100 rows sealed in nights.")


def takes_in(talk: Talk, world: World, key: Path) -> None:
    talk.choose("Take in a request", "or nothing to go back:")
    assert "Fingerprint of their key:" in talk.answer(str(key), "Your own name for them")
    talk.answer("Sleep lab", "How to reach them")
    talk.answer("", "1. Let Sleep lab ask.")
    talk.answer("1", "Their key is not verified")
    talk.choose("Take in a request", "or nothing to go back:")
    said = talk.answer(str(world.job()), "1. Decide whether it runs")
    assert "The request waits for you." in said
    assert "You have approved no job of theirs on these records before." in said
    assert "Do steps tell the night?" in said
    assert "times in 100, instead of 50" in said
    assert "of a lifetime cap of ε 8 per day" in said


def decides(talk: Talk) -> None:
    """What was typed before the question, the word too, decides nothing."""
    talk.answer("1\nRUN", "1. Allow coffee too.")
    talk.answer("0", "Word:")
    assert "Nothing was changed." in talk.answer("run", "1. Decide whether it runs")
    talk.answer("1", "1. Allow coffee too.")
    said = talk.answer("1", "Word:")
    assert "It may read: coffee, good, steps." in said
    assert "It costs ε 1.00 now, whether or not you release the result" in said
    talk.answer("RUN", "Its result is held here")


def releases(talk: Talk, out: Path) -> None:
    talk.choose("Held updates", "1. For Sleep lab, from nights: held.")
    said = talk.answer("1", "1. Release it")
    assert "For you alone" not in said
    assert "We attacked" not in said
    talk.answer("1", "for them to fetch by token:")
    talk.answer(str(out), "Word:")
    talk.answer("RELEASE", "To cancel, press the enter key.")
    talk.answer("", "Cancelled: nothing was recorded, nothing left.")
    assert not out.exists()
    talk.answer("1", "for them to fetch by token:")
    talk.answer(str(out), "Word:")
    said = talk.answer("RELEASE", "It cannot be called back. This update")
    assert "For you alone; this never leaves:" in said
    assert "always guessing the most common answer" in said
    assert "We attacked this very run" in said
    talk.answer("0", ". Lock the vault now")


def keeps_the_second(talk: Talk, world: World) -> None:
    """A second job of theirs, of which what is otherwise is said first."""
    talk.choose("Take in a request", "or nothing to go back:")
    said = talk.answer(str(world.job("second", epsilon="0.5", steps=6)), "1. Decide whether it runs")
    assert "the last of theirs on these records that you approved" in said
    assert said.index("things changed") < said.index("from: Sleep lab")
    talk.answer("1", "1. Allow coffee too.")
    talk.answer("1", "Word:")
    talk.answer("RUN", "Its result is held here")


def withdraws(talk: Talk) -> None:
    """What is held under a consent goes with it, and that takes the word."""
    talk.choose("Consents: ", "0. Back.")
    for has_left in (False, True):
        talk.answer("4", "1. Withdraw it.")
        said = talk.answer("1", "0. Keep it." if has_left else "Word:")
        if not has_left:
            assert "1 held update destroyed" in said
            said = talk.answer("WITHDRAW", "0. Back.")
            assert "is withdrawn; nothing more is read under it. 1 held update destroyed" in said
        else:
            said = talk.answer("1", "0. Back.")
            assert "1 update already left; that cannot be called back" in said
    talk.answer("0", ". Lock the vault now")


def hears_the_trail(talk: Talk) -> None:
    talk.choose("Audit trail.", "5. Recompute every entry")
    assert "Sleep lab" in talk.answer("2", "1. Sleep lab")
    assert "The newest entries, only about Sleep lab:" in talk.answer("1", "5. Recompute every entry")
    assert "verified to entry" in talk.answer("5", "5. Recompute every entry")
    talk.answer("0", ". Lock the vault now")


def looks_at_the_rest(talk: Talk) -> None:
    """Rows and how they are spread, who may ask, and the rooms in which there is nothing yet."""
    talk.choose("Your data.", "2. nights: 100 rows.")
    talk.answer("2", "7. Erase it for good.")
    assert "Row 10. day: " in talk.answer("1", "1. The next rows.")
    talk.answer("0", "7. Erase it for good.")
    assert "steps (int): 100 values" in talk.answer("3", "7. Erase it for good.")
    talk.answer("0", "0. Back.")
    talk.answer("0", ". Lock the vault now")
    assert "No campaign came in." in talk.choose("Campaigns: ", ". Lock the vault now")
    assert "Nothing is running." in talk.choose("What runs on", ". Lock the vault now")
    assert "You keep no model." in talk.choose("Models: ", "0. Back.")
    talk.answer("0", ". Lock the vault now")
    assert "fingerprint of their key: " in talk.choose("Who may ask: ", "1. Sleep lab") + talk.answer(
        "1", "0. Back."
    )
    talk.answer("0", "0. Back.")
    talk.answer("0", ". Lock the vault now")
    talk.choose("Settings, and", "8. Try whether what learns is locked in.")
    assert "attempts were refused: jobs run confined" in talk.answer("8", "0. Back.")
    talk.answer("0", ". Lock the vault now")
