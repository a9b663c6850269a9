"""Watched actions over a real socket: how far they are, what becomes of them, and that a stop keeps nothing."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_daemon_training import approved, until

from tests.sweeps import sweep
from tests.worlds.importing import import_file
from tests.worlds.served import Daemon, error_of
from tests.worlds.world import PASSPHRASE
from vault.client import attach
from vault.daemon.watched import WatchedActions
from vault.errors.daemon import Stopped
from vault.errors.records import AlreadyImported, FileMissing
from vault.owner.interface.session import OwnerSession
from vault.training import living, process
from vault.vault import Vault
from vault.views.audit import Opening
from vault.views.records import FileChoice, RowFilter
from vault.wire import addresses

ROWS = 9_000
NEVER_READY = (sys.executable, "-I", "-S", "-c", "import signal; signal.pause()")
Do = Callable[[OwnerSession, Path, Callable[[int, int], None]], object]


def table(folder: Path) -> Path:
    path = folder / "many.csv"
    path.write_text("who,steps\n" + "".join(f"p{row},{row % 977}\n" for row in range(ROWS)))
    return path


def choice(folder: Path) -> FileChoice:
    return FileChoice(path=table(folder), name="many", unit="column:who")


WATCHED: dict[str, Do] = {
    "plan_import": lambda vault, folder, progress: vault.plan_import(choice(folder), progress=progress),
    "import_planned": lambda vault, folder, progress: vault.import_planned(
        vault.plan_import(choice(folder)).id, progress=progress
    ),
    "export_collection": lambda vault, folder, progress: vault.export_collection(
        "nights", folder / "out.csv", as_format="csv", progress=progress
    ),
    "export_pictures": lambda vault, folder, progress: vault.export_pictures(
        "nights", folder / "out.html", progress=progress
    ),
    "search_all": lambda vault, _folder, progress: vault.search_all(RowFilter(text="1"), progress=progress),
    "backup": lambda vault, folder, progress: vault.backup(folder / "backup.tar", progress=progress),
    "verify_audit": lambda vault, _folder, progress: vault.verify_audit(progress=progress),
    "export_audit": lambda vault, folder, progress: vault.export_audit(folder / "trail", progress=progress),
    "disclose_audit": lambda vault, folder, progress: vault.disclose_audit(
        folder / "trail", disclose=[Opening(seq=1, name="source")], since=[1], prove=[0], progress=progress
    ),
}
FIRST_WATCHED = sorted(WATCHED, key=lambda name: (name not in ("import_planned", "export_collection"), name))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where what is taken out goes."""
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


@pytest.fixture
def vault(daemon: Daemon) -> Iterator[OwnerSession]:
    """A client of that process."""
    with attach.attach(daemon.world.paths, attach.passphrase_secret(PASSPHRASE), is_owner=True) as one:
        yield one


Hold = Callable[[str], threading.Event]


@pytest.fixture
def hold(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hold]:
    """Let a watched action wait once it is known how much it is, until the event is set or something is stopped."""
    go_on, stop = threading.Event(), WatchedActions.stop

    def hold(name: str) -> threading.Event:
        real: Any = getattr(Vault, name)

        def action(self: Vault, *args: Any, progress: Callable[[int, int], None], **kwargs: Any) -> Any:
            def tell(done: int, of: int) -> None:
                progress(done, of)
                if of:
                    assert go_on.wait(30)
                    progress(done, of)

            return real(self, *args, progress=tell, **kwargs)

        monkeypatch.setattr(Vault, name, action)
        return go_on

    def stopped(self: WatchedActions, action_id: str) -> None:
        stop(self, action_id)
        go_on.set()

    monkeypatch.setattr(WatchedActions, "stop", stopped)
    yield hold
    go_on.set()


def left(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()}


@pytest.mark.parametrize("name", sweep(FIRST_WATCHED, default=2))
def test_what_takes_long_tells_how_far_it_is_until_all_is_done(
    name: str, vault: OwnerSession, folder: Path
) -> None:
    told: list[tuple[int, int]] = []
    answer = WATCHED[name](vault, folder, lambda done, of: told.append((done, of)))

    assert told
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] > 0
    begun = vault.begun()[-1]
    assert (begun.action, begun.state, begun.error) == (name, "done", "")
    assert (begun.done, begun.of) == told[-1]
    assert (answer is None) == (name == "backup")


@pytest.mark.parametrize("name", sorted(WATCHED))
def test_who_looks_can_stop_it_and_nothing_of_it_is_kept(
    name: str, vault: OwnerSession, hold: Hold, folder: Path
) -> None:
    """Ctrl-C where it is watched stops it where it works, and comes back when it has ended."""
    before = (vault.collections(), vault.status().rows)
    table(folder)
    goes_on = hold(name)

    def interrupt(_done: int, _of: int) -> None:
        assert not goes_on.is_set()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        WATCHED[name](vault, folder, interrupt)

    begun = vault.begun()[-1]
    assert (begun.action, begun.state, begun.error) == (name, "failed", str(Stopped()))
    assert (vault.collections(), vault.status().rows) == before
    assert left(folder) == {"many.csv"}


def test_a_real_interrupt_stops_it_there_wherever_it_strikes(
    daemon: Daemon, vault: OwnerSession, hold: Hold, folder: Path
) -> None:
    """Also while an answer is on its way."""
    plan = vault.plan_import(choice(folder)).id
    hold("import_planned")
    token = daemon.session().token
    is_asking = threading.Event()

    def interrupt() -> None:
        is_asking.wait()
        until(lambda: daemon.ask(addresses.BEGUN, token=token).json()[-1]["of"])
        os.kill(os.getpid(), signal.SIGINT)

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 (it may strike at either)
        is_asking.set()
        vault.import_planned(plan)
    interrupting.join()
    # It struck before that had begun, which then never does, or afterwards.
    last = vault.begun()[-1]
    assert (last.action, last.error) in {("plan_import", ""), ("import_planned", str(Stopped()))}
    assert "many" not in {one.name for one in vault.collections()}


def test_a_stopped_import_can_be_made_again(vault: OwnerSession, hold: Hold, folder: Path) -> None:
    def stop(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    plan = vault.plan_import(choice(folder)).id
    entries = vault.status().audit_entries
    hold("import_planned")
    with pytest.raises(KeyboardInterrupt):
        vault.import_planned(plan, progress=stop)
    assert vault.status().audit_entries == entries
    assert vault.import_planned(plan).rows == ROWS
    with pytest.raises(AlreadyImported):
        import_file(vault, choice(folder))


def test_a_stop_that_comes_too_late_gives_the_answer(vault: OwnerSession, folder: Path) -> None:
    """What is done is done, and is said."""

    def late(done: int, of: int) -> None:
        if done == of:
            raise KeyboardInterrupt

    assert vault.verify_audit(progress=late).size == vault.status().audit_entries


def test_its_error_is_raised_where_it_was_asked_for(vault: OwnerSession, folder: Path) -> None:
    with pytest.raises(FileMissing):
        vault.plan_import(FileChoice(path=folder / "none.csv", name="none"))
    begun = vault.begun()[-1]
    assert (begun.state, begun.error) == ("failed", str(FileMissing(path=folder / "none.csv")))


def test_others_can_look_at_it_and_stop_it(daemon: Daemon, hold: Hold, folder: Path) -> None:
    hold("backup")
    token = daemon.session().token
    action_id = daemon.begin("backup", token=token, target=folder / "b.tar")
    until(lambda: daemon.outcome("backup", action_id, token=token)["of"])
    (view,) = daemon.ask(addresses.BEGUN, token=token).json()
    assert (view["id"], view["action"], view["state"]) == (action_id, "backup", "running")
    assert view["arguments"] == {"target": str(folder / "b.tar")}

    assert daemon.ask(addresses.STOP, {"id": action_id}, token=token).status_code == 200
    until(lambda: daemon.outcome("backup", action_id, token=token)["state"] != "running")
    assert daemon.outcome("backup", action_id, token=token)["error"]["error"] == "Stopped"
    assert error_of(daemon.ask(addresses.STOP, {"id": "0" * 32}, token=token)) == (400, "UnknownAction")


def test_what_was_stopped_before_it_came_never_begins_and_no_id_begins_twice(
    daemon: Daemon, folder: Path
) -> None:
    """Ctrl-C strikes while the first word is on its way."""
    token, chosen = daemon.session().token, "0123456789abcdef" * 2
    target = {"target": str(folder / "b.tar"), "action_id": chosen}
    assert error_of(daemon.ask(addresses.STOP, {"id": chosen}, token=token)) == (400, "UnknownAction")
    assert error_of(daemon.ask(addresses.owner_path("backup"), target, token=token)) == (403, "Stopped")
    assert left(folder) == set()

    other = {**target, "action_id": chosen[::-1]}
    for _ in range(2):
        assert daemon.ask(addresses.owner_path("backup"), other, token=token).json() == {"id": chosen[::-1]}
    until(lambda: daemon.outcome("backup", chosen[::-1], token=token)["state"] == "done")
    assert len(daemon.ask(addresses.BEGUN, token=token).json()) == 1


def test_a_run_stopped_before_it_is_paid_for_costs_nothing(daemon: Daemon, vault: OwnerSession) -> None:
    """Ctrl-C while the learner gets ready, which takes seconds."""
    session = daemon.session()
    request = approved(daemon, session, steps=9000)
    action_id = vault.begin("train", request_id=request)
    assert daemon.ask(addresses.STOP, {"id": action_id}, token=session.token).status_code == 200
    until(lambda: vault.begun()[-1].state != "running")

    assert vault.begun()[-1].error == str(Stopped())
    assert vault.request(request).line.state == "approved"
    assert not vault.request(request).price.paid


@pytest.mark.parametrize("action", sweep(["attack_stand_in", "train"]))
@pytest.mark.parametrize("how", sweep(["stop", "lock"]))
def test_a_learner_that_is_not_ready_yet_is_ended_at_once(
    action: str, how: str, daemon: Daemon, vault: OwnerSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for a learner to be loaded that is not wanted any more."""
    session = daemon.session()
    request = approved(daemon, session, steps=20)
    monkeypatch.setattr(process, "COMMAND", NEVER_READY)
    begun = vault.begin(action, request_id=request)
    until(lambda: living._LIVING)
    ended = daemon.outcome(action, begun, token=session.token)["state"] != "running"
    if how == "stop":
        daemon.ask(addresses.STOP, {"id": begun}, token=session.token)
        until(lambda: vault.begun()[-1].state != "running", seconds=process.READY_TIMEOUT / 4)
        assert vault.begun()[-1].error == str(Stopped())
    else:
        daemon.ask(addresses.LOCK, {"stop_training": True}, token=session.token)
        assert daemon.has_ended(process.READY_TIMEOUT / 4)
    assert not ended
    assert not living._LIVING


def test_a_run_is_stopped_where_it_is_watched(daemon: Daemon, vault: OwnerSession) -> None:
    request = approved(daemon, daemon.session(), steps=9000)
    told: list[int] = []

    def interrupt(step: int, _of: int) -> None:
        told.append(step)
        if step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vault.train(request, progress=interrupt)
    assert told[-1] > 0
    assert vault.request(request).line.state == "failed"
    assert vault.runs() == []


class Endless(threading.Event):
    """What something waits for; `is_stopped` says that it was stopped before."""

    is_stopped = False


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endless]:
    """A backup that is never done before the event is set, and asks now and then whether it is stopped."""
    done = Endless()

    def backup(_self: Vault, *, progress: Callable[[int, int], None], **_given: object) -> None:
        try:
            while not done.wait(0.01):
                progress(1, 2)
        except Stopped:
            done.is_stopped = True
            raise

    monkeypatch.setattr(Vault, "backup", backup)
    yield done
    done.set()


def test_locking_waits_for_nothing_that_was_begun(daemon: Daemon, endless: Endless, folder: Path) -> None:
    token = daemon.session().token
    action_id = daemon.begin("backup", token=token, target=folder / "b.tar")
    until(lambda: daemon.outcome("backup", action_id, token=token)["of"])
    assert daemon.ask(addresses.LOCK, token=token).status_code == 200
    has_ended = daemon.has_ended(10)
    endless.set()

    assert (has_ended, endless.is_stopped) == (True, True)


def test_at_the_deadline_what_was_begun_comes_to_its_end(
    daemon: Daemon, endless: Endless, folder: Path
) -> None:
    session = daemon.session()
    action_id = daemon.begin("backup", token=session.token, target=folder / "b.tar")
    until(lambda: daemon.outcome("backup", action_id, token=session.token)["of"])
    daemon.world.clock.forward(minutes=15)
    assert error_of(daemon.ask(addresses.PULSE, token=session.token)) == (401, "SessionEnded")

    assert not daemon.has_ended(1)
    assert daemon.outcome("backup", action_id, token=daemon.session().token)["state"] == "running"
    endless.set()
    daemon.world.clock.forward(minutes=15)
    assert daemon.has_ended(10)


# here, in the same process ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sweep(FIRST_WATCHED, default=2))
def test_in_one_process_an_action_ends_with_what_its_progress_raises(
    name: str, waiting: Any, folder: Path
) -> None:
    class Enough(Exception):
        pass

    def stop(_done: int, _of: int) -> None:
        raise Enough

    table(folder)
    with waiting.vault() as vault:
        before = vault.collections()
        with pytest.raises(Enough):
            WATCHED[name](vault, folder, stop)
        assert vault.collections() == before
        assert left(folder) == {"many.csv"}
        vault.verify_audit()
