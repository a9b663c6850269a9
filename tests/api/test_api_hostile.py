"""What somebody hostile, or two threads at a bad moment, could try on the process that has the vault open."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from api_home import Daemon, error_of
from e2e_world import World
from test_api_training import approved, outcome, pulse, until

from vault import release
from vault.api import wire
from vault.api.wire import Session


@pytest.fixture
def session(daemon: Daemon) -> Session:
    return daemon.session()


def test_two_sendings_at_once(waiting: World, monkeypatch: Any) -> None:
    with waiting.vault() as vault:
        (held,) = vault.releases()
        to = waiting.folder / "out"
        first_wrote, second_may = threading.Event(), threading.Event()
        real = release.write_durably
        real_write = release._write
        n = []

        def slow(path: Path, data: bytes, *a: Any, **k: Any) -> None:
            real(path, data, *a, **k)
            if threading.current_thread().name == "second" and path.name == "update.safetensors":
                first_wrote.set()
                second_may.wait(5)

        def write(*a: Any, **k: Any) -> Path:
            done = real_write(*a, **k)
            if threading.current_thread().name == "first":
                threading.Thread(target=go, name="second").start()
                first_wrote.wait(5)
            return done

        def go() -> None:
            try:
                vault.send(held.id, confirm_digest=held.digest, to=to)
                n.append("sent")
            except Exception as error:
                n.append(repr(error))

        monkeypatch.setattr(release, "write_durably", slow)
        monkeypatch.setattr(release, "_write", write)
        one = threading.Thread(target=go, name="first")
        one.start()
        one.join()
        second_may.set()
        time.sleep(1)
        print(n, sorted(os.listdir(to)), vault.releases()[0].state)


def test_withdraw_without_mark_stops(daemon: Daemon, session: Session, monkeypatch: Any) -> None:
    request, token = approved(daemon, session, steps=9000), session.token
    daemon.ask(wire.START_TRAINING, {"request_id": request}, token=token)
    until(lambda: any(run["step"] for run in pulse(daemon, token)["runs"]))
    from vault import opening
    from vault.errors import Unavailable

    def no(*a, **k):
        raise OSError("no")

    monkeypatch.setattr(opening, "write_mark", no)
    grant = daemon.owner("requests", token=token).json()
    grants = daemon.owner("grants", token=token).json()
    g = [x for x in grants if x["state"] == "active"] or grants
    print(grants)
    for x in grants:
        a = daemon.owner("withdraw", token=token, grant_id=x["id"])
        print(a.status_code, a.text[:100])
    time.sleep(1)
    print(outcome(daemon, token, request), pulse(daemon, token)["runs"])
    monkeypatch.undo()


def test_cli_approver_after_idle(daemon: Daemon) -> None:
    cli, owner = daemon.session("cli"), daemon.session("owner")
    daemon.world.clock.forward(minutes=9)
    daemon.owner("status", token=owner.token)
    daemon.world.clock.forward(minutes=5)
    print(error_of(daemon.owner("status", token=cli.token)))
    a = daemon.ask(wire.NONCE, {"approver": cli.approver}, token=owner.token)
    print("nonce", a.status_code, a.text[:200])


def test_workers_full(daemon: Daemon, session: Session, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    threads = []
    from api_home import Caller

    for i in range(8):

        def go(i=i) -> None:
            try:
                print(
                    Caller(daemon.world.paths.socket)
                    .owner("add_requester", token=session.token, name=f"a{i}", key_file=fifo)
                    .text
                )
            except Exception as e:
                print(type(e))

        t = threading.Thread(target=go)
        t.start()
        threads.append(t)
    time.sleep(1)
    other = Caller(daemon.world.paths.socket)
    other.http.timeout = 5
    try:
        print("lock", other.ask(wire.LOCK, {}, token=session.token).status_code)
    except Exception as e:
        print("lock", type(e))
    daemon.world.clock.forward(minutes=20)
    print("ended", daemon.has_ended(5))
    for i in range(8):
        try:
            f = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
            os.write(f, b"x\n")
            os.close(f)
        except OSError as e:
            print(e)
        time.sleep(0.3)
    for t in threads:
        t.join(5)
    print("ended", daemon.has_ended(5))
