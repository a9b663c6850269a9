"""Who may speak to the process that has the vault open, and for how long."""

from __future__ import annotations

import hashlib
import time

import pytest

from tests.worlds.served import Daemon, error_of, owner_paths, serving
from tests.worlds.world import PASSPHRASE, World
from vault.daemon import service
from vault.daemon.sessions import Scope, Sessions
from vault.sealing.slots import TEST_COST
from vault.settings import Paths
from vault.vault import Vault, passphrase_secret
from vault.wire import addresses


def test_without_a_token_nothing_but_a_session_can_be_asked_for(daemon: Daemon) -> None:
    for path in [*owner_paths(), addresses.SUBMIT_JOB, addresses.ASK_JOB, addresses.FETCH_JOB]:
        assert error_of(daemon.ask(path)) == (401, "SessionEnded"), path
        assert error_of(daemon.ask(path, token="A" * 43)) == (401, "SessionEnded"), path
        time.sleep(0.015)  # a hundred in a second are too many


def test_a_token_in_the_address_is_none(daemon: Daemon) -> None:
    token = daemon.session().token

    assert daemon.ask(f"{addresses.PULSE}?token={token}").status_code == 401
    assert daemon.ask(addresses.PULSE, headers={"Authorization": f"Basic {token}"}).status_code == 401
    assert daemon.ask(addresses.PULSE, token=token).status_code == 200


def test_a_wrong_passphrase_opens_nothing_and_costs_a_pause(
    shared: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "WRONG_PAUSE", 0.5)
    began = time.monotonic()
    answer = shared.ask(addresses.SESSION, {"passphrase": "wrong", "scope": "owner"})

    assert error_of(answer) == (401, "WrongPassphrase")
    assert time.monotonic() - began >= service.WRONG_PAUSE


def test_after_ten_wrong_tries_in_a_minute_even_the_right_one_has_to_wait(daemon: Daemon) -> None:
    token = daemon.session().token
    wrong = [daemon.ask(addresses.SESSION, {"passphrase": "wrong", "scope": "cli"}) for _ in range(11)]
    right = daemon.ask(addresses.SESSION, {"passphrase": PASSPHRASE, "scope": "owner"})

    assert [answer.status_code for answer in wrong] == [401] * 10 + [429]
    assert error_of(right) == (429, "TooManyTries")
    daemon.ask(addresses.LOCK, token=token)
    assert daemon.has_ended()


def test_the_recovery_key_opens_a_session_too(daemon: Daemon) -> None:
    key = {"passphrase": daemon.world.recovery_key, "scope": "owner"}

    assert daemon.ask(addresses.SESSION, {**key, "recovery": True}).status_code == 200
    assert daemon.ask(addresses.SESSION, key).status_code == 401


@pytest.mark.slow
def test_another_vaults_header_put_here_opens_no_session(daemon: Daemon, waiting_template: World) -> None:
    """Somebody who can write here gets no further with a header, and a passphrase, of their own."""
    folder, theirs = daemon.world.folder / "other", "another horse battery staple"
    other = Paths(vault=folder / "vault", state=folder / "state")
    Vault.create(other, passphrase_secret(theirs), cost=TEST_COST)
    for name in ("keys.lockbox", "keys.copy.lockbox"):
        (daemon.world.paths.vault / name).write_bytes((other.vault / name).read_bytes())
    answers = [
        daemon.ask(addresses.SESSION, {"passphrase": word, "scope": "owner"}) for word in (theirs, PASSPHRASE)
    ]
    for name in ("keys.lockbox", "keys.copy.lockbox"):
        (daemon.world.paths.vault / name).write_bytes((waiting_template.paths.vault / name).read_bytes())

    assert error_of(answers[0]) == (401, "WrongPassphrase")
    assert answers[1].status_code == 200


def test_an_ended_session_is_over_and_the_others_go_on(daemon: Daemon) -> None:
    first, second = daemon.session("cli").token, daemon.session("cli").token
    daemon.ask(addresses.END_SESSION, token=first)

    assert error_of(daemon.ask(addresses.PULSE, token=first)) == (401, "SessionEnded")
    assert daemon.ask(addresses.PULSE, token=second).status_code == 200


def test_a_command_lines_token_ends_ten_minutes_after_its_last_use_and_the_screens_does_not(
    daemon: Daemon,
) -> None:
    screen, command = daemon.session("owner").token, daemon.session("cli").token
    for _ in range(3):
        daemon.world.clock.forward(minutes=9)
        assert daemon.ask(addresses.PULSE, token=command).status_code == 200
    daemon.world.clock.forward(minutes=10)

    assert error_of(daemon.ask(addresses.PULSE, token=command)) == (401, "SessionEnded")
    assert daemon.ask(addresses.PULSE, token=screen).status_code == 200


def test_at_the_deadline_every_token_and_approver_dies_and_the_process_ends(daemon: Daemon) -> None:
    session = daemon.session()
    daemon.world.clock.forward(minutes=14, seconds=59)
    assert (
        daemon.ask(addresses.PULSE, token=session.token, headers={addresses.BACKGROUND: "1"}).json()[
            "seconds_to_lock"
        ]
        == 1
    )
    daemon.world.clock.forward(seconds=1)

    assert daemon.has_ended()
    assert not daemon.world.paths.socket.exists()


def test_what_happens_in_the_background_does_not_keep_the_vault_open_and_a_key_press_does(
    daemon: Daemon,
) -> None:
    token = daemon.session().token
    daemon.world.clock.forward(minutes=10)
    kept = daemon.ask(addresses.PULSE, token=token, headers={addresses.BACKGROUND: "1"}).json()[
        "seconds_to_lock"
    ]
    renewed = daemon.ask(addresses.PULSE, token=token).json()["seconds_to_lock"]

    assert (kept, renewed) == (300, 900)


def test_a_clock_that_is_set_back_locks(daemon: Daemon) -> None:
    token = daemon.session().token
    daemon.world.clock.forward(minutes=-5)

    assert error_of(daemon.ask(addresses.PULSE, token=token)) == (401, "SessionEnded")
    assert daemon.has_ended()


def test_a_shorter_time_to_lock_holds_at_once(daemon: Daemon) -> None:
    token = daemon.session().token
    assert daemon.ask(addresses.LOCK_AFTER, {"minutes": 2}, token=token).status_code == 200
    daemon.world.clock.forward(minutes=2)

    assert daemon.has_ended()


def test_the_lock_command_ends_the_process_and_the_socket(daemon: Daemon) -> None:
    token = daemon.session("cli").token

    assert daemon.ask(addresses.LOCK, token=token).status_code == 200
    assert daemon.has_ended()
    assert not daemon.world.paths.socket.exists()
    with daemon.world.vault() as vault:
        vault.verify_audit()


def test_another_passphrase_opens_from_then_on(daemon: Daemon) -> None:
    token = daemon.session().token
    wish = {"current": PASSPHRASE, "new": "another one entirely"}

    assert error_of(daemon.ask(addresses.PASSPHRASE, {**wish, "current": "not it"}, token=token)) == (
        401,
        "WrongPassphrase",
    )
    assert daemon.ask(addresses.PASSPHRASE, wish, token=token).status_code == 200
    assert (
        daemon.ask(addresses.SESSION, {"passphrase": "another one entirely", "scope": "cli"}).status_code
        == 200
    )
    assert daemon.ask(addresses.SESSION, {"passphrase": PASSPHRASE, "scope": "cli"}).status_code == 401
    daemon.ask(addresses.LOCK, token=token)
    assert daemon.has_ended()


def test_only_digests_of_tokens_are_kept() -> None:
    sessions = Sessions(time.time, lock_minutes=1)
    token = sessions.open(Scope.OWNER, approver="one")

    assert len(token) == 43
    assert token not in repr(sessions._sessions)
    assert hashlib.sha256(token.encode()).hexdigest() in repr(sessions._sessions)


def test_a_session_ends_after_twelve_hours_however_much_it_is_used(waiting: World) -> None:
    with serving(waiting, lock_minutes=1440) as daemon:
        session, command = daemon.session(), daemon.session("cli")
        for _ in range(71):
            daemon.world.clock.forward(minutes=10)
            assert daemon.ask(addresses.PULSE, token=session.token).status_code == 200
        arguments = {"release_id": daemon.owner("releases", token=session.token).json()[0]["id"]}
        proof = daemon.proof(session, "withhold", arguments)
        daemon.world.clock.forward(minutes=10)

        assert error_of(daemon.ask(addresses.PULSE, token=session.token)) == (401, "SessionEnded")
        assert error_of(daemon.ask(addresses.PULSE, token=command.token)) == (401, "SessionEnded")
        other = daemon.session().token
        late = daemon.ask(addresses.owner_path("withhold"), {**arguments, "proof": proof}, token=other)
        assert error_of(late) == (403, "ApprovalNotProven")


def test_a_token_alone_cannot_keep_the_vault_open_for_longer(daemon: Daemon) -> None:
    session = daemon.session()
    longer, shorter = {"minutes": 16}, {"minutes": 9}
    refused = (403, "ApprovalNotProven")
    wrong = daemon.proof(session, "lock_after", shorter)

    assert daemon.ask(addresses.LOCK_AFTER, longer, token=session.token).status_code == 403
    assert (
        error_of(daemon.ask(addresses.LOCK_AFTER, {**longer, "proof": wrong}, token=session.token)) == refused
    )
    assert daemon.ask(addresses.LOCK_AFTER, shorter, token=session.token).status_code == 200
    assert error_of(daemon.ask(addresses.LOCK_AFTER, {"minutes": 10}, token=session.token)) == refused
    assert daemon.lock_after(session, 16).status_code == 200
    lines = daemon.owner("audit_lines", token=session.token).json()
    assert [one["sentence"] for one in lines if "without use" in one["sentence"]] == [
        "You changed how long it stays open without use, to 9 minutes.",
        "You changed how long it stays open without use, to 16 minutes.",
    ]
