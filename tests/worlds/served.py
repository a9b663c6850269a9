"""A process that has a vault open, in a thread: real uvicorn on a real socket, light key derivation, a turned clock."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.datastructures import State
from starlette.routing import Match

from tests.worlds.world import PASSPHRASE, World
from vault.daemon import server
from vault.daemon.routes import application
from vault.daemon.service import Service
from vault.owner.interface.actions import ACTIONS
from vault.sealing.slots import TEST_COST
from vault.settings import Preferences
from vault.vault import passphrase_secret
from vault.wire import addresses, messages
from vault.wire.encoding import to_json
from vault.wire.proofs import proof_mac

START_SECONDS = 30


class Caller:
    """HTTP over the socket, as any program of this user could speak it."""

    def __init__(self, socket: Path) -> None:
        self.http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket), verify=False),
            base_url=addresses.BASE_URL,
            timeout=60,
        )

    def ask(
        self, path: str, body: object = None, *, token: str = "", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        said = ({"Authorization": f"Bearer {token}"} if token else {}) | (headers or {})
        return self.http.post(path, json={} if body is None else body, headers=said)

    def owner(
        self, method: str, *, token: str, headers: dict[str, str] | None = None, **arguments: Any
    ) -> httpx.Response:
        return self.ask(addresses.owner_path(method), to_json(arguments), token=token, headers=headers)

    def begin(self, action: str, *, token: str, **arguments: Any) -> str:
        """Begin a watched action and return its id."""
        answer = self.owner(action, token=token, **arguments)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def proven(self, session: messages.Session, action: str, **arguments: Any) -> httpx.Response:
        """An action behind which the passphrase stands."""
        said: Any = to_json(arguments)
        proof = self.proof(session, action, said)
        return self.ask(addresses.owner_path(action), {**said, "proof": proof}, token=session.token)

    def begin_proven(self, session: messages.Session, action: str, **arguments: Any) -> str:
        """Begin a watched action behind which the passphrase stands, and return its id."""
        answer = self.proven(session, action, **arguments)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def lock_after(self, session: messages.Session, minutes: int) -> httpx.Response:
        """Let the vault lock after so many minutes, with the passphrase behind it."""
        said = {"minutes": minutes}
        proof = self.proof(session, "lock_after", said)
        return self.ask(addresses.LOCK_AFTER, {**said, "proof": proof}, token=session.token)

    def outcome(self, action: str, action_id: str, *, token: str) -> dict[str, Any]:
        """How far a watched action is, and what became of it."""
        answer = self.ask(addresses.outcome_path(action), {"id": action_id}, token=token)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def session(self, scope: str = "owner") -> messages.Session:
        answer = self.ask(addresses.SESSION, {"passphrase": PASSPHRASE, "scope": scope})
        assert answer.status_code == 200, answer.text
        return messages.Session.model_validate(answer.json())

    def nonce(self, session: messages.Session) -> str:
        answer = self.ask(addresses.NONCE, {"approver": session.approver}, token=session.token)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["nonce"])

    def proof(
        self,
        session: messages.Session,
        action: str,
        arguments: dict[str, Any],
        *,
        nonce: str = "",
    ) -> dict[str, str]:
        nonce = nonce or self.nonce(session)
        key = bytes.fromhex(session.approver_key)
        mac = proof_mac(key, action=action, nonce=nonce, arguments=arguments)
        return {"approver": session.approver, "nonce": nonce, "mac": mac}


@cache
def token_of(daemon: Daemon) -> str:
    """One token of the owner for every test that needs any."""
    return daemon.session().token


def owner_paths() -> list[str]:
    """Every path that is the owner's."""
    own = [
        addresses.END_SESSION,
        addresses.NONCE,
        addresses.PASSPHRASE,
        addresses.BEGUN,
        addresses.STOP,
        addresses.PULSE,
        addresses.LOCK,
    ]
    return [*own, addresses.LOCK_AFTER, *(addresses.owner_path(name) for name in ACTIONS)]


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """The status and the class of an error."""
    return answer.status_code, str(answer.json()["error"])


class Daemon(Caller):
    """The process, and a line to it."""

    def __init__(self, world: World, thread: threading.Thread) -> None:
        super().__init__(world.paths.socket)
        self.world = world
        self.thread = thread

    def has_ended(self, seconds: float = 15) -> bool:
        self.thread.join(seconds)
        return not self.thread.is_alive()


@contextmanager
def runtime() -> Iterator[Path]:
    """A short folder for a socket: a path of one ends at 107 bytes, and those of tests are long."""
    folder = Path(tempfile.mkdtemp(prefix="lb"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _routes() -> FastAPI:
    """The application without a service: its routes take longer to make than a vault to open, half of it when used."""
    made = application()
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "app": made, "router": made.router}
    assert not any(route.matches(scope)[0] is Match.FULL for route in made.router.routes)
    return made


def _application(service: Service) -> FastAPI:
    """The application of one service, with the routes that are made once."""
    one = copy(_routes())
    one.state = State({"service": service})
    return one


def keep_routes() -> None:
    """Make the routes of every application in this process once."""
    _routes()
    server.application = _application  # type: ignore[attr-defined]


@contextmanager
def serving(world: World, *, lock_minutes: int = 15) -> Iterator[Daemon]:
    """Serve the vault of this world until the block ends."""
    up, failed = threading.Event(), []
    keep_routes()

    def live() -> None:
        try:
            server.serve(
                world.paths,
                passphrase_secret(PASSPHRASE),
                preferences=Preferences(lock_minutes=lock_minutes),
                announce=lambda _vault: up.set(),
                clock=lambda: world.clock().timestamp(),
                cost=TEST_COST,
                leave=lambda: None,  # or what does not end here would end the tests, as if they had passed
            )
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            up.set()

    thread = threading.Thread(target=live, name="daemon")
    thread.start()
    assert up.wait(START_SECONDS)
    assert not failed, failed
    daemon = Daemon(world, thread)
    try:
        yield daemon
    finally:
        if thread.is_alive():
            token = daemon.session().token
            daemon.ask(addresses.LOCK, {"stop_training": True}, token=token)
        daemon.http.close()
        thread.join(30)
        assert not thread.is_alive()


def at(world: World, folder: Path) -> World:
    """The same vault with its socket in a short folder."""
    paths = replace(world.paths, runtime=folder, config=folder / "config.toml")
    return replace(world, paths=paths)
