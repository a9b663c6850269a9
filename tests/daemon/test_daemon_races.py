"""Two threads of the process at a bad moment, and a withdrawal where not all of it can be written down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
from test_daemon_training import approved, begin, outcome, pulse, until

from tests.worlds.served import Caller, Daemon, error_of
from tests.worlds.world import NAME, PASSPHRASE, World
from vault import release
from vault.audit.entries import EntryType
from vault.client import attach
from vault.daemon.service import THREADS
from vault.errors.families import LockboxError
from vault.errors.rollback import MarkNotWritten
from vault.lifecycle import opened
from vault.lifecycle.opened import OpenVault
from vault.portal import SENT_FILES
from vault.sealing.slots import TEST_COST
from vault.store.files import write_durably
from vault.vault import Vault, passphrase_secret
from vault.wire import addresses

SECONDS = 20


def in_threads(work: Callable[[], object], number: int) -> None:
    threads = [threading.Thread(target=work, daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert not any(thread.is_alive() for thread in threads)


def no_mark(*_given: object) -> NoReturn:
    raise OSError("no room")


# sending ------------------------------------------------------------------------------------------------------


def test_two_sendings_of_one_update_at_once_are_one_whole_release(
    waiting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one begins when the first has written its draft, and would write into the same."""
    to, ended, has_begun, is_wrong = waiting.folder / "out", [], threading.Event(), threading.Event()
    write, write_file = release._write, write_durably

    def send(vault: Vault) -> None:
        (held,) = vault.releases()
        try:
            vault.send(held.id, confirm_digest=held.digest, to=to)
            ended.append("sent")
        except LockboxError:
            ended.append("refused")

    def write_and_wait(*given: Any, **named: Any) -> Path:
        draft = write(*given, **named)
        if not has_begun.is_set():
            has_begun.set()
            is_wrong.wait(1)  # set by who writes into this draft meanwhile
        return draft

    def write_a_file(path: Path, data: bytes) -> None:
        write_file(path, data)
        if has_begun.is_set():
            is_wrong.set()
            threading.Event().wait(0.5)

    monkeypatch.setattr(release, "_write", write_and_wait)
    monkeypatch.setattr(release, "write_durably", write_a_file)
    with waiting.vault() as vault:
        in_threads(lambda: send(vault), 2)

    assert sorted(ended) == ["refused", "sent"]
    assert {one.name for one in to.iterdir()} == set(SENT_FILES)


# what only the reminder is missing of is done -----------------------------------------------------------------


@pytest.mark.parametrize("method", ["withdraw", "block_requester"])
def test_what_ends_a_run_ends_it_where_the_reminder_cannot_be_written(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    session = daemon.session()
    request, token = approved(daemon, session, steps=9000), session.token
    grant = daemon.owner("explain_request", token=token, request_id=request).json()["grant"]
    run = begin(daemon, session, request)
    until(lambda: any(run["step"] for run in pulse(daemon, token)["runs"]))  # type: ignore[attr-defined]
    arguments = {"grant_id": grant} if method == "withdraw" else {"name": NAME}
    monkeypatch.setattr(opened, "write_mark", no_mark)

    assert error_of(daemon.owner(method, token=token, **arguments)) == (503, "MarkNotWritten")
    until(lambda: outcome(daemon, token, run) == "failed", SECONDS)


def test_a_passphrase_is_changed_where_the_reminder_cannot_be_written(
    waiting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change is on record by then."""
    old, new = passphrase_secret(PASSPHRASE), passphrase_secret("another one entirely")
    with waiting.vault() as vault:
        monkeypatch.setattr(opened, "write_mark", no_mark)
        with pytest.raises(MarkNotWritten):
            vault.renew_passphrase(old, new, recovery=False, cost=TEST_COST)
        vault.check_secret(new)


# nobody waits for another -------------------------------------------------------------------------------------


def test_as_many_as_work_at_once_can_look_at_records_at_once(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reads the trail for the reminder while it reads the records."""
    token, note, together = daemon.session().token, OpenVault.note, threading.Barrier(THREADS)
    statuses: list[int] = []

    def all_at_once(self: OpenVault, *given: Any, **named: Any) -> None:
        if given[0] is EntryType.ACCESS_VIEW:  # and not when the vault locks at the end of the test
            together.wait(SECONDS)
        note(self, *given, **named)

    def look() -> None:
        caller = Caller(daemon.world.paths.socket)
        statuses.append(caller.owner("browse", token=token, name="nights").status_code)
        caller.http.close()

    monkeypatch.setattr(OpenVault, "note", all_at_once)
    in_threads(look, THREADS)

    assert statuses == [200] * THREADS


@pytest.fixture
def busy(
    settles_often: None, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Daemon, str, Callable[[], None]]]:
    """The process, all of whose threads work on something long, a token of it, and what ends that."""
    token, may_end, began = daemon.session().token, threading.Event(), threading.Semaphore(0)

    def long(_vault: Vault) -> list[object]:
        began.release()
        may_end.wait(60)
        return []

    def ask() -> None:
        caller = Caller(daemon.world.paths.socket)
        with suppress(httpx.TransportError):
            caller.owner("collections", token=token)
        caller.http.close()

    monkeypatch.setattr(Vault, "collections", long)
    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert began.acquire(timeout=SECONDS)
    yield daemon, token, may_end.set
    may_end.set()
    for thread in threads:
        thread.join(SECONDS)


def test_locking_waits_for_nobody_who_works(busy: tuple[Daemon, str, Callable[[], None]]) -> None:
    daemon, token, end_work = busy
    daemon.http.timeout = 5

    assert daemon.ask(addresses.LOCK, token=token).status_code == 200
    end_work()
    assert daemon.has_ended()


def test_the_deadline_waits_for_nobody_who_works(busy: tuple[Daemon, str, Callable[[], None]]) -> None:
    """Settling, which the process does by itself, waits for them meanwhile."""
    daemon, _token, end_work = busy
    threading.Event().wait(0.5)
    daemon.world.clock.forward(minutes=15)

    until(lambda: attach.served_by(daemon.world.paths) is None, 5)
    end_work()
    assert daemon.has_ended()
