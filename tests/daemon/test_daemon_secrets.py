"""No secret reaches an answer, a log or a text of an error, not even by a mistake of ours."""

from __future__ import annotations

import logging
import pickle

import pytest

from tests.worlds.served import Daemon, error_of
from tests.worlds.world import PASSPHRASE
from vault.daemon.service import Service
from vault.errors.catalogue import error_classes
from vault.errors.families import InternalError, LockboxError
from vault.vault import Vault
from vault.wire import addresses, messages
from vault.wire.errors import ErrorBody, error_body, error_from, status_of

SECRET = "hunter2-do-not-tell"


@pytest.mark.parametrize(
    "body",
    [
        {"passphrase": SECRET},
        {"passphrase": SECRET, "scope": SECRET},
        {"passphrase": [SECRET], "scope": "owner"},
        {"passphrase": SECRET * 1000, "scope": "owner"},
        {"passphrase": SECRET, "scope": "owner", "recovery": SECRET},
        {"passphrase": SECRET, "scope": "owner", SECRET: 1},
        {"passphrase": {SECRET: SECRET}, "scope": "owner"},
        {"passphrase": SECRET, "scope": "owner"},
        {"passphrase": SECRET, "scope": "owner", "recovery": True},
        {"passphrase": SECRET + "\0", "scope": "owner"},
    ],
    ids=[str(number) for number in range(10)],
)
def test_a_passphrase_in_a_body_that_does_not_fit_is_not_repeated(
    shared: Daemon, capfd: pytest.CaptureFixture[str], body: object
) -> None:
    answer = shared.ask(addresses.SESSION, body)

    assert 400 <= answer.status_code < 500
    assert SECRET not in answer.text
    assert SECRET not in "".join(capfd.readouterr())


def test_a_mistake_of_ours_tells_its_kind_and_not_its_text(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    token = daemon.session().token

    def broken(_self: Vault) -> None:
        raise ValueError(f"{SECRET} and {PASSPHRASE}")

    monkeypatch.setattr(Vault, "status", broken)
    monkeypatch.setattr(Service, "open_session", broken_session)
    answers = [
        daemon.owner("status", token=token),
        daemon.ask(addresses.SESSION, {"passphrase": PASSPHRASE, "scope": "owner"}),
    ]
    monkeypatch.undo()
    heard = "".join(answer.text for answer in answers) + "".join(capfd.readouterr())

    assert [error_of(answer) for answer in answers] == [(500, "InternalError")] * 2
    assert SECRET not in heard
    assert PASSPHRASE not in heard


def broken_session(_self: Service, _wish: object) -> None:
    raise ValueError(SECRET)


def test_nothing_is_logged(daemon: Daemon, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        token = daemon.session().token
        daemon.owner("status", token=token)
        daemon.ask("/nowhere", token=token)
        daemon.ask(addresses.SESSION, {"passphrase": SECRET, "scope": "owner"})

    ours = [record for record in caplog.records if not record.name.startswith("http")]
    assert ours == []


def test_what_is_said_about_a_session_shows_neither_token_nor_key_nor_passphrase() -> None:
    session = messages.Session(token=SECRET, approver="a", approver_key=SECRET)
    wish = messages.LoginRequest.model_validate({"passphrase": SECRET, "scope": "owner"})
    change = messages.PassphraseChange.model_validate({"current": SECRET, "new": SECRET})

    for one in (session, wish, change):
        assert SECRET not in repr(one) + str(one)
    assert pickle.dumps(session)  # and it is a plain body otherwise


EVERY = [one for one in error_classes().values() if one.__module__.startswith("vault.")]


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_every_error_comes_back_as_itself(kind: type[LockboxError]) -> None:
    from string import Formatter

    facts = {name: f"some {name}" for _, name, _, _ in Formatter().parse(kind.template()) if name}
    error = kind(**facts)
    back = error_from(ErrorBody.model_validate_json(error_body(error).model_dump_json()))

    assert (type(error), str(error), error.facts) == (type(back), str(back), back.facts)
    assert 400 <= status_of(error) < 600


def test_an_error_that_nobody_knows_is_a_mistake_of_ours() -> None:
    for name in ("Formatter", "ClassVar", "NoSuchThing", "__doc__"):
        body = ErrorBody(error=name, facts={}, sentence="", hint="")
        assert isinstance(error_from(body), InternalError)
    wrong = ErrorBody(error="WrongState", facts={"x": 1}, sentence="", hint="")
    assert isinstance(error_from(wrong), InternalError)
