"""A token alone approves, gives and releases nothing: the passphrase has to stand behind the very act."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from test_daemon_training import until

from tests.worlds.served import Daemon, error_of
from vault.owner.interface.actions import ACTIONS
from vault.owner.interface.kinds import Kind
from vault.wire import addresses
from vault.wire.messages import Session
from vault.wire.proofs import proof_mac


@pytest.fixture
def session(daemon: Daemon) -> Session:
    return daemon.session()


def waiting_request(daemon: Daemon, session: Session) -> tuple[str, str]:
    """The id of the request that waits, and the digest of its manifest."""
    lines = daemon.owner("requests", token=session.token).json()
    found = next(line["id"] for line in lines if line["state"] == "waiting")
    return found, daemon.owner("request", token=session.token, request_id=found).json()["manifest_digest"]


def held_update(daemon: Daemon, session: Session) -> tuple[str, str]:
    """The id of the update that is held, and its digest."""
    (line,) = daemon.owner("releases", token=session.token).json()
    return line["id"], line["digest"]


def state_of(daemon: Daemon, session: Session, request: str) -> str:
    return str(daemon.owner("request", token=session.token, request_id=request).json()["line"]["state"])


def approve(daemon: Daemon, session: Session, arguments: dict[str, Any], proof: object) -> tuple[int, str]:
    answer = daemon.ask(addresses.owner_path("approve"), {**arguments, "proof": proof}, token=session.token)
    return (answer.status_code, "") if answer.status_code == 200 else error_of(answer)


REFUSED = (403, "ApprovalNotProven")


def test_a_proven_approval_approves(daemon: Daemon, session: Session) -> None:
    request, digest = waiting_request(daemon, session)
    arguments = {"request_id": request, "manifest_digest": digest, "draft": True}

    assert approve(daemon, session, arguments, daemon.proof(session, "approve", arguments)) == (
        200,
        "",
    )
    assert state_of(daemon, session, request) == "approved"


def test_an_approval_without_a_proof_is_no_approval(daemon: Daemon, session: Session) -> None:
    request, digest = waiting_request(daemon, session)
    for body in (
        {"request_id": request, "manifest_digest": digest, "draft": True},
        {"request_id": request, "manifest_digest": digest, "draft": True, "proof": None},
    ):
        answer = daemon.ask(addresses.owner_path("approve"), body, token=session.token)
        assert error_of(answer) == (400, "Invalid")

    assert state_of(daemon, session, request) == "waiting"


def test_a_proof_is_good_for_its_own_arguments_act_key_and_nonce_alone(
    daemon: Daemon, session: Session
) -> None:
    request, digest = waiting_request(daemon, session)
    _, other_digest = held_update(daemon, session)
    asked = {"request_id": request, "manifest_digest": digest, "draft": True}
    other = daemon.session()

    def proof(action: str = "approve", arguments: Any = asked) -> Any:
        return daemon.proof(session, action, arguments)

    wrong = {
        "other arguments": proof(arguments={**asked, "draft": False}),
        "fewer arguments": proof(arguments={"request_id": request}),
        "other digest": proof(arguments={**asked, "manifest_digest": other_digest}),
        "other act": proof(action="send"),
        "no nonce of ours": daemon.proof(session, "approve", asked, nonce="0" * 32),
        "nonce of another approver": daemon.proof(session, "approve", asked, nonce=daemon.nonce(other)),
        "other approver": {**proof(), "approver": other.approver},
        "unknown approver": {**proof(), "approver": "0" * 32},
        "no mac": {**proof(), "mac": ""},
        "strange mac": {**proof(), "mac": "\u00e4" * 64},
        "token as key": {
            **proof(),
            "mac": proof_mac(
                session.token.encode(), action="approve", nonce=daemon.nonce(session), arguments=asked
            ),
        },
    }

    assert dict.fromkeys(wrong, REFUSED) == {
        why: approve(daemon, session, asked, one) for why, one in wrong.items()
    }
    assert state_of(daemon, session, request) == "waiting"


def test_an_approval_is_bound_to_the_manifest_that_is_stored(daemon: Daemon, session: Session) -> None:
    request, _ = waiting_request(daemon, session)
    _, other_digest = held_update(daemon, session)
    for digest in (other_digest, "", other_digest[:8]):
        asked = {"request_id": request, "manifest_digest": digest, "draft": True}
        proof = daemon.proof(session, "approve", asked)

        assert approve(daemon, session, asked, proof) == (403, "ManifestMismatch")
    assert state_of(daemon, session, request) == "waiting"


def test_an_approval_cannot_be_said_a_second_time(daemon: Daemon, session: Session) -> None:
    """A grant can be given twice, so nothing but the proof stands in the way of the second."""
    wish = {
        "requester": "Sleep lab", "collection": "nights", "fields": ["good", "steps"], "purpose": "AcademicResearch",
        "not_after": "2027-03-01T00:00:00+00:00",
    }  # fmt: skip
    proof = daemon.proof(session, "grant", wish)  # type: ignore[arg-type]
    first, again = (
        daemon.ask(addresses.owner_path("grant"), {**wish, "proof": proof}, token=session.token)
        for _ in range(2)
    )

    assert first.status_code == 200, first.text
    assert error_of(again) == REFUSED


def test_what_a_session_could_approve_ends_with_it(daemon: Daemon, session: Session) -> None:
    """Another session's token does not bring its approver back."""
    request, digest = waiting_request(daemon, session)
    other = daemon.session()
    asked = {"request_id": request, "manifest_digest": digest, "draft": True}
    proof = daemon.proof(other, "approve", asked)
    daemon.ask(addresses.END_SESSION, token=other.token)

    assert approve(daemon, session, asked, proof) == REFUSED
    assert state_of(daemon, session, request) == "waiting"


def test_a_nonce_is_spent_even_by_a_wrong_proof_and_by_two_minutes(daemon: Daemon, session: Session) -> None:
    request, digest = waiting_request(daemon, session)
    asked = {"request_id": request, "manifest_digest": digest, "draft": True}
    proof = daemon.proof(session, "approve", asked)
    assert approve(daemon, session, {**asked, "draft": False}, proof) == REFUSED
    assert approve(daemon, session, asked, proof) == REFUSED

    late = daemon.proof(session, "approve", asked)
    daemon.world.clock.forward(minutes=2)
    assert approve(daemon, session, asked, late) == REFUSED
    assert state_of(daemon, session, request) == "waiting"


def test_a_release_is_bound_to_the_bytes_that_are_held(daemon: Daemon, session: Session) -> None:
    release, digest = held_update(daemon, session)
    _, other_digest = waiting_request(daemon, session)
    target = daemon.world.folder / "out"
    asked = {"release_id": release, "confirm_digest": digest[:8], "to": str(target)}
    other = {**asked, "confirm_digest": other_digest}
    wrong = {**other, "proof": daemon.proof(session, "send", other)}
    moved = {**other, "proof": daemon.proof(session, "send", asked)}
    right = {**asked, "proof": daemon.proof(session, "send", asked)}

    refused = daemon.ask(addresses.owner_path("send"), wrong, token=session.token)
    assert error_of(refused) == (403, "DigestMismatch")
    assert error_of(daemon.ask(addresses.owner_path("send"), moved, token=session.token)) == REFUSED
    assert not target.exists()
    assert daemon.ask(addresses.owner_path("send"), right, token=session.token).status_code == 200
    assert sorted(one.name for one in target.iterdir()) == [
        "release.json",
        "release.sig",
        "update.safetensors",
    ]


def test_everything_that_lets_something_happen_in_the_world_wants_a_proof(
    daemon: Daemon, session: Session
) -> None:
    release, digest = held_update(daemon, session)
    target = daemon.world.folder / "out.csv"
    bare = {
        "approve": dict(
            zip(("request_id", "manifest_digest"), waiting_request(daemon, session), strict=True)
        ),
        "grant": {
            "requester": "Sleep lab",
            "collection": "nights",
            "fields": ["good"],
            "purpose": "x",
            "not_after": "2027-01-01",
        },
        "send": {"release_id": release, "confirm_digest": digest},
        "erase_collection": {"name": "nights"},
        "issue_token": {"requester": "Sleep lab"},
        "trust_requester": {"name": "Sleep lab"},
        "unblock_requester": {"name": "Sleep lab"},
        "join_campaign": {"campaign_id": release, "digest": digest},
        "lift_refusal": {"request_id": release},
        "rename_requester": {"name": "Sleep lab", "new_name": "Night lab"},
        "add_requester": {"name": "Somebody", "key_file": "/somewhere/requester.pub"},
        "train": {"request_id": waiting_request(daemon, session)[0]},
        "withhold": {"release_id": release},
        "export_collection": {"name": "nights", "target": str(target), "as_format": "csv"},
        "undo_import": {"name": "nights"},
        "export_pictures": {"name": "nights", "target": str(target)},
        "import_under_consent": {"plan_id": "0" * 32},
        "confirm_date": {"today": "2026-11-21"},
        "disclose_audit": {"folder": str(target), "disclose": [{"seq": 1, "name": "source"}]},
        "predict_collection": {"name": "mine", "collection": "nights", "target": str(target)},
        "predict_file": {"name": "mine", "file": str(target), "target": str(target)},
        "export_model": {"name": "mine", "target": str(target)},
        "delete_model": {"name": "mine"},
        "let_courier_in": {"folder": str(target), "name": "Sleep lab", "fingerprint": "0" * 16},
    }  # fmt: skip
    no_proof = {"approver": session.approver, "nonce": "0" * 32, "mac": "0" * 64}

    assert set(bare) == {one.name for one in ACTIONS.values() if Kind.PROVEN in one.kind}
    for method, arguments in bare.items():
        path = addresses.owner_path(method)
        assert error_of(daemon.ask(path, arguments, token=session.token)) == (400, "Invalid"), method
        forged = daemon.ask(path, {**arguments, "proof": no_proof}, token=session.token)
        assert error_of(forged) == REFUSED, method
    assert daemon.owner("collections", token=session.token).json()[0]["rows"] == 100
    assert held_update(daemon, session)[0] == release
    assert daemon.ask(addresses.BEGUN, token=session.token).json() == []
    assert not target.exists()


def test_a_relative_path_is_refused_since_the_process_stands_elsewhere(
    daemon: Daemon, session: Session
) -> None:
    answer = daemon.ask(addresses.owner_path("backup"), {"target": "here.tar"}, token=session.token)

    assert error_of(answer) == (400, "Invalid")
    assert "absolute" in answer.json()["sentence"]


def test_what_a_command_could_approve_ends_with_its_ten_minutes(daemon: Daemon) -> None:
    """Also for who has another token by then, and for a proof that was begun before."""
    command, screen = daemon.session("cli"), daemon.session()
    request, digest = waiting_request(daemon, command)
    arguments = {"request_id": request, "manifest_digest": digest, "draft": True}
    daemon.world.clock.forward(minutes=9, seconds=30)
    early = daemon.ask(addresses.NONCE, {"approver": command.approver}, token=screen.token).json()["nonce"]
    daemon.world.clock.forward(seconds=60)
    late = daemon.ask(addresses.NONCE, {"approver": command.approver}, token=screen.token)

    assert error_of(late) == REFUSED
    begun = daemon.proof(command, "approve", arguments, nonce=early)
    assert approve(daemon, screen, arguments, begun) == REFUSED
    assert state_of(daemon, screen, request) == "waiting"


def imported(
    daemon: Daemon, session: Session, action: str, name: str, year: bytes = b"2025", **more: Any
) -> tuple[str, str]:
    """The state and the error of an import into a collection, with a proof where the action wants one."""
    table = daemon.world.table(f"{name}-{action}.csv", seed=int(year))
    # A file of the same rows is another file where its bytes are others.
    table.write_bytes(table.read_bytes().replace(b"2026", year) + b"\n" * (name == "again"))
    choice = {"path": str(table), "name": name, "unit": "day", "time_field": "day", **more}
    plan = ended(
        daemon, session, "plan_import", daemon.begin("plan_import", token=session.token, choice=choice)
    )
    begin = (
        daemon.begin_proven
        if action == "import_under_consent"
        else partial(daemon.begin, token=session.token)
    )
    first = (session,) if action == "import_under_consent" else ()
    begun = begin(*first, action, plan_id=plan["answer"]["id"])
    found = ended(daemon, session, action, begun)
    return found["state"], (found["error"] or {}).get("error", "")


def ended(daemon: Daemon, session: Session, action: str, action_id: str) -> dict[str, Any]:
    until(lambda: daemon.outcome(action, action_id, token=session.token)["state"] != "running")
    return daemon.outcome(action, action_id, token=session.token)


def test_a_token_alone_adds_no_rows_to_what_somebody_may_learn_from(daemon: Daemon, session: Session) -> None:
    request, digest = waiting_request(daemon, session)
    given = daemon.proven(session, "approve", request_id=request, manifest_digest=digest, draft=True)
    assert given.status_code == 200, given.text
    assert imported(daemon, session, "import_planned", "nights") == ("failed", "UnderConsent")
    assert daemon.owner("collections", token=session.token).json()[0]["rows"] == 100
    assert imported(daemon, session, "import_planned", "others") == ("done", "")
    assert imported(daemon, session, "import_under_consent", "nights", b"2024") == ("done", "")


def test_a_token_alone_says_of_nobody_that_they_are_others_and_raises_no_cap(
    daemon: Daemon, session: Session
) -> None:
    refused = ("failed", "WiderNotProven")
    assert imported(daemon, session, "import_planned", "others") == ("done", "")
    assert imported(daemon, session, "import_planned", "again", people={"others": "other"}) == refused
    assert imported(daemon, session, "import_planned", "large", b"2022", lifetime="8.01") == refused
    assert imported(daemon, session, "import_planned", "large", b"2022", lifetime="8") == ("done", "")
    assert imported(daemon, session, "import_under_consent", "larger", b"2021", lifetime="64") == ("done", "")
