"""Runs in the process that has the vault open: who asks does not wait, and a paid run is never lost to the clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from tests.worlds.served import Daemon, error_of
from tests.worlds.world import NAME, World
from vault.daemon.service import Service
from vault.wire import addresses
from vault.wire.messages import Session


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def approved(daemon: Daemon, session: Session, *, steps: int) -> str:
    folder = daemon.world.job("run", steps=steps)
    view = daemon.owner("submit", token=session.token, job=folder).json()
    asked = {"request_id": view["line"]["id"], "manifest_digest": view["manifest_digest"], "draft": True}
    proof = daemon.proof(session, "approve", asked)
    answer = daemon.ask(addresses.owner_path("approve"), {**asked, "proof": proof}, token=session.token)
    assert answer.status_code == 200, answer.text
    return str(view["line"]["id"])


def begin(daemon: Daemon, session: Session, request: str) -> str:
    return daemon.begin_proven(session, "train", request_id=request)


def outcome(daemon: Daemon, token: str, run: str) -> str:
    return str(daemon.outcome("train", run, token=token)["state"])


def pulse(daemon: Daemon, token: str) -> dict[str, object]:
    answer = daemon.ask(addresses.PULSE, token=token, headers={addresses.BACKGROUND: "1"})
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


@pytest.fixture
def session(daemon: Daemon) -> Session:
    return daemon.session()


def test_a_run_is_begun_at_once_watched_and_not_begun_again(daemon: Daemon, session: Session) -> None:
    request, token = approved(daemon, session, steps=9000), session.token
    run = begin(daemon, session, request)
    assert outcome(daemon, token, run) == "running"
    until(lambda: pulse(daemon, token)["runs"])
    again = begin(daemon, session, request)
    until(lambda: outcome(daemon, token, again) == "failed")

    assert daemon.outcome("train", again, token=token)["error"]["error"] == "RunsNow"
    assert outcome(daemon, token, run) == "running"
    assert daemon.owner("stop_training", token=token, request_id=request).status_code == 200
    until(lambda: outcome(daemon, token, run) != "running")


def test_what_a_run_came_to_is_held(daemon: Daemon, session: Session) -> None:
    request, token = approved(daemon, session, steps=5), session.token
    before = pulse(daemon, token)["audit_entries"]
    run = begin(daemon, session, request[:8])
    until(lambda: outcome(daemon, token, run) != "running")

    found = daemon.outcome("train", run, token=token)
    assert (found["state"], found["done"], found["of"], found["answer"]["id"]) == ("done", 5, 5, request)
    assert daemon.owner("release", token=token, release_id=request).json()["state"] == "held"
    assert pulse(daemon, token)["audit_entries"] > before  # type: ignore[operator]
    assert pulse(daemon, token)["runs"] == []


def test_a_run_that_may_not_begin_says_why_in_its_outcome(daemon: Daemon, session: Session) -> None:
    lines = daemon.owner("requests", token=session.token).json()
    waiting = next(line["id"] for line in lines if line["state"] == "waiting")
    run = begin(daemon, session, waiting)
    until(lambda: outcome(daemon, session.token, run) == "failed")

    assert daemon.outcome("train", run, token=session.token)["error"]["error"] == "StillWaits"


def test_a_run_that_was_never_begun_has_no_outcome(daemon: Daemon, session: Session) -> None:
    other = daemon.begin("verify_audit", token=session.token)
    for run in ("0" * 32, "", other):
        answer = daemon.ask(addresses.outcome_path("train"), {"id": run}, token=session.token)
        assert error_of(answer) == (400, "UnknownAction")


def test_a_run_can_be_stopped_while_others_ask(daemon: Daemon, session: Session) -> None:
    request, token = approved(daemon, session, steps=9000), session.token
    begun = begin(daemon, session, request)
    until(lambda: any(run["step"] for run in pulse(daemon, token)["runs"]))  # type: ignore[attr-defined]
    (run,) = pulse(daemon, token)["runs"]  # type: ignore[misc]
    assert (run["request"], run["of"], run["requester"]) == (request, 9000, "Sleep lab")
    assert daemon.owner("stop_training", token=token, request_id=request).status_code == 200
    until(lambda: outcome(daemon, token, begun) != "running")

    answer = daemon.outcome("train", begun, token=token)
    assert (answer["state"], answer["error"]["error"]) == ("failed", "RunLost")


def test_at_the_deadline_tokens_die_at_once_and_the_process_when_the_run_is_done(
    daemon: Daemon, session: Session, waiting: World
) -> None:
    request, token = approved(daemon, session, steps=5), session.token
    asked = {"requester": NAME}
    proof = daemon.proof(session, "issue_token", asked)  # type: ignore[arg-type]
    issue = addresses.owner_path("issue_token")
    theirs = daemon.ask(issue, {**asked, "proof": proof}, token=token).json()
    begin(daemon, session, request)
    daemon.world.clock.forward(minutes=15)

    for path, whose in ((addresses.PULSE, token), (addresses.ASK_JOB, theirs)):
        assert error_of(daemon.ask(path, {"job_id": "x"}, token=whose)) == (401, "SessionEnded")
    assert error_of(daemon.ask(addresses.NONCE, {"approver": session.approver}, token=token)) == (
        401,
        "SessionEnded",
    )
    assert daemon.has_ended(60)
    with waiting.vault() as vault:
        assert vault.request(request).line.state == "held"


def test_who_comes_back_in_after_the_deadline_brings_no_other_session_back(
    daemon: Daemon, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not the process had noticed the deadline by then."""
    monkeypatch.setattr(Service, "lock_if_due", lambda _self: None)
    daemon.world.clock.forward(minutes=15)
    assert daemon.ask(addresses.PULSE, token=session.token).status_code == 401
    back = daemon.session()

    assert daemon.ask(addresses.PULSE, token=session.token).status_code == 401
    assert pulse(daemon, back.token)["seconds_to_lock"] == 900


def test_locking_while_a_run_goes_on_has_to_be_meant(
    daemon: Daemon, session: Session, waiting: World
) -> None:
    request, token = approved(daemon, session, steps=9000), session.token
    begin(daemon, session, request)
    until(lambda: pulse(daemon, token)["runs"])

    assert error_of(daemon.ask(addresses.LOCK, token=token)) == (403, "TrainingRuns")
    assert daemon.ask(addresses.PULSE, token=token).status_code == 200
    assert daemon.ask(addresses.LOCK, {"stop_training": True}, token=token).status_code == 200
    assert daemon.has_ended(60)
    with waiting.vault() as vault:
        assert vault.request(request).line.state in ("failed", "approved")
        assert vault.request(request).price.paid == (vault.request(request).line.state == "failed")


def test_a_held_update_and_a_waiting_request_expire_by_themselves(
    waiting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.worlds.served import serving
    from vault.daemon import server

    monkeypatch.setattr(server, "SETTLE_EVERY", 0.2)
    with serving(waiting, lock_minutes=1440) as daemon:
        token = daemon.session().token
        waiting.clock.forward(minutes=61)

        def last() -> str:
            return str(daemon.owner("audit_lines", token=token).json()[-1]["type"])

        # The screens tell it by the clock; that it is written down is what the process does by itself.
        until(lambda: last() == "release.expire", 20)
        assert daemon.owner("releases", token=token).json()[0]["state"] == "expired"


def test_many_ask_at_once_and_everybody_gets_an_answer(daemon: Daemon, session: Session) -> None:
    statuses: list[int] = []

    def ask() -> None:
        for method in ("status", "audit_lines", "releases", "requests"):
            statuses.append(daemon.owner(method, token=session.token).status_code)

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 48
