"""An action of the owner is declared once: route, body, proof, document and client follow from its declaration."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, cast

import pytest

from vault.client.client import Client
from vault.client.connection import Connection
from vault.client.login import Login
from vault.daemon.operations import operation_of
from vault.daemon.routes import application
from vault.errors.daemon import ApprovalNotProven
from vault.owner.interface.actions import ACTIONS, PROGRESS, Action, actions_of
from vault.owner.interface.kinds import Kind, Progress, proven, unwatched, watched
from vault.owner.interface.owner import Owner
from vault.owner.interface.session import OwnerSession, Session
from vault.sealing.secret import Secret
from vault.vault import Vault
from vault.views.audit import Opening
from vault.views.cards import CardChoice
from vault.views.history import TrailFilter
from vault.views.records import FileChoice, RowFilter
from vault.views.requesters import RequesterView
from vault.wire import addresses
from vault.wire.encoding import to_json
from vault.wire.proofs import proof_mac

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TERMS = {
    "requester": "Lab", "collection": "nights", "fields": ["good", "steps"], "purpose": "AcademicResearch",
    "not_after": NOW, "not_before": None, "window": (NOW, None), "uses": 2, "epsilon_cap": Decimal("1E+1"),
}  # fmt: skip
BY_NAME: dict[str, Any] = {
    "choice": FileChoice(path=Path("/tmp/a.csv"), name="nights", types={"a": "int"}),
    "only": RowFilter(text="x", column="y", since=NOW),
    "card": CardChoice(collection="nights", columns={"a": "int"}, labels={"b": ("x", "y")}, to="lab"),
    "key_file": Path("/tmp/key"), "target": Path("/tmp/t"), "folder": Path("/tmp/f"), "job": Path("/tmp/j"),
    "file": Path("/tmp/x.csv"),
    "to": Path("/tmp/to"), "optional": frozenset({"b", "a"}), "fields": ["a"], "window": (NOW, None),
    "epsilon": Decimal("0.5"), "first": 7, "limit": 9, "before": 11, "newest": 5, "draft": True, "is_on": True,
    "special_confirmed": True, "with_access": True, "unattended": True,
    "fingerprint_too": True, "safe_for_spreadsheets": True, "seq": 3, "since": (2, 5),
    "about": TrailFilter(requester="lab", outcome="left"), "prove": [4], "disclose": [Opening(seq=3, name="requester")],
}  # fmt: skip
BEGUN = {"id": "an id"}


class Planted(Owner, Protocol):
    """The interface of a later day."""

    @proven
    def rename_requester(self, name: str, *, to: str) -> RequesterView:
        """Call a requester something else."""

    @watched
    def recount(self, name: str, *, progress: Progress = unwatched) -> int:
        """Count again."""


PLANTED = actions_of(Planted)


def by_kind(kind: Kind) -> set[str]:
    return {name for name, action in ACTIONS.items() if kind in action.kind}


def sample(action: Action) -> dict[str, Any]:
    parameters = [one for one in action.signature.parameters.values() if one.name != PROGRESS]
    named = [one.name for one in parameters if one.kind is not one.VAR_KEYWORD]
    found = {name: BY_NAME.get(name, f"a {name}") for name in named}
    return {**found, **(TERMS if len(named) < len(parameters) else {})}


class Line:
    """Writes down what would be posted, and answers what it was told to."""

    def __init__(self, **answers: object) -> None:
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.answers = answers

    def post(self, path: str, body: bytes, *, token: str = "", is_background: bool = False) -> bytes:
        self.posted.append((path, json.loads(body)))
        found = self.answers.get(path.rpartition("/")[2].replace("-", "_"))
        if found is None:
            raise ConnectionAbortedError
        return json.dumps(found).encode()


def client(line: Line, actions: Any = ACTIONS, **login: Any) -> Client:
    return Client(Login(line=cast("Connection", line), **login), actions)


# the declarations -------------------------------------------------------------------------------------------------


def test_every_action_says_what_it_does_in_a_sentence() -> None:
    assert {name: one.sentence for name, one in ACTIONS.items() if one.sentence[-1:] not in {".", "`"}} == {}


def test_every_action_says_whether_it_is_proven_and_every_watched_one_takes_a_progress() -> None:
    assert by_kind(Kind.PROVEN) == {
        "join_campaign", "let_courier_in",
        "approve", "grant", "send", "erase_collection", "undo_import", "issue_token", "trust_requester",
        "unblock_requester", "rename_requester", "add_requester", "train", "withhold", "export_collection",
        "import_under_consent",
        "lift_refusal", "disclose_audit", "confirm_date", "export_pictures",
        "predict_collection", "predict_file", "export_model", "delete_model",
    }  # fmt: skip
    assert by_kind(Kind.WATCHED) == {
        "attack_stand_in",
        "train",
        "plan_import",
        "import_planned",
        "import_under_consent",
        "export_collection",
        "export_pictures",
        "search_all",
        "backup",
        "verify_audit",
        "export_audit",
        "disclose_audit",
        "score_model",
        "fit_model",
        "predict_collection",
        "predict_file",
    }
    assert by_kind(Kind.WATCHED) == {
        name for name, one in ACTIONS.items() if PROGRESS in one.signature.parameters
    }


def test_the_vault_carries_out_every_action_as_it_is_declared() -> None:
    for name, action in ACTIONS.items():
        here = inspect.signature(getattr(Vault, name))
        _self, *parameters = here.parameters.values()
        declared = action.signature.parameters.values()
        assert [(one.name, one.kind, one.default) for one in parameters] == [
            (one.name, one.kind, one.default) for one in declared
        ], name
        assert getattr(Vault, name) is not getattr(Owner, name), name


def test_what_a_session_has_beside_them_is_no_action() -> None:
    beside = {name for name in vars(Session) if not name.startswith("_")}
    assert beside <= set(dir(Client))
    assert not beside & set(ACTIONS)


def test_the_declarations_load_views_and_the_standard_library_alone() -> None:
    code = "import sys; from vault.owner.interface.actions import ACTIONS; set(ACTIONS); print(*sys.modules)"
    before = "import sys; print(*sys.modules)"
    loaded, bare = (
        set(
            subprocess.run(
                [sys.executable, "-c", one], capture_output=True, text=True, check=True
            ).stdout.split()
        )
        for one in (code, before)
    )
    rooms = {".".join(name.split(".")[:2]) for name in loaded - bare if name.startswith("vault.")}
    assert rooms == {"vault.owner", "vault.views", "vault.errors"}
    foreign = {name.partition(".")[0] for name in loaded - bare} - sys.stdlib_module_names - {"vault"}
    assert foreign == set()


def test_the_parts_of_the_interface_are_what_an_owner_can_do_in_the_same_order() -> None:
    declared = actions_of(Owner)
    assert list(ACTIONS) == list(declared)
    assert [one.function for one in ACTIONS.values()] == [one.function for one in declared.values()]


# the client -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(ACTIONS) - by_kind(Kind.PROVEN)))
def test_what_a_client_sends_fits_the_body_and_says_every_argument_by_its_name(name: str) -> None:
    line, arguments = Line(), sample(ACTIONS[name])
    with pytest.raises(ConnectionAbortedError):
        getattr(client(line), name)(**arguments)

    ((path, sent), *after) = line.posted
    operation_of(ACTIONS[name]).body.model_validate_json(json.dumps(sent))
    chosen = sent.pop("action_id", "")
    assert (path, sent) == (
        addresses.owner_path(name),
        {one: to_json(value) for one, value in arguments.items()},
    )
    # A watched one is stopped, since nobody knows whether it has begun.
    assert after == ([(addresses.STOP, {"id": chosen})] if Kind.WATCHED in ACTIONS[name].kind else [])


def test_arguments_may_stand_in_their_order_as_well() -> None:
    line = Line(browse=None)
    with pytest.raises(ConnectionAbortedError):
        client(line).browse("nights", first=3)
    assert line.posted[0][1] == {"name": "nights", "first": 3}
    with pytest.raises(TypeError):
        client(line).browse("nights", 3)
    with pytest.raises(TypeError):
        client(line).browse()


def test_a_client_refuses_what_no_owner_does() -> None:
    line = Line()
    for name in ("read_file", "token_holder", "end_runs", "settles", "_opened", "__len__"):
        with pytest.raises(AttributeError):
            getattr(client(line), name)
    assert line.posted == []


def test_a_client_is_an_owner_to_the_type_checker() -> None:
    session: OwnerSession = client(Line(status={}))
    owner: Owner = session
    assert callable(owner.status)


@pytest.mark.parametrize("name", sorted(by_kind(Kind.PROVEN)))
def test_without_a_passphrase_nothing_proven_goes_over_the_line(name: str) -> None:
    line = Line()
    with pytest.raises(ApprovalNotProven):
        getattr(client(line), name)(**sample(ACTIONS[name]))
    assert line.posted == []


@pytest.mark.parametrize("name", sorted(by_kind(Kind.PROVEN)))
def test_a_proof_is_about_the_action_and_all_it_is_given(name: str) -> None:
    line, arguments, key = Line(nonce={"nonce": "n"}), sample(ACTIONS[name]), Secret(b"k" * 32)
    with pytest.raises(ConnectionAbortedError):
        getattr(client(line, approver="a", approver_key=key), name)(**arguments)

    (_, sent) = next(one for one in line.posted if one[0] == addresses.owner_path(name))
    sent.pop("action_id", "")
    proof = sent.pop("proof")
    operation_of(ACTIONS[name]).body.model_validate_json(json.dumps({**sent, "proof": proof}))
    assert sent == {one: to_json(value) for one, value in arguments.items()}
    assert proof["mac"] == proof_mac(b"k" * 32, action=name, nonce="n", arguments=sent)


# an action that is new --------------------------------------------------------------------------------------------


def test_a_new_action_is_in_the_document_by_its_declaration_alone() -> None:
    document = application(actions=PLANTED).openapi()
    paths = document["paths"]

    assert set(PLANTED) == {*ACTIONS, "rename_requester", "recount"}
    renaming = paths["/v1/owner/rename-requester"]["post"]
    assert renaming["summary"] == "Call a requester something else."
    assert set(document["components"]["schemas"]["RenameRequesterArguments"]["required"]) == {
        "name",
        "to",
        "proof",
    }
    assert {"/v1/owner/recount", "/v1/owner/recount/outcome"} <= set(paths)
    assert set(document["components"]["schemas"]["RecountArguments"]["properties"]) == {
        "name", "action_id",
    }  # fmt: skip


def test_a_new_action_is_one_of_the_client_by_its_declaration_alone() -> None:
    running = {"state": "running", "done": 1, "of": 4}
    done = {"state": "done", "done": 4, "of": 4, "answer": 17}
    outcomes = iter([running, running, done])
    line = Line(recount=BEGUN)
    post, told = line.post, list[tuple[int, int]]()

    def answer(path: str, body: bytes, **how: Any) -> bytes:
        return json.dumps(next(outcomes)).encode() if path.endswith("/outcome") else post(path, body, **how)

    line.post = answer  # type: ignore[method-assign]
    assert client(line, PLANTED).recount("nights", progress=lambda *far: told.append(far)) == 17
    assert told == [(1, 4), (4, 4)]
    with pytest.raises(ApprovalNotProven):
        client(line, PLANTED).rename_requester("Lab", to="Lab of sleep")
    with pytest.raises(AttributeError):
        client(line).recount("nights")
