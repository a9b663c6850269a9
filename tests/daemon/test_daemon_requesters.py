"""What somebody who only asks can do at the socket: hand in, ask after their own, fetch what was sent to them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event

from tests.sweeps import sweep
from tests.worlds.campaign_logs import WorldLog
from tests.worlds.campaigns import campaign, round_of
from tests.worlds.daemon import eventually
from tests.worlds.served import Daemon, error_of, owner_paths
from tests.worlds.world import JOB, NAME, World
from vault import portal
from vault.errors.daemon import SessionEnded
from vault.portal import SENT_FILES
from vault.requester.jobs import sign_job
from vault.requester.keys import keygen
from vault.requester.releases import verify_release
from vault.requests.bundle import signature_line
from vault.requests.campaign_model import ModelFiles
from vault.requests.canonical import canonical
from vault.vault import Vault
from vault.wire import addresses
from vault.wire.messages import Session


@pytest.fixture
def session(daemon: Daemon) -> Session:
    return daemon.session()


def token_for(daemon: Daemon, session: Session, name: str = NAME) -> str:
    asked = {"requester": name}
    proof = daemon.proof(session, "issue_token", asked)  # type: ignore[arg-type]
    answer = daemon.ask(addresses.owner_path("issue_token"), {**asked, "proof": proof}, token=session.token)
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
    answer = daemon.ask(addresses.ASK_JOB, {"job_id": job}, token=token)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["state"])


def test_a_requesters_token_opens_no_route_of_the_owner(daemon: Daemon, session: Session) -> None:
    token = token_for(daemon, session)

    for path in owner_paths():
        assert error_of(daemon.ask(path, token=token)) == (403, "NotAtThisDoor"), path
        time.sleep(0.015)
    assert daemon.ask(addresses.PULSE, token=session.token).status_code == 200


def test_an_owners_token_is_no_requesters(daemon: Daemon, session: Session) -> None:
    for path in (addresses.SUBMIT_JOB, addresses.ASK_JOB, addresses.FETCH_JOB, addresses.ASK_CAMPAIGN):
        assert error_of(daemon.ask(path, {"job_id": "x"}, token=session.token)) == (401, "SessionEnded")


def test_a_job_is_handed_in_and_waits_and_cannot_come_twice(daemon: Daemon, session: Session) -> None:
    token = token_for(daemon, session)
    job = spelled(daemon.world.job("third"))
    taken = daemon.ask(addresses.SUBMIT_JOB, job, token=token)

    assert taken.status_code == 200, taken.text
    assert taken.json()["state"] == "waiting"
    assert state_of(daemon, token, taken.json()["job_id"]) == "waiting"
    assert error_of(daemon.ask(addresses.SUBMIT_JOB, job, token=token)) == (403, "JobReplayed")


def test_a_campaign_is_handed_in_at_a_path_of_its_own(daemon: Daemon, session: Session) -> None:
    token, sig = token_for(daemon, session), base64.b64encode(base64.b64encode(bytes(64)) + b"\n").decode()
    bad = {"campaign": base64.b64encode(b"{}").decode(), "signature": sig}

    assert error_of(daemon.ask(addresses.SUBMIT_CAMPAIGN, bad, token=token)) == (400, "CampaignInvalid")
    unsigned = {**bad, "signature": base64.b64encode(b"none").decode()}
    assert error_of(daemon.ask(addresses.SUBMIT_CAMPAIGN, unsigned, token=token))[1] == "CampaignTampered"
    asked = {"digest": "0" * 64}
    assert error_of(daemon.ask(addresses.ASK_CAMPAIGN, asked, token=token))[1] == "UnknownCampaign"


@pytest.mark.slow
def test_a_campaign_and_a_round_of_it_come_in_over_the_socket(daemon: Daemon, session: Session) -> None:
    token, folder = token_for(daemon, session), campaign(daemon.world, clinic="0.5")
    files = {"campaign": "campaign.json", "signature": "campaign.sig"}
    spelt = {key: base64.b64encode((folder / name).read_bytes()).decode() for key, name in files.items()}
    odd = daemon.ask(addresses.SUBMIT_CAMPAIGN, {**spelt, "tier": "far"}, token=token)
    assert error_of(odd) == (400, "NoSuchTier")
    taken = daemon.ask(addresses.SUBMIT_CAMPAIGN, {**spelt, "tier": "clinic"}, token=token).json()
    assert taken["state"] == "waiting"
    (line,) = daemon.owner("campaigns", token=session.token).json()
    wish = {"campaign_id": line["id"], "digest": taken["digest"], "tier": "clinic"}
    proof = daemon.proof(session, "join_campaign", wish)
    joined = daemon.ask(addresses.owner_path("join_campaign"), {**wish, "proof": proof}, token=session.token)
    assert joined.status_code == 200, joined.text

    log, job = WorldLog(folder), round_of(folder, 1, "in-tier", "clinic")
    bare = daemon.ask(addresses.SUBMIT_JOB, spelled(job), token=token)
    assert error_of(bare) == (403, "CampaignLogMissing")
    log.open(round_of(folder, 1), 1)
    answer = daemon.ask(addresses.SUBMIT_JOB, {**spelled(job), "log": log.part().spelled()}, token=token)
    assert answer.json()["state"] == "waiting"
    eventually(
        lambda: "approved" in {one["state"] for one in daemon.owner("requests", token=session.token).json()},
        "the round is not approved once the answer is on its way",
    )

    files = log.end((folder / "weights.safetensors").read_bytes())
    told = daemon.ask(
        addresses.SUBMIT_MODEL,
        {**final(files), "digest": log.digest, "log": log.part(2).spelled()},
        token=token,
    )
    assert told.json() == {"digest": log.digest, "state": "waiting", "checkpoint_size": 3, "has_model": True}
    eventually(
        lambda: daemon.owner("models", token=session.token).json(),
        "the final model is not kept once the answer is on its way",
    )


def final(files: ModelFiles) -> dict[str, str]:
    """The files of a final model, as they go over the socket."""
    parts = {"model": files.document, "signature": signature_line(files.signature), "weights": files.weights}
    return {name: base64.b64encode(data).decode() for name, data in parts.items()}


def test_a_log_that_is_too_large_or_misspelt_is_refused_before_it_is_read(
    daemon: Daemon, session: Session
) -> None:
    token, note = token_for(daemon, session), "x"
    log = {"checkpoint": note, "leaves": [], "root": "", "consistency": []}
    job = {"manifest": "", "signature": "", "weights": ""}
    for wrong in (
        {"checkpoint": note * 20_000},
        {"leaves": ["{}"] * 10_001},
        {"leaves": ["x" * 513]},
        {"root": "ab"},
        {"consistency": ["00" * 32] * 65},
        {"more": 1},
    ):
        body = {**job, "log": {**log, **wrong}}
        assert error_of(daemon.ask(addresses.SUBMIT_JOB, body, token=token))[0] == 400


def test_a_round_runs_without_being_started_where_its_campaign_was_joined_so(
    settles_often: None, daemon: Daemon, session: Session
) -> None:
    folder = campaign(daemon.world)
    taken = daemon.owner("submit_campaign", token=session.token, folder=folder).json()
    wish = {"campaign_id": taken["line"]["id"], "digest": taken["digest"], "unattended": True}
    assert daemon.proven(session, "join_campaign", **wish).status_code == 200

    job = daemon.owner("submit", token=session.token, job=round_of(folder, 1)).json()["job_id"]
    eventually(
        lambda: request_of(daemon, session, job)["line"]["state"] == "held", "the round did not run by itself"
    )


def test_until_a_release_one_word_is_heard_whatever_became_of_the_job(
    daemon: Daemon, session: Session
) -> None:
    """That an update is held or kept private may depend on records; its release is meant to be seen."""
    token, held = token_for(daemon, session), job_id(daemon, session, "held")
    before = state_of(daemon, token, held)
    (line,) = daemon.owner("releases", token=session.token).json()
    assert withhold(daemon, session, line["id"]).status_code == 200

    assert (before, state_of(daemon, token, held)) == ("waiting", "waiting")
    assert error_of(daemon.ask(addresses.FETCH_JOB, {"job_id": held}, token=token)) == (403, "NotAtThisDoor")


def withhold(daemon: Daemon, session: Session, release: str) -> httpx.Response:
    asked = {"release_id": release}
    proof = daemon.proof(session, "withhold", asked)  # type: ignore[arg-type]
    return daemon.ask(addresses.owner_path("withhold"), {**asked, "proof": proof}, token=session.token)


def test_an_update_that_expired_is_heard_as_one_that_waits(daemon: Daemon, session: Session) -> None:
    token, held = token_for(daemon, session), job_id(daemon, session, "held")
    daemon.ask(addresses.LOCK_AFTER, {"minutes": 1440}, token=session.token)
    daemon.world.clock.forward(minutes=61)
    session = daemon.session()
    assert daemon.owner("settle", token=session.token).status_code == 200
    (line,) = daemon.owner("releases", token=session.token).json()

    assert (line["state"], state_of(daemon, token, held)) == ("expired", "waiting")


def test_every_job_is_over_at_one_moment_of_its_own(daemon: Daemon, session: Session) -> None:
    """A day and the time to decide after its end, be it held or still asked."""
    jobs = [job_id(daemon, session, state) for state in ("held", "waiting")]
    line = daemon.owner("requests", token=session.token).json()[0]
    end = datetime.fromisoformat(line["expires_at"]) + timedelta(days=1, minutes=60)
    daemon.ask(addresses.LOCK, token=session.token)
    assert daemon.has_ended()
    with daemon.world.vault() as vault:
        (holder,) = [one.id for one in vault.requesters()]

        def heard() -> list[str]:
            return [vault.job_state(holder, job).word for job in jobs]

        daemon.world.clock.now = end - timedelta(seconds=1)
        before = heard()
        daemon.world.clock.now = end
        assert (before, heard()) == (["waiting", "waiting"], ["expired", "expired"])


def test_before_an_approval_a_refusal_is_told_with_its_end_and_the_next_such_job_hears_the_same(
    daemon: Daemon, session: Session
) -> None:
    token, waiting = token_for(daemon, session), job_id(daemon, session, "waiting")
    daemon.owner("refuse", token=session.token, request_id=the(daemon, session, "waiting"), reason="no")
    until = (daemon.world.clock.now + timedelta(days=183)).date().isoformat()
    third = daemon.ask(addresses.SUBMIT_JOB, spelled(daemon.world.job("third")), token=token)

    for answer in (daemon.ask(addresses.ASK_JOB, {"job_id": waiting}, token=token), third):
        assert (answer.status_code, answer.json()["state"]) == (200, "refused"), answer.text
        assert answer.json().get("until") == until
    # Nothing is asked of the owner, once what comes behind the answer is done.
    assert states_without_waiting(daemon, session) == ["held", "refused_person", "refused_policy"]


def states_without_waiting(daemon: Daemon, session: Session) -> list[str]:
    """The states of all requests as soon as none waits any more."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        states = [line["state"] for line in daemon.owner("requests", token=session.token).json()]
        if "waiting" not in states:
            return sorted(states)
    raise AssertionError(states)


def request_of(daemon: Daemon, session: Session, job: str) -> dict[str, Any]:
    """The request of this job as its owner sees it."""
    ids = [line["id"] for line in daemon.owner("requests", token=session.token).json()]
    views = [daemon.owner("request", token=session.token, request_id=one).json() for one in ids]
    (found,) = [view for view in views if view["job_id"] == job]
    return dict(found)


def the(daemon: Daemon, session: Session, state: str) -> str:
    """The one request in this state."""
    lines = daemon.owner("requests", token=session.token).json()
    (found,) = [line["id"] for line in lines if line["state"] == state]
    return str(found)


def test_an_approval_that_is_taken_back_is_not_heard(daemon: Daemon, session: Session) -> None:
    """Whether it can be taken back depends on how far the runs before it are."""
    token, waiting = token_for(daemon, session), the(daemon, session, "waiting")
    job = job_id(daemon, session, "waiting")
    digest = daemon.owner("request", token=session.token, request_id=waiting).json()["manifest_digest"]
    asked = {"request_id": waiting, "manifest_digest": digest, "draft": True}
    proof = daemon.proof(session, "approve", asked)
    approved = daemon.ask(addresses.owner_path("approve"), {**asked, "proof": proof}, token=session.token)
    assert approved.status_code == 200, approved.text
    assert daemon.owner("refuse", token=session.token, request_id=waiting).status_code == 200
    daemon.world.clock.forward(seconds=1)
    third = daemon.ask(addresses.SUBMIT_JOB, spelled(daemon.world.job("third")), token=token).json()

    assert (state_of(daemon, token, job), third["state"], third.get("until")) == ("waiting", "waiting", None)
    assert states_without_waiting(daemon, session), "the no holds all the same"


def more_of(world: World, job: Path, count: int) -> list[dict[str, str]]:
    """So many jobs that differ from this one in their ids alone, as they are handed in."""
    found = []
    for number in range(count):
        folder = world.folder / f"more-{number}"
        shutil.copytree(job, folder)
        manifest = json.loads((folder / "manifest.json").read_bytes()) | {"job_id": f"{number:032x}"}
        (folder / "manifest.json").write_bytes(
            json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
        )
        sign_job(folder, world.folder / "lab" / "requester.key")
        found.append(spelled(folder))
    return found


def test_so_many_jobs_of_one_requester_wait_and_no_more(
    daemon: Daemon, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is held and one waits when they begin to come; six here, where twenty would be let wait."""
    assert portal.MOST_WAITING == 20
    monkeypatch.setattr(portal, "MOST_WAITING", 6)
    token, jobs = token_for(daemon, session), more_of(daemon.world, daemon.world.job("third"), 7)
    answers = [daemon.ask(addresses.SUBMIT_JOB, job, token=token) for job in jobs[:5]]

    assert [answer.status_code for answer in answers] == [200] * 4 + [403]
    assert error_of(answers[-1]) == (403, "TooManyWaiting")
    assert "6 jobs" in answers[-1].json()["sentence"]
    first = request_of(daemon, session, answers[0].json()["job_id"])["line"]["id"]
    daemon.owner("refuse", token=session.token, request_id=first, reason="no")
    again = daemon.ask(addresses.SUBMIT_JOB, jobs[5], token=token)
    assert (again.status_code, again.json()["state"]) == (200, "refused"), "a no that was told makes room"
    over = daemon.ask(addresses.SUBMIT_JOB, jobs[6], token=token)
    assert error_of(over) == (403, "TooManyWaiting"), (
        "what comes under a no counts, or it could come without end"
    )


def test_so_many_bytes_of_one_requester_wait_and_no_more(
    daemon: Daemon, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, job = token_for(daemon, session), spelled(daemon.world.job("third"))
    size = sum(len(base64.b64decode(job[part])) for part in ("manifest", "weights"))
    monkeypatch.setattr(portal, "MOST_WAITING_BYTES", 3 * size - 20)
    answer = daemon.ask(addresses.SUBMIT_JOB, job, token=token)

    assert error_of(answer) == (403, "TooManyWaiting")


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
    assert error_of(daemon.ask(addresses.FETCH_JOB, {"job_id": held}, token=token)) == (403, "NotAtThisDoor")
    sent = daemon.ask(addresses.owner_path("send"), {**asked, "proof": proof}, token=session.token)
    assert sent.status_code == 200, sent.text

    files = daemon.ask(addresses.FETCH_JOB, {"job_id": held}, token=token).json()["files"]
    target = daemon.world.folder / "fetched"
    target.mkdir()
    for name, text in files.items():
        (target / name).write_bytes(base64.b64decode(text))
    assert set(SENT_FILES) == set(files)
    assert state_of(daemon, token, held) == "released"
    for path in (addresses.ASK_JOB, addresses.FETCH_JOB):
        assert error_of(daemon.ask(path, {"job_id": held}, token=stranger)) == (400, "UnknownRequest")
    key = daemon.world.folder / "vault.pub"
    key.write_text(daemon.owner("vault_key", token=session.token, name=NAME).json())
    facts = verify_release(target, key, daemon.world.folder / "job")
    assert facts.answers_job


def test_a_pipe_in_the_state_folder_holds_up_no_fetching(daemon: Daemon, session: Session) -> None:
    """There an earlier version kept what was to be fetched, and read whatever lay in its place."""
    token, held = token_for(daemon, session), job_id(daemon, session, "held")
    (line,) = daemon.owner("releases", token=session.token).json()
    asked = {"release_id": line["id"], "confirm_digest": line["digest"]}
    proof = daemon.proof(session, "send", asked)
    sent = daemon.ask(addresses.owner_path("send"), {**asked, "proof": proof}, token=session.token)
    assert sent.status_code == 200, sent.text
    (asker,) = daemon.owner("requesters", token=session.token).json()
    place = daemon.world.paths.state / "outbox" / asker["id"] / line["id"]
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    os.mkfifo(place / "update.safetensors")
    try:
        answer = fetched_within(daemon, token, held, seconds=10)
    finally:
        with contextlib.suppress(OSError):  # nobody waits for it, as it should be
            os.close(os.open(place / "update.safetensors", os.O_WRONLY | os.O_NONBLOCK))

    assert answer is not None, "whoever fetches waits for a pipe"
    update = base64.b64decode(answer["files"]["update.safetensors"])
    assert hashlib.sha256(update).hexdigest() == line["update_sha256"]


def fetched_within(daemon: Daemon, token: str, job: str, *, seconds: float) -> dict[str, Any] | None:
    """What is fetched for a job, or None when there is no answer in that time."""
    try:
        answer = daemon.http.post(
            addresses.FETCH_JOB,
            json={"job_id": job},
            headers={"Authorization": f"Bearer {token}"},
            timeout=seconds,
        )
    except httpx.TimeoutException:
        return None
    return dict(answer.json())


def test_a_job_of_another_key_cannot_be_handed_in_with_this_token(daemon: Daemon, session: Session) -> None:
    other = keygen(daemon.world.folder / "other")
    assert daemon.proven(session, "add_requester", name="Somebody", key_file=other.public).status_code == 200
    stranger = token_for(daemon, session, "Somebody")
    answer = daemon.ask(addresses.SUBMIT_JOB, spelled(daemon.world.job("third")), token=stranger)

    assert error_of(answer) == (403, "NotAtThisDoor")
    assert len(daemon.owner("requests", token=session.token).json()) == 2


MISFITS = {
    "collection": JOB.replace('"nights"', '"days"'),
    "column": JOB.replace('name = "coffee"', 'name = "tea"'),
    "unit": JOB.replace('"{unit}"', '"record"'),
    "labels of a number": JOB.replace('name = "good"', 'name = "day"').replace("coffee", "good"),
}


@pytest.mark.parametrize("what", sweep(MISFITS))
def test_a_job_that_does_not_fit_is_heard_as_any_other_and_shown_to_the_owner_alone(
    daemon: Daemon, session: Session, what: str
) -> None:
    token = token_for(daemon, session)
    fits, does_not = (
        daemon.world.job(name, text=text) for name, text in (("fits", JOB), (what, MISFITS[what]))
    )
    good, bad = (daemon.ask(addresses.SUBMIT_JOB, spelled(job), token=token) for job in (fits, does_not))
    assert good.status_code == bad.status_code == 200, bad.text
    shown = request_of(daemon, session, bad.json()["job_id"])

    assert good.json() | {"job_id": ""} == bad.json() | {"job_id": ""}
    assert good.headers == bad.headers
    assert state_of(daemon, token, bad.json()["job_id"]) == "waiting"
    assert shown["obstacle"] or shown["misfits"]


def test_a_job_that_no_vault_could_pay_is_refused_by_its_own_numbers(
    daemon: Daemon, session: Session
) -> None:
    token, folder = token_for(daemon, session), daemon.world.job("dear")
    document = json.loads((folder / "manifest.json").read_bytes())
    document["dp"]["noise_multiplier"], document["output"]["grid"] = 0.3, 16
    (folder / "manifest.json").write_bytes(canonical(document))
    sign_job(folder, daemon.world.folder / "lab" / "requester.key")
    answer = daemon.ask(addresses.SUBMIT_JOB, spelled(folder), token=token)

    assert error_of(answer) == (409, "BudgetExhausted"), answer.text


def test_a_job_is_answered_before_catalogue_ledger_and_records_are_opened(
    daemon: Daemon, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every statement of the database until the answer is there is watched; the mark is raised behind it."""
    is_answered, raise_mark = threading.Event(), Vault.raise_mark

    def afterwards(vault: Vault) -> None:
        assert is_answered.wait(30)
        raise_mark(vault)

    monkeypatch.setattr(Vault, "raise_mark", afterwards)
    token, job = token_for(daemon, session), spelled(daemon.world.job("third"))
    with statements() as seen:
        answer = daemon.ask(addresses.SUBMIT_JOB, job, token=token)
        until = list(seen)
    is_answered.set()
    with statements() as seen:
        request_of(daemon, session, answer.json()["job_id"])
        shown = list(seen)

    assert answer.json()["state"] == "waiting", answer.text
    assert opened(until) == set()
    assert opened(shown) >= {"collection", "field", "charge"}, "the watch sees what its owner looks at"


SILENT = ("collection", "field", "segment", "imported_file", "charge", "grant", "held")


def opened(seen: list[str]) -> set[str]:
    """Which tables of the catalogue, the ledger, consents, updates and records these statements name."""
    return {
        table
        for table in SILENT
        for text in seen
        if re.search(rf'\b(FROM|INTO|UPDATE|JOIN) "?{table}\b', text)
    }


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that a database engine of this process carries out."""
    seen: list[str] = []

    def note(_c: object, _u: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("part", ["manifest", "signature", "weights"])
def test_a_job_that_was_changed_or_is_no_base64_is_refused(
    daemon: Daemon, session: Session, part: str
) -> None:
    token = token_for(daemon, session)
    job = spelled(daemon.world.job("third"))
    data = base64.b64decode(job[part])
    changed = {**job, part: base64.b64encode(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]).decode()}

    assert daemon.ask(addresses.SUBMIT_JOB, changed, token=token).status_code in (400, 422)
    assert error_of(daemon.ask(addresses.SUBMIT_JOB, {**job, part: "%"}, token=token)) == (400, "Invalid")


@pytest.mark.parametrize("part", ["manifest", "signature", "weights"])
def test_a_job_in_a_second_spelling_of_its_base64_is_refused(
    daemon: Daemon, session: Session, part: str
) -> None:
    token, job = token_for(daemon, session), spelled(daemon.world.job("third"))
    job = {name: base64.b64encode(padded(base64.b64decode(text))).decode() for name, text in job.items()}
    for other in (second_spelling(job[part]), job[part] + "\n", " " + job[part], job[part].rstrip("=")):
        answer = daemon.ask(addresses.SUBMIT_JOB, {**job, part: other}, token=token)
        assert error_of(answer) == (400, "Invalid")
        assert f"the {part} is not base64" in answer.text


def padded(data: bytes) -> bytes:
    """Bytes whose base64 ends with stray bits: one more than a multiple of three."""
    return data + b" " * ((1 - len(data)) % 3)


def second_spelling(text: str) -> str:
    """Another base64 text of the same bytes, with a stray bit before its padding."""
    bare = text.rstrip("=")
    other = bare[:-1] + chr(ord(bare[-1]) + 1) + "=" * (len(text) - len(bare))
    assert base64.b64decode(other, validate=True) == base64.b64decode(text)
    return other


def test_a_token_ends_with_its_ninety_days_its_revocation_or_its_requesters_block(
    daemon: Daemon, session: Session
) -> None:
    revoked = [token_for(daemon, session), token_for(daemon, session)]
    job = job_id(daemon, session, "held")
    assert daemon.owner("revoke_tokens", token=session.token, requester=NAME).json() == 2
    blocked = token_for(daemon, session)
    daemon.owner("block_requester", token=session.token, name=NAME)

    for token in [*revoked, blocked]:
        assert error_of(daemon.ask(addresses.ASK_JOB, {"job_id": job}, token=token)) == (401, "SessionEnded")
    asked = {"name": NAME}
    proof = daemon.proof(session, "unblock_requester", asked)  # type: ignore[arg-type]
    lifted = daemon.ask(
        addresses.owner_path("unblock_requester"), {**asked, "proof": proof}, token=session.token
    )
    assert lifted.status_code == 200, lifted.text
    late = token_for(daemon, session)
    assert state_of(daemon, late, job) == "waiting"


def test_a_token_is_good_for_ninety_days(daemon: Daemon, session: Session) -> None:
    token = token_for(daemon, session)
    daemon.ask(addresses.LOCK, token=session.token)
    assert daemon.has_ended()
    with daemon.world.vault() as vault:
        daemon.world.days_pass(vault, 89)
        daemon.world.clock.forward(days=1, seconds=-1)
        holder = vault.token_holder(token)
        daemon.world.clock.forward(seconds=1)
        with pytest.raises(SessionEnded):
            vault.token_holder(token)

        assert [holder] == [one.id for one in vault.requesters()]
