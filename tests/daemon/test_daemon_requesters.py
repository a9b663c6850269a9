"""What somebody who only asks can do at the socket: hand in, ask after their own, fetch what was sent to them."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest

from tests.worlds.served import Daemon, error_of, owner_paths
from tests.worlds.world import JOB, NAME
from vault.errors.daemon import SessionEnded
from vault.portal import SENT_FILES
from vault.requester.keys import keygen
from vault.requester.releases import verify_release
from vault.wire import messages
from vault.wire.messages import Session


@pytest.fixture
def session(daemon: Daemon) -> Session:
    return daemon.session()


def token_for(daemon: Daemon, session: Session, name: str = NAME) -> str:
    asked = {"requester": name}
    proof = daemon.proof(session, "issue_token", asked)  # type: ignore[arg-type]
    answer = daemon.ask(messages.owner_path("issue_token"), {**asked, "proof": proof}, token=session.token)
    assert answer.status_code == 200, answer.text
    return str(answer.json())


def spelled(job: Path) -> dict[str, str]:
    files = {"manifest": "manifest.json", "signature": "manifest.sig", "weights": "weights.safetensors"}
    return {key: base64.b64encode((job / name).read_bytes()).decode() for key, name in files.items()}


def job_id(daemon: Daemon, session: Session, state: str) -> str:
    lines = daemon.owner("requests", token=session.token).json()
    found = next(line["id"] for line in lines if line["state"] == state)
    return str(daemon.owner("request", token=session.token, request_id=found).json()["job_id"])


def state_of(daemon: Daemon, token: str, job: str) -> str:
    answer = daemon.ask(messages.ASK_JOB, {"job_id": job}, token=token)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["state"])


def test_a_requesters_token_opens_no_route_of_the_owner(daemon: Daemon, session: Session) -> None:
    token = token_for(daemon, session)

    for path in owner_paths():
        assert error_of(daemon.ask(path, token=token)) == (403, "NotAtThisDoor"), path
        time.sleep(0.015)
    assert daemon.ask(messages.PULSE, token=session.token).status_code == 200


def test_an_owners_token_is_no_requesters(daemon: Daemon, session: Session) -> None:
    for path in (messages.SUBMIT_JOB, messages.ASK_JOB, messages.FETCH_JOB):
        assert error_of(daemon.ask(path, {"job_id": "x"}, token=session.token)) == (401, "SessionEnded")


def test_a_job_is_handed_in_and_waits_and_cannot_come_twice(daemon: Daemon, session: Session) -> None:
    token = token_for(daemon, session)
    job = spelled(daemon.world.job("third"))
    taken = daemon.ask(messages.SUBMIT_JOB, job, token=token)

    assert taken.status_code == 200, taken.text
    assert taken.json()["state"] == "waiting"
    assert state_of(daemon, token, taken.json()["job_id"]) == "waiting"
    assert error_of(daemon.ask(messages.SUBMIT_JOB, job, token=token)) == (403, "JobReplayed")


def test_from_the_charge_on_nothing_is_told_but_a_release(daemon: Daemon, session: Session) -> None:
    """That an update is held, kept private or expired may depend on records; its release is meant to be seen."""
    token, held = token_for(daemon, session), job_id(daemon, session, "held")
    before = state_of(daemon, token, held)
    (line,) = daemon.owner("releases", token=session.token).json()
    assert daemon.proven(session, "withhold", release_id=line["id"]).status_code == 200

    assert (before, state_of(daemon, token, held)) == ("in progress", "in progress")
    assert error_of(daemon.ask(messages.FETCH_JOB, {"job_id": held}, token=token)) == (403, "NotAtThisDoor")


def test_an_update_that_expired_looks_like_one_that_is_in_progress(daemon: Daemon, session: Session) -> None:
    token, held = token_for(daemon, session), job_id(daemon, session, "held")
    daemon.lock_after(session, 1440)
    daemon.world.clock.forward(minutes=61)
    assert daemon.owner("settle", token=session.token).status_code == 200
    (line,) = daemon.owner("releases", token=session.token).json()

    assert (line["state"], state_of(daemon, token, held)) == ("expired", "in progress")


def test_before_a_run_a_refusal_is_told(daemon: Daemon, session: Session) -> None:
    token, waiting = token_for(daemon, session), job_id(daemon, session, "waiting")
    third = daemon.ask(messages.SUBMIT_JOB, spelled(daemon.world.job("third")), token=token).json()["job_id"]
    lines = daemon.owner("requests", token=session.token).json()
    mine = [line["id"] for line in lines if line["state"] == "waiting"]
    other = next(
        one
        for one in mine
        if daemon.owner("request", token=session.token, request_id=one).json()["job_id"] == third
    )
    daemon.owner("refuse", token=session.token, request_id=other, reason="not for you to know")

    assert (state_of(daemon, token, waiting), state_of(daemon, token, third)) == ("waiting", "refused")


def test_what_was_sent_without_a_folder_is_fetched_by_its_requester_alone(
    daemon: Daemon, session: Session
) -> None:
    token, held = token_for(daemon, session), job_id(daemon, session, "held")
    other = keygen(daemon.world.folder / "other")
    assert daemon.proven(session, "add_requester", name="Somebody", key_file=other.public).status_code == 200
    stranger = token_for(daemon, session, "Somebody")
    (line,) = daemon.owner("releases", token=session.token).json()
    asked = {"release_id": line["id"], "confirm_digest": line["digest"]}
    proof = daemon.proof(session, "send", asked)
    assert error_of(daemon.ask(messages.FETCH_JOB, {"job_id": held}, token=token)) == (403, "NotAtThisDoor")
    sent = daemon.ask(messages.owner_path("send"), {**asked, "proof": proof}, token=session.token)
    assert sent.status_code == 200, sent.text

    files = daemon.ask(messages.FETCH_JOB, {"job_id": held}, token=token).json()["files"]
    target = daemon.world.folder / "fetched"
    target.mkdir()
    for name, text in files.items():
        (target / name).write_bytes(base64.b64decode(text))
    assert set(SENT_FILES) == set(files)
    assert state_of(daemon, token, held) == "released"
    for path in (messages.ASK_JOB, messages.FETCH_JOB):
        assert error_of(daemon.ask(path, {"job_id": held}, token=stranger)) == (400, "UnknownRequest")
    key = daemon.world.folder / "vault.pub"
    key.write_text(daemon.owner("vault_key", token=session.token, name=NAME).json())
    facts = verify_release(target, key, daemon.world.folder / "job")
    assert facts.answers_job


def test_a_job_of_another_key_cannot_be_handed_in_with_this_token(daemon: Daemon, session: Session) -> None:
    other = keygen(daemon.world.folder / "other")
    assert daemon.proven(session, "add_requester", name="Somebody", key_file=other.public).status_code == 200
    stranger = token_for(daemon, session, "Somebody")
    answer = daemon.ask(messages.SUBMIT_JOB, spelled(daemon.world.job("third")), token=stranger)

    assert error_of(answer) == (403, "NotAtThisDoor")
    assert len(daemon.owner("requests", token=session.token).json()) == 2


def test_a_job_that_does_not_fit_learns_nothing_about_what_lies_here(
    daemon: Daemon, session: Session
) -> None:
    """No collection, no such column and another unit look the same."""
    token = token_for(daemon, session)
    texts = {
        "collection": JOB.replace('"nights"', '"days"'),
        "field": JOB.replace('name = "coffee"', 'name = "tea"'),
        "unit": JOB.replace('"{unit}"', '"record"'),
    }
    answers = {
        what: daemon.ask(messages.SUBMIT_JOB, spelled(daemon.world.job(what, text=text)), token=token)
        for what, text in texts.items()
    }

    assert {(403, "NotAtThisDoor")} == {error_of(answer) for answer in answers.values()}
    assert len({answer.text for answer in answers.values()}) == 1


@pytest.mark.parametrize("part", ["manifest", "signature", "weights"])
def test_a_job_that_was_changed_or_is_no_base64_is_refused(
    daemon: Daemon, session: Session, part: str
) -> None:
    token = token_for(daemon, session)
    job = spelled(daemon.world.job("third"))
    data = base64.b64decode(job[part])
    changed = {**job, part: base64.b64encode(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]).decode()}

    assert daemon.ask(messages.SUBMIT_JOB, changed, token=token).status_code in (400, 422)
    assert error_of(daemon.ask(messages.SUBMIT_JOB, {**job, part: "%"}, token=token)) == (400, "Invalid")


def test_a_token_ends_with_its_ninety_days_its_revocation_or_its_requesters_block(
    daemon: Daemon, session: Session
) -> None:
    revoked = [token_for(daemon, session), token_for(daemon, session)]
    job = job_id(daemon, session, "held")
    assert daemon.owner("revoke_tokens", token=session.token, requester=NAME).json() == 2
    blocked = token_for(daemon, session)
    daemon.owner("block_requester", token=session.token, name=NAME)

    for token in [*revoked, blocked]:
        assert error_of(daemon.ask(messages.ASK_JOB, {"job_id": job}, token=token)) == (401, "SessionEnded")
    asked = {"name": NAME}
    proof = daemon.proof(session, "unblock_requester", asked)  # type: ignore[arg-type]
    lifted = daemon.ask(
        messages.owner_path("unblock_requester"), {**asked, "proof": proof}, token=session.token
    )
    assert lifted.status_code == 200, lifted.text
    late = token_for(daemon, session)
    assert state_of(daemon, late, job) == "in progress"


def test_a_token_is_good_for_ninety_days(daemon: Daemon, session: Session) -> None:
    token = token_for(daemon, session)
    daemon.ask(messages.LOCK, token=session.token)
    assert daemon.has_ended()
    with daemon.world.vault() as vault:
        daemon.world.days_pass(vault, 89)
        daemon.world.clock.forward(days=1, seconds=-1)
        holder = vault.token_holder(token)
        daemon.world.clock.forward(seconds=1)
        with pytest.raises(SessionEnded):
            vault.token_holder(token)

        assert [holder] == [one.id for one in vault.requesters()]
