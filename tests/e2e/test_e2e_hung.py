"""A stopped process that has the vault open: it is named, nobody waits for it, it is used again, or `lock` ends it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.worlds import learners
from tests.worlds.commands import Outcome, environment, run, start
from tests.worlds.daemon import eventually, facts, leave_session, serving
from tests.worlds.forks import Fork
from tests.worlds.screens import on_page, play, sees, until
from tests.worlds.world import NAME, PASSPHRASE, World
from tui.cli import entry_point
from tui.dialogs.lock import HungDialog
from vault.client import attach, connection, liveness

LONGEST = 30.0
Here = Callable[..., Outcome]


def refused(outcome: Outcome, code: int, says: str) -> None:
    assert (code, True) == (outcome.code, says in outcome.err), outcome.err
    assert len([line for line in outcome.err.splitlines() if line.startswith("lockbox: error: ")]) == 1


@pytest.fixture
def stopped(today: World) -> Iterator[tuple[World, Fork]]:
    """Today's vault, held open by a process that is stopped, with a session left for commands."""
    with serving(today) as process:
        leave_session(today)
        process.send_signal(signal.SIGSTOP)
        yield today, process
        process.send_signal(signal.SIGCONT)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Run a command line in this process, which has less patience than a command."""
    monkeypatch.setattr(liveness, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(attach, "ASK_SECONDS", 0.5)
    monkeypatch.setattr("vault.client.attach.harden_process", lambda: True)

    def run_here(world: World, *words: str | Path) -> Outcome:
        for name, place in environment(world.paths).items():
            monkeypatch.setenv(name, place)
        capsys.readouterr()
        code = entry_point.run(list(map(str, words)))
        seen = capsys.readouterr()
        return Outcome(code=code, out=seen.out, err=seen.err)

    return run_here


def is_let_in(world: World) -> bool:
    """Whether one more may wait at the socket; who has gone waits there as well."""
    with socket.socket(socket.AF_UNIX) as line:
        line.setblocking(False)
        try:
            line.connect(str(world.paths.socket))
        except BlockingIOError:
            return False
    return True


def slow_learner(world: World, mark: str) -> tuple[str, ...]:
    return learners.pretended(learners.zeros(world.folder / "job"), mark=mark, pause=3.0)


# commands -----------------------------------------------------------------------------------------------------


def test_a_stopped_process_is_named_by_every_command_and_used_again_when_it_goes_on(
    stopped: tuple[World, Fork], here: Here
) -> None:
    world, process = stopped
    for words in (("status",), ("data", "list"), ("import", world.folder / "nights.csv"), ("train",)):
        began = time.monotonic()
        refused(here(world, *words), 7, f"the vault's process, number {process.pid}, takes connections")
        assert time.monotonic() - began < LONGEST
    process.send_signal(signal.SIGCONT)

    assert here(world, "status").code == 0


@pytest.mark.slow
def test_lock_ends_a_stopped_process_without_a_passphrase(stopped: tuple[World, Fork]) -> None:
    world, process = stopped
    outcome = run(world.paths, "lock", secret=None)

    assert (outcome.code, f"Process {process.pid} did not answer and was ended" in outcome.err) == (0, True)
    assert process.wait(LONGEST) == -signal.SIGKILL
    assert not world.paths.session.exists()
    assert run(world.paths, "audit", "verify").code == 0


def test_a_process_that_cannot_be_confirmed_is_never_ended(stopped: tuple[World, Fork], here: Here) -> None:
    world, process = stopped
    file = world.paths.socket.with_suffix(".json")
    told = json.loads(file.read_text())
    with subprocess.Popen([sys.executable, "-I", "-c", "input()"], stdin=subprocess.PIPE) as other:
        for wrong in ({"pid": other.pid}, {"started": told["started"] + 1}, {"pid": 1}, {"pid": "all"}):
            file.write_text(json.dumps({**told, **wrong}))
            refused(here(world, "lock"), 7, "it is not certain that process")
        assert (other.poll(), process.poll()) == (None, None)
        other.communicate(b"\n")


@pytest.mark.slow
def test_where_as_many_wait_as_can_the_process_is_named_and_ended_all_the_same(
    stopped: tuple[World, Fork], here: Here
) -> None:
    world, process = stopped
    while is_let_in(world):
        pass
    refused(here(world, "status"), 7, f"number {process.pid}")
    assert here(world, "lock").code == 0
    assert process.wait(LONGEST) == -signal.SIGKILL


# a run there --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_who_watches_a_run_is_told_and_the_run_goes_on_with_the_process(approved_today: World) -> None:
    with serving(approved_today, learner=slow_learner(approved_today, "hung")) as process:
        leave_session(approved_today)
        with start(approved_today.paths, "train") as training:
            eventually(lambda: facts(approved_today, "status")[0]["running"] == 1, "it does not run")
            process.send_signal(signal.SIGSTOP)
            _, err = training.communicate(timeout=LONGEST)
        assert (training.returncode, f"number {process.pid}" in err) == (7, True), err
        process.send_signal(signal.SIGCONT)
        eventually(lambda: facts(approved_today, "request", "list")[0]["state"] == "held", "it is not held")


@pytest.mark.slow
def test_lock_ends_a_stopped_process_with_its_run_only_when_that_is_said(approved_today: World) -> None:
    with serving(approved_today, learner=slow_learner(approved_today, "lost")) as process:
        leave_session(approved_today)
        with start(approved_today.paths, "train") as training:
            eventually(lambda: facts(approved_today, "status")[0]["running"] == 1, "it does not run")
            process.send_signal(signal.SIGSTOP)
            refused(run(approved_today.paths, "lock", secret=None), 4, "a training runs")
            assert process.poll() is None
            assert run(approved_today.paths, "lock", "--stop-training", secret=None).code == 0
            training.communicate(timeout=LONGEST)
        assert process.wait(LONGEST) == -signal.SIGKILL
    eventually(lambda: list(learners.alive("lost")) == [], "a learner is left")
    with approved_today.vault() as vault:
        assert vault.requests()[0].state in ("failed", "approved")
        vault.verify_audit()


@pytest.mark.slow
def test_a_run_whose_learner_is_stopped_goes_on_with_it(approved_today: World) -> None:
    with serving(approved_today, learner=slow_learner(approved_today, "paused")):
        leave_session(approved_today)
        with start(approved_today.paths, "train") as training:
            eventually(lambda: list(learners.alive("paused")) != [], "it does not run")
            for learner in learners.alive("paused"):
                os.kill(learner, signal.SIGSTOP)
            assert facts(approved_today, "status")[0]["requests_waiting"] == 0
            for learner in learners.alive("paused"):
                os.kill(learner, signal.SIGCONT)
            _, err = training.communicate(timeout=60)
        assert training.returncode == 0, err
        assert facts(approved_today, "request", "list")[0]["state"] == "held"


# a command ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_command_that_is_stopped_holds_up_nobody_and_ends_right(approved_today: World) -> None:
    """The run that it watches goes on without it."""
    with serving(approved_today, learner=slow_learner(approved_today, "unwatched")):
        leave_session(approved_today)
        with start(approved_today.paths, "train") as training:
            eventually(lambda: facts(approved_today, "status")[0]["running"] == 1, "it does not run")
            training.send_signal(signal.SIGSTOP)
            assert run(approved_today.paths, "backup", approved_today.folder / "meanwhile.tar").code == 0
            eventually(
                lambda: facts(approved_today, "request", "list")[0]["state"] == "held", "it is not held"
            )
            training.send_signal(signal.SIGCONT)
            out, err = training.communicate(timeout=LONGEST)
        assert (training.returncode, "The result is held in the vault" in out + err) == (0, True), err


@pytest.mark.slow
def test_a_stopped_import_is_done_as_a_whole_when_the_command_goes_on(approved_today: World) -> None:
    table = approved_today.table("more.csv", rows=20_000, seed=3)
    with serving(approved_today):
        leave_session(approved_today)
        with start(approved_today.paths, "import", table, "--unit", "day", "--time", "day") as importing:
            assert importing.stderr is not None
            while "rows fit" not in importing.stderr.readline():
                assert importing.poll() is None
            importing.send_signal(signal.SIGSTOP)
            assert run(approved_today.paths, "requester", "block", NAME).code == 0
            rows = {one["name"]: one["rows"] for one in facts(approved_today, "data", "list")}
            assert rows in ({"nights": 100}, {"nights": 100, "more": 20_000})
            importing.send_signal(signal.SIGCONT)
            _, err = importing.communicate(timeout=LONGEST)
        assert importing.returncode == 0, err
        assert {one["rows"] for one in facts(approved_today, "data", "list")} == {100, 20_000}
        assert run(approved_today.paths, "audit", "verify").code == 0


# the screens --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_screens_say_it_do_not_freeze_and_end_it(today: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(connection, "SILENT_SECONDS", 0.5)

    async def story() -> None:
        async with on_page(vault, today, "home", size=(100, 30)) as pilot:
            app = pilot.app
            await sees(pilot, "locks in")
            process.send_signal(signal.SIGSTOP)
            await sees(pilot, "does not answer; ctrl+l ends it")
            await sees(pilot, f"The vault's process, number {process.pid}, takes connections")
            await pilot.press("2")
            await until(pilot, lambda: getattr(app.screen, "NAME", "") == "data")
            process.send_signal(signal.SIGCONT)
            await sees(pilot, "The vault's process answers again.")
            await sees(pilot, "locks in")
            process.send_signal(signal.SIGSTOP)
            await sees(pilot, "does not answer; ctrl+l ends it")
            await pilot.press("ctrl+l")
            await until(pilot, lambda: isinstance(app.screen, HungDialog))
            await sees(pilot, f"Process {process.pid} has the keys.")
            await pilot.click("#end")
            await until(pilot, lambda: "did not answer and was ended" in app.door)  # type: ignore[attr-defined]

    with serving(today) as process:
        vault = attach.attach(today.paths, attach.passphrase_secret(PASSPHRASE), is_owner=True)
        play(story())
        assert process.wait(LONGEST) == -signal.SIGKILL
    vault.close()
