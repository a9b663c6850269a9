"""A terminal that closes under a command: what it asked of the vault's process is done as a whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.worlds import learners
from tests.worlds.commands import Terminal, run
from tests.worlds.daemon import eventually, facts, leave_session, serving
from tests.worlds.kills.checks import truth
from tests.worlds.world import PASSPHRASE, World
from vault.training import process

MARK = "seen-no-more"
QUESTION = "Seal these rows into the collection more? [y/N] "


def rows_of(world: World) -> dict[str, int]:
    return {one["name"]: one["rows"] for one in facts(world, "data", "list")}


def test_a_terminal_that_closes_at_a_question_answers_no(today: World) -> None:
    table = today.table("more.csv", rows=10, seed=3)
    with serving(today):
        leave_session(today)
        with Terminal(today.paths, "import", table) as terminal:
            terminal.wait_for(QUESTION)
            assert terminal.hang_up() != 0
        assert rows_of(today) == {"nights": 100}


@pytest.mark.slow
def test_what_a_closed_terminal_asked_for_is_done_as_a_whole_or_not(today: World) -> None:
    table = today.table("more.csv", rows=9000, seed=3)
    with serving(today):
        leave_session(today)
        with Terminal(today.paths, "import", table) as terminal:
            terminal.wait_for(QUESTION)
            terminal.type("y")
            terminal.wait_for("\n")
            terminal.hang_up()
        eventually(lambda: run(today.paths, "backup", today.folder / "after.tar").code == 0, "it works on")
        assert rows_of(today) in ({"nights": 100}, {"nights": 100, "more": 9000})
        assert run(today.paths, "audit", "verify").code == 0


# a run --------------------------------------------------------------------------------------------------------


def state_of(world: World) -> str:
    """The state of its request as it is written down, whoever has the vault open."""
    world.clock.now = datetime.now(UTC)
    with world.vault(writable=False) as vault:
        return vault.requests()[0].state


def slow_learner(world: World, *, pause: float = 0.5) -> tuple[str, ...]:
    return learners.pretended(learners.zeros(world.folder / "job"), mark=MARK, pause=pause)


@pytest.mark.slow
def test_a_run_in_the_vaults_process_goes_on_though_the_terminal_closed(approved_today: World) -> None:
    with serving(approved_today, learner=slow_learner(approved_today)) as daemon:
        leave_session(approved_today)
        with Terminal(approved_today.paths, "train") as terminal:
            terminal.wait_for("passphrase, so that it is you who means it: ")
            terminal.type(PASSPHRASE)
            eventually(lambda: state_of(approved_today) == "training", "it does not run")
            assert terminal.hang_up() != 0
        eventually(lambda: state_of(approved_today) == "held", "it is not held")
        assert daemon.poll() is None
    assert list(learners.alive(MARK)) == []
    approved_today.clock.now = datetime.now(UTC)
    assert len(truth(approved_today).charges) == 1


@pytest.mark.slow
def test_a_run_of_a_command_ends_with_its_terminal_and_stays_paid(
    approved_today: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else has the vault open here: the learner goes, and what was charged is lost."""
    monkeypatch.setattr(process, "COMMAND", slow_learner(approved_today, pause=600))
    with Terminal(approved_today.paths, "train") as terminal:
        terminal.wait_for("passphrase: ")
        terminal.type(PASSPHRASE)
        eventually(lambda: state_of(approved_today) == "training", "it does not run")
        assert terminal.hang_up() != 0
    eventually(lambda: list(learners.alive(MARK)) == [], "a learner is left")
    approved_today.clock.now = datetime.now(UTC)
    found = truth(approved_today)
    assert (list(found.states.values()), len(found.charges), found.lost) == (["failed"], 1, 1)
