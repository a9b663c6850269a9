"""The folder beside the vault alone cannot be written to: what makes things safer is done, what spends is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen

import pytest

from tests.worlds import learners
from tests.worlds.approving import approve
from tests.worlds.commands import PATIENCE, Outcome, run, start
from tests.worlds.daemon import facts, leave_session, serving
from tests.worlds.mounts import FULL_DISK, READ_ONLY
from tests.worlds.world import NAME, World
from vault.store.tables import ChargeRow


@contextmanager
def unwritable(world: World) -> Iterator[None]:
    """Within this block no reminder can be put into its place, not even by root: a folder lies there."""
    (mark,) = world.paths.state.glob("*.json")
    kept = mark.rename(world.folder / "kept")
    mark.mkdir()
    try:
        yield
    finally:
        mark.rmdir()
        kept.rename(mark)


def says_once(outcome: Outcome, what: str) -> None:
    errors = [line for line in outcome.err.splitlines() if line.startswith("lockbox: error: ")]
    assert (outcome.code, len(errors)) == (7, 1), outcome.all
    assert what in errors[0]


def test_nothing_is_charged_or_leaves_and_what_makes_things_safer_is_done(today: World) -> None:
    out = today.folder / "out"
    with today.vault() as vault:
        waiting = next(one.id for one in vault.requests() if one.state == "waiting")
        approve(vault, waiting, draft=True)
    with serving(today):
        leave_session(today)
        (held,) = facts(today, "release", "list")
        before = facts(today, "budget")
        with unwritable(today):
            send = ("release", "send", held["id"], "--confirm-digest", held["digest"][:8], "--to", out)
            says_once(run(today.paths, *send), "nothing was spent and nothing left")
            says_once(run(today.paths, "train"), "nothing was spent and nothing left")
            assert facts(today, "budget") == before
            says_once(
                run(today.paths, "release", "withhold", held["id"]), "what you did is stored and recorded"
            )
            says_once(run(today.paths, "requester", "block", NAME), "what you did is stored and recorded")
            assert run(today.paths, "status").code == 0
        assert not out.exists()
        assert facts(today, "requester", "list")[0]["status"] == "blocked"
        assert run(today.paths, "audit", "verify").code == 0
    with today.vault() as vault:
        assert vault.rollback_reason == ""
        assert vault.release(held["id"]).state != "held"


# a mount of its own -------------------------------------------------------------------------------------------

WORDS = "import sys, tui.cli, vault.training.process as process; process.COMMAND = {learner}; tui.cli.main()"
SPENDS, IS_DONE = "nothing was spent and nothing left", "what you did is stored and recorded"
Start = Callable[..., Popen[str]]


@pytest.fixture(params=[FULL_DISK, READ_ONLY], ids=["full", "read-only"])
def starting(request: pytest.FixtureRequest, mounting: list[str], today: World) -> Start:
    """Begin a command that finds the state folder on such a mount."""
    before = [*mounting, "sh", "-c", request.param, str(today.paths.state)]
    program = [sys.executable, "-c", WORDS.format(learner=learners.STAND_IN)]
    return lambda *words: start(today.paths, *words, before=before, program=program)


def acts(world: World) -> list[tuple[tuple[str | Path, ...], str]]:
    """Acts in the order a careful owner might try them, and what each says; first what spends."""
    with world.vault() as vault:
        waiting = next(one.id for one in vault.requests() if one.state == "waiting")
        approve(vault, waiting, draft=True)
        grant = next(one.id for one in vault.grants() if one.state == "active")
        (held,) = vault.releases()
    send = ("release", "send", held.id, "--confirm-digest", held.digest[:8], "--to", world.folder / "out")
    return [
        (send, SPENDS),
        (("train",), SPENDS),
        (("import", world.table("more.csv", rows=10, seed=3), "--unit", "day", "--time", "day"), IS_DONE),
        (("release", "withhold", held.id), IS_DONE),
        (("consent", "withdraw", grant), IS_DONE),
        (("requester", "block", NAME), IS_DONE),
        (("data", "erase", "more", "--confirm", "more"), IS_DONE),
    ]


def check_ends(world: World, charges: int) -> None:
    """What made things safer was done, nothing was charged, nothing left, and the trail says so."""
    world.clock.now = datetime.now(UTC)
    with world.vault() as vault:
        vault.verify_audit()
        assert vault.rollback_reason == ""
        assert [one.status for one in vault.requesters()] == ["blocked"]
        assert {one.state for one in vault.requests()} == {"withheld", "waiting"}, (
            "an approval has no consent left"
        )
        assert [one.name for one in vault.collections()] == ["nights"]
        with vault._opened.read() as uow:
            assert len(uow.find(ChargeRow)) == charges
    assert not (world.folder / "out").exists()


@pytest.mark.slow
def test_on_a_mount_nothing_is_written_to_a_command_says_which_it_was(today: World, starting: Start) -> None:
    for words, says in acts(today):
        with starting(*words) as command:
            out, err = command.communicate(timeout=PATIENCE)
        says_once(Outcome(code=command.returncode, out=out, err=err), says)
    check_ends(today, charges=1)


@pytest.mark.slow
def test_on_a_mount_nothing_is_written_to_the_process_says_which_it_was(
    today: World, starting: Start
) -> None:
    asked = acts(today)
    with starting("serve", "--json") as process:
        assert process.stdout is not None
        assert "socket" in process.stdout.readline()
        for words, says in asked:
            says_once(run(today.paths, *words), says)
        assert run(today.paths, "lock").code == 0
        assert process.wait(PATIENCE) == 0
    check_ends(today, charges=1)
