from __future__ import annotations
import threading, time
from typing import Any
import pytest
from api_home import Daemon, Caller, error_of
from e2e_world import World
from test_api_training import approved, outcome, pulse, until
from vault.opening import OpenVault
from vault.api import wire, trainings


def test_eight_browse(daemon: Daemon, monkeypatch: Any) -> None:
    token = daemon.session().token
    barrier = threading.Barrier(8)
    real = OpenVault.note

    def note(self, *a, **k):
        barrier.wait(20)
        return real(self, *a, **k)

    monkeypatch.setattr(OpenVault, "note", note)
    found = []

    def go():
        c = Caller(daemon.world.paths.socket)
        a = c.owner("browse", token=token, name="nights")
        found.append((a.status_code, a.text[:120] if a.status_code != 200 else ""))
        c.http.close()

    ts = [threading.Thread(target=go) for _ in range(8)]
    b = time.monotonic()
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    print(time.monotonic() - b, found)


def test_start_at_shutdown(daemon: Daemon, waiting: World, monkeypatch: Any) -> None:
    session = daemon.session()
    request, token = approved(daemon, session, steps=5), session.token
    gate, seen = threading.Event(), []
    real = trainings._outcome_of

    def slow(vault, full):
        gate.wait(20)
        try:
            out = real(vault, full)
            seen.append(repr(out)[:300])
        except BaseException as e:
            seen.append(repr(e))
            raise
        return out

    monkeypatch.setattr(trainings, "_outcome_of", slow)
    realend = trainings.Trainings.end_all

    # start arrives after end_all took its list
    def end_all(self):
        realend(self)
        try:
            self.start(request)
        except BaseException as e:
            seen.append(("start", repr(e)))

    monkeypatch.setattr(trainings.Trainings, "end_all", end_all)
    daemon.ask(wire.LOCK, {"stop_training": True}, token=token)
    print("ended", daemon.has_ended(20))
    gate.set()
    time.sleep(6)
    print(seen)
    monkeypatch.undo()
    with waiting.vault() as vault:
        print(vault.request(request).line.state)
