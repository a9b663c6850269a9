"""The process itself: it ends cleanly in the middle of anything, and lets nobody else in."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import uvicorn

from tests.sweeps import sweep
from tests.worlds import learners
from tests.worlds.forks import ROOT, fork
from tests.worlds.served import Caller, Daemon, serving
from tests.worlds.world import PASSPHRASE, World
from tui.cli import entry_point
from vault.daemon import quiet_server
from vault.errors.daemon import SocketUnusable
from vault.errors.storage import UnsafePermissions, VaultBusy
from vault.wire import addresses, messages
from vault.wire.socket_file import listening


def words_for(world: World) -> list[str]:
    """What a process of its own is told."""
    paths, moment = world.paths, str(world.clock().timestamp())
    return [*map(str, (paths.vault, paths.state, paths.runtime)), moment, PASSPHRASE]


class Child(Caller):
    """A process of its own that has the vault of a world open."""

    def __init__(self, world: World, learner: Sequence[str] = (), kind: str = "main") -> None:
        super().__init__(world.paths.socket)
        program = f"tests.worlds.served_child:{kind}"
        self.process = fork(words_for(world), dict(os.environ), program=program, learner=learner)
        self.said = self.process.stdout.readline()

    def learners(self) -> list[int]:
        """The processes that this one started."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for file in children for pid in file.read_text().split()]

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; the exit code, and everything the process ever printed."""
        self.process.send_signal(how)
        output, errors = self.process.communicate(timeout=60)
        self.http.close()
        return self.process.wait(60), output + errors


@contextlib.contextmanager
def child_of(world: World, learner: Sequence[str] = (), kind: str = "main") -> Iterator[Child]:
    one = Child(world, learner, kind)
    with one.process:
        yield one
        one.process.kill()
    one.http.close()


@pytest.fixture
def child(waiting: World) -> Iterator[Child]:
    with child_of(waiting) as one:
        yield one


def approved(child: Child, session: messages.Session, *, world: World, steps: int) -> str:
    """Hand in and approve a job of so many steps."""
    folder = world.job("long", steps=steps)
    request = str(child.owner("submit", token=session.token, job=folder).json()["line"]["id"])
    digest = child.owner("request", token=session.token, request_id=request).json()["manifest_digest"]
    asked = {"request_id": request, "manifest_digest": digest, "draft": True}
    proof = child.proof(session, "approve", asked)
    answer = child.ask(addresses.owner_path("approve"), {**asked, "proof": proof}, token=session.token)
    assert answer.status_code == 200, answer.text
    return request


def until(condition: object, seconds: float = 60) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_one_that_is_started_anew_loads_none_of_the_heavy_libraries(waiting: World) -> None:
    command = [sys.executable, "-m", "tests.worlds.served_child", *words_for(waiting)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.terminate()
        assert process.wait(60) == 0


@pytest.mark.slow
@pytest.mark.parametrize("how", sweep([signal.SIGTERM, signal.SIGINT, signal.SIGHUP]))
def test_a_signal_ends_it_in_order_and_it_prints_nothing(
    child: Child, waiting: World, how: signal.Signals
) -> None:
    child.session()

    assert child.said.startswith("up")
    assert child.end(how) == (0, "")
    assert not waiting.paths.socket.exists()
    with waiting.vault() as vault:
        vault.verify_audit()


@pytest.mark.slow
def test_a_signal_during_a_run_leaves_no_learner_and_says_what_was_spent(
    child: Child, waiting: World
) -> None:
    session = child.session()
    request = approved(child, session, world=waiting, steps=9000)
    child.begin_proven(session, "train", request_id=request)
    until(lambda: any(run["step"] for run in child.ask(addresses.PULSE, token=session.token).json()["runs"]))
    (learner,) = child.learners()

    assert child.end() == (0, "")
    assert not is_alive(learner)
    assert not waiting.paths.socket.exists()
    with waiting.vault() as vault:
        assert vault.request(request).line.state == "failed"
        vault.verify_audit()


@pytest.mark.slow
def test_a_signal_while_the_learner_gets_ready_spends_nothing(waiting: World) -> None:
    with child_of(waiting, learners.late(seconds=5)) as child:
        session = child.session()
        request = approved(child, session, world=waiting, steps=9000)
        child.begin_proven(session, "train", request_id=request)
        until(child.learners)
        (learner,) = child.learners()

        assert child.end() == (0, "")
    assert not is_alive(learner)
    with waiting.vault() as vault:
        assert vault.request(request).line.state == "approved"
        assert not vault.request(request).price.paid


@pytest.mark.slow
def test_a_signal_during_an_import_leaves_all_of_it_or_nothing(child: Child, waiting: World) -> None:
    table = waiting.folder / "large.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "value"])
        writer.writerows((index, index % 97) for index in range(200_000))
    token = child.session().token
    choice = {"path": str(table), "name": "large", "unit": "record"}

    planning = child.begin("plan_import", token=token, choice=choice)
    until(lambda: child.outcome("plan_import", planning, token=token)["state"] == "done")
    plan = child.outcome("plan_import", planning, token=token)["answer"]["id"]
    sealing = child.begin("import_planned", token=token, plan_id=plan)
    until(lambda: child.outcome("import_planned", sealing, token=token)["of"])

    assert child.end() == (0, "")
    assert not waiting.paths.socket.exists()
    with waiting.vault() as vault:
        assert {one.name: one.rows for one in vault.collections()}.get("large", 200_000) == 200_000
        vault.verify_audit()


def test_after_a_kill_the_next_one_starts_over_what_was_left(child: Child, waiting: World) -> None:
    child.session()
    child.end(signal.SIGKILL)

    assert waiting.paths.socket.exists()
    with serving(waiting) as daemon:
        assert daemon.owner("verify_audit", token=daemon.session().token).status_code == 200


def test_a_second_one_is_refused_and_leaves_the_socket_of_the_first_alone(daemon: Daemon) -> None:
    with pytest.raises(VaultBusy), daemon.world.vault():
        pass
    second = Child(daemon.world)
    with second.process:
        assert second.said == ""
        assert second.process.wait(30) == 1
    second.http.close()
    assert daemon.ask(addresses.PULSE, token=daemon.session().token).status_code == 200


def test_the_socket_and_its_folder_are_for_their_owner_alone(daemon: Daemon) -> None:
    assert stat.S_IMODE(daemon.world.paths.socket.lstat().st_mode) == 0o600
    assert stat.S_IMODE(daemon.world.paths.runtime.lstat().st_mode) == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_user_who_reaches_the_socket_gets_no_answer(daemon: Daemon) -> None:
    token = daemon.session().token
    daemon.world.paths.runtime.chmod(0o755)
    daemon.world.paths.socket.chmod(0o666)

    assert _asked_as(os.getuid(), daemon.world.paths.socket, token).startswith(b"HTTP/1.1 200")
    assert _asked_as(65534, daemon.world.paths.socket, token) == b""


def _asked_as(uid: int, path: Path, token: str) -> bytes:
    """What another user hears; `!` when that user could not even connect."""
    heard, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setuid(uid)
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(5)
                line.connect(str(path))
                os.write(tell, _heard(line, token))
        except OSError:
            os.write(tell, b"!")
        finally:
            os._exit(0)
    os.close(tell)
    os.waitpid(child, 0)
    with os.fdopen(heard, "rb") as pipe:
        return pipe.read()


def _heard(line: socket.socket, token: str) -> bytes:
    head = f"POST {addresses.PULSE} HTTP/1.1\r\nHost: lockbox\r\nAuthorization: Bearer {token}\r\n"
    try:
        line.sendall(head.encode() + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        return line.recv(4096)
    except ConnectionError:
        return b""


@pytest.mark.parametrize("how", ["link", "open", "file"])
def test_a_folder_that_somebody_else_could_have_put_there_is_refused(
    tmp_path: Path, short: Path, how: str
) -> None:
    folder = short / "runtime"
    if how == "link":
        tmp_path.chmod(0o700)
        folder.symlink_to(tmp_path)
    elif how == "open":
        folder.mkdir()
        folder.chmod(0o750)
    else:
        folder.write_bytes(b"")

    with pytest.raises(UnsafePermissions), listening(folder / "a.sock"):
        pass


def test_a_path_that_is_too_long_for_a_socket_is_said(short: Path) -> None:
    with pytest.raises(SocketUnusable, match="too long"), listening(short / "runtime" / ("a" * 108)):
        pass


def test_a_socket_that_another_process_put_there_meanwhile_is_not_removed(short: Path) -> None:
    path = short / "runtime" / "a.sock"
    with listening(path):
        path.unlink()
        path.write_bytes(b"theirs")

    assert path.read_bytes() == b"theirs"


def test_vaults_do_not_share_a_socket(waiting: World) -> None:
    other = replace(waiting.paths, vault=waiting.folder / "elsewhere")

    assert waiting.paths.socket != other.socket
    assert waiting.paths.socket.parent == other.socket.parent


# nobody is waited for ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["lock", "SIGTERM"])
def test_work_that_never_ends_holds_up_neither_locking_nor_a_signal(waiting: World, way: str) -> None:
    """The keys lie in this process: it ends whatever its threads wait for."""
    with child_of(waiting, kind="stuck") as child:
        session = child.session()
        child.begin("plan_import", token=session.token, choice={"path": "/x.csv", "name": "other"})
        askers = [threading.Thread(target=_asked_in_vain, args=(waiting, session.token)) for _ in range(9)]
        for asker in askers:
            asker.start()
        if way == "lock":
            assert child.ask(addresses.LOCK, token=session.token).status_code == 200
        else:
            child.process.send_signal(signal.SIGTERM)
        assert exit_code_of(child) == 0
        assert not waiting.paths.socket.exists()
        for asker in askers:
            asker.join()
    waiting.vault().close()  # the lock is free and the vault is whole


def _asked_in_vain(world: World, token: str) -> None:
    with (
        contextlib.closing(Caller(world.paths.socket).http) as line,
        contextlib.suppress(httpx.TransportError),
    ):
        line.post(
            addresses.owner_path("requests"),
            json={},
            headers={"Authorization": f"Bearer {token}"},
            timeout=SOON,
        )


def test_a_pipe_where_the_process_says_what_it_serves_holds_up_nobody(waiting: World) -> None:
    with child_of(waiting) as child:
        facts = waiting.paths.socket.with_suffix(".json")
        facts.unlink()
        os.mkfifo(facts)
        child.process.send_signal(signal.SIGTERM)
        assert exit_code_of(child) == 0


def test_a_requester_that_reads_no_answer_holds_up_nobody(waiting: World) -> None:
    with child_of(waiting) as child, contextlib.ExitStack() as lines:
        for _ in range(12):
            line = lines.enter_context(socket.socket(socket.AF_UNIX))
            line.connect(str(waiting.paths.socket))
            line.sendall(
                b"POST /v1/requester/submit HTTP/1.1\r\nHost: lockbox\r\nContent-Type: application/json\r\n"
            )
        assert child.session().token
        child.process.send_signal(signal.SIGTERM)
        assert exit_code_of(child) == 0


def exit_code_of(child: Child) -> int | None:
    """What the process ended with, or None when it goes on and on."""
    try:
        return child.process.wait(SOON)
    except subprocess.TimeoutExpired:
        return None


SOON = 30
"""Seconds: far more than the process gives to what works on the vault, far less than for ever."""


def test_what_serves_for_weeks_looks_for_garbage_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not in what is loaded; a command, which ends soon, looks for none before it has made far more of it."""
    done: list[str] = []
    looked = SimpleNamespace(
        freeze=lambda: done.append("freeze"), set_threshold=lambda *after: done.append(f"after {after[0]}")
    )

    async def listening(*_arguments: object, **_more: object) -> None:
        done.append("listen")

    monkeypatch.setattr(quiet_server, "gc", looked)
    monkeypatch.setattr(uvicorn.Server, "startup", listening)
    asyncio.run(quiet_server.QuietServer(quiet_server.quiet_config(None)).startup())

    assert done == ["listen", "freeze", f"after {quiet_server.GARBAGE_AFTER}"]
    assert entry_point.GARBAGE_AFTER > 10 * quiet_server.GARBAGE_AFTER
