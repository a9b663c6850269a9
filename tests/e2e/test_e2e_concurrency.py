"""Two processes and two threads: one writer at a time, readers beside it, and a withdrawal that arrives in a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from tests.worlds import learners
from tests.worlds.kills.checks import truth
from tests.worlds.kills.nursery import Nursery
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from tui.cli.exit_codes import exit_code
from vault.errors.families import LockboxError
from vault.errors.requests import WrongState
from vault.errors.storage import VaultBusy
from vault.records import reading
from vault.store.tables import HeldRow
from vault.training import process, run
from vault.training.process import LearnerProcess
from vault.training.run import _charge, _columns, _mark
from vault.training.update import check_update
from vault.vault import Vault

Quiet = Callable[[int, int], None]


@pytest.fixture
def approved_world(approved_template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A vault with one approved request, and a learner that trains for a moment."""
    world = copy_of(approved_template, tmp_path / "copy")
    command = learners.pretended(learners.zeros(world.folder / "job"), pause=0.02)
    monkeypatch.setattr(process, "COMMAND", command)
    return world


def elsewhere(work: Callable[[], object]) -> None:
    """Do it in another thread, and wait."""
    failures: list[BaseException] = []

    def watched() -> None:
        try:
            work()
        except BaseException as error:  # told in the thread of the test
            failures.append(error)

    thread = Thread(target=watched)
    thread.start()
    thread.join()
    assert failures == []


# processes ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_second_writer_is_refused_at_once_and_readers_are_not(
    nursery: Nursery, known_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    nursery.order(known_world, do="hold")
    nursery.wait_for("holding")
    with monkeypatch.context() as patch:
        patch.setattr("filelock._api.time.sleep", lambda _seconds: pytest.fail("it waited"))
        with pytest.raises(VaultBusy) as refusal:
            known_world.vault()
    assert exit_code(refusal.value) == 7
    with known_world.vault(writable=False) as vault:
        assert [one.name for one in vault.requesters()] == [NAME]
        with pytest.raises(LockboxError):
            vault.trust_requester(NAME)
    nursery.kill()
    with known_world.vault() as vault:
        vault.trust_requester(NAME)


@pytest.mark.slow
def test_a_reader_sees_what_a_writer_in_another_process_has_done(
    nursery: Nursery, known_world: World
) -> None:
    with known_world.vault(writable=False) as reader:
        assert reader.collections() == []
        nursery.order(known_world, do="act", act="approve")
        assert nursery.end() == 0
        assert [one.name for one in reader.collections()] == ["fresh"]
        assert [one.state for one in reader.requests()] == ["approved"]
        assert reader.verify_audit().size == len(reader.audit_lines())


@pytest.mark.slow
def test_a_reader_keeps_nobody_from_writing(nursery: Nursery, known_world: World) -> None:
    with known_world.vault(writable=False) as reader, reader._opened.read():
        nursery.order(known_world, do="act", act="import")
        assert nursery.end() == 0
    assert truth(known_world).rows == {"fresh": 300}


# a withdrawal while a run goes on -----------------------------------------------------------------------------


def run_into_withdrawal(world: World, vault: Vault, **watch: Quiet) -> None:
    """Train, and check that nothing survives that was withdrawn on the way; the charge stays."""
    request = vault.requests()[0].id
    with pytest.raises(LockboxError):
        vault.train(request, progress=watch.get("progress", lambda _step, _of: None))
    assert vault.grants()[0].state == "withdrawn"
    assert vault.request(request).line.state == "failed"
    assert vault.budget()[0].used_percent > 0
    with vault._opened.read() as uow:
        assert uow.count(HeldRow) == 0
    assert vault._opened.running == {}


def withdraw(vault: Vault) -> None:
    elsewhere(lambda: vault.withdraw(vault.grants()[0].id))


def test_a_withdrawal_stops_the_run_at_once(approved_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[LearnerProcess] = []
    original = LearnerProcess.start

    def start(*arguments: Any) -> LearnerProcess:
        started.append(original(*arguments))
        return started[0]

    monkeypatch.setattr(LearnerProcess, "start", start)
    steps: list[int] = []
    with approved_world.vault() as vault:

        def progress(step: int, _of: int) -> None:
            steps.append(step)
            if step == 2:
                withdraw(vault)
                assert started[0]._process.poll() is not None, "the learner still runs"

        run_into_withdrawal(approved_world, vault, progress=progress)
    assert 5 not in steps
    truth(approved_world)


def test_nothing_is_read_after_a_withdrawal(approved_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes between the charge and the first record."""
    original, opened = _columns, []
    monkeypatch.setattr(reading, "open_segment", lambda *_: opened.append(1))
    with approved_world.vault() as vault:

        def columns(*arguments: Any) -> bytearray:
            withdraw(vault)
            return original(*arguments)

        monkeypatch.setattr(run, "_columns", columns)
        run_into_withdrawal(approved_world, vault)
    assert opened == []


def test_a_finished_update_is_not_held_under_a_withdrawn_consent(
    approved_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes when the learner has ended and nothing is stored yet."""
    original = check_update
    with approved_world.vault() as vault:

        def check(*arguments: Any) -> None:
            withdraw(vault)
            original(*arguments)

        monkeypatch.setattr(run, "check_update", check)
        run_into_withdrawal(approved_world, vault)


def test_a_withdrawal_before_the_charge_costs_nothing(
    approved_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = _charge
    with approved_world.vault() as vault:
        request = vault.requests()[0].id

        def mark(opened: Any, request_id: str, state: Any) -> None:
            real_mark(opened, request_id, state)
            if state == "ready":
                withdraw(vault)

        real_mark = _mark
        monkeypatch.setattr(run, "_mark", mark)
        with pytest.raises(LockboxError):
            vault.train(request, progress=lambda _step, _of: None)
        assert vault.request(request).line.state == "waiting", "without its consent it is approved no more"
        assert vault.budget()[0].used_percent == 0
    assert original is _charge


# other acts while a run goes on -------------------------------------------------------------------------------


def test_settling_leaves_a_run_alone_that_goes_on_in_this_process(approved_world: World) -> None:
    """A daemon settles again and again, as updates and consents expire."""
    with approved_world.vault() as vault:
        request = vault.requests()[0].id
        held = vault.train(request, progress=lambda _step, _of: elsewhere(vault.settle))
        assert held.state == "held"
        assert "run.failed" not in [line.type for line in vault.audit_lines()]


def test_a_request_does_not_run_twice_at_the_same_time(approved_world: World, quiet: Quiet) -> None:
    refused: list[str] = []
    with approved_world.vault() as vault:
        request = vault.requests()[0].id

        def again() -> None:
            with pytest.raises(WrongState):
                vault.train(request, progress=quiet)
            refused.append(vault.request(request).line.state)

        vault.train(request, progress=lambda step, _of: elsewhere(again) if step == 1 else None)
        assert vault.release(request).state == "held"
    assert refused == ["training"], "the second attempt changed the state of the first"
    assert len(truth(approved_world).charges) == 1


def test_two_starts_at_the_same_moment_are_one_run(
    approved_world: World, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have passed every check; the one that comes second must not set back the one that trains."""
    original, inside, is_training, go_on = LearnerProcess.start, [0], Event(), Event()
    with approved_world.vault() as vault:
        request = vault.requests()[0].id

        def progress(_step: int, _of: int) -> None:
            is_training.set()
            assert go_on.wait(60)

        def first() -> None:
            vault.train(request, progress=progress)

        def start(*arguments: Any) -> LearnerProcess:
            inside[0] += 1
            if inside[0] == 1:
                thread.start()
                assert is_training.wait(60)
            return original(*arguments)

        thread = Thread(target=first)
        monkeypatch.setattr(LearnerProcess, "start", start)
        with pytest.raises(WrongState):
            vault.train(request, progress=quiet)
        go_on.set()
        thread.join()
        assert vault.release(request).state == "held"
    assert len(truth(approved_world).charges) == 1


def test_acts_of_many_threads_leave_one_trail_without_a_gap(approved_world: World) -> None:
    with approved_world.vault() as vault:
        before = len(vault.audit_lines())
        threads = [
            Thread(target=lambda: [vault.show_collection("nights") for _ in range(3)]) for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(vault.audit_lines()) == before + 18
    truth(approved_world)
