"""The process that has a vault open: it serves a Unix socket until it locks, is asked to end, or is told to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import uvicorn

from vault.daemon.peers import OwnUserProtocol
from vault.daemon.quiet_server import QuietServer, quiet_config, signals_to, silence
from vault.daemon.routes import application
from vault.daemon.service import Service
from vault.errors.families import LockboxError
from vault.vault import DEFAULT_COST, Vault, harden_process
from vault.wire.served_vault import remove_facts, write_facts
from vault.wire.socket_file import listening

if TYPE_CHECKING:
    from vault.daemon.sessions import WallClock
    from vault.sealing.secret import Secret
    from vault.sealing.slots import KdfCost
    from vault.settings import Paths, Preferences

TICK: Final = 0.25
SETTLE_EVERY: Final = 20.0
_GRACE: Final = 5
LONGEST_END: Final = 20


def leave_at_once() -> None:
    """End a process whose keys are wiped, whatever its threads wait for: Python would wait for them."""
    os._exit(0)


def serve(
    paths: Paths, secret: Secret, *, recovery: bool = False, preferences: Preferences,
    announce: Callable[[Vault], None], clock: WallClock = time.time, cost: KdfCost = DEFAULT_COST,
    leave: Callable[[], None] = leave_at_once,
) -> None:  # fmt: skip
    """Open a vault and serve it until it locks; `announce` is called with it once the socket listens.

    SIGTERM, SIGINT and SIGHUP end it in order: the learners, what works on the vault, the keys, the socket; what waits
    for something outside is left behind with the process. Raises
    what opening a vault raises (`VaultBusy` when another process has it open), `SocketUnusable` and
    `UnsafePermissions`. `cost` is for a new passphrase.
    """
    harden_process()
    silence()
    end = threading.Event()
    with (
        _signals(end),
        Vault.open(
            paths, secret, recovery=recovery, clock=lambda: datetime.fromtimestamp(clock(), UTC)
        ) as vault,
        _facts_removed(paths),  # once nobody can connect any more
        # After the writer's lock is ours: what lies at the path then is of a process that ended.
        listening(paths.socket) as bound,
    ):
        secret.wipe()
        service = Service(
            vault, clock=clock, lock_minutes=preferences.lock_minutes, cost=cost, finish=end.set
        )  # fmt: skip
        has_ended = False
        try:
            asyncio.run(_serve(service, bound, _announced(vault, paths, announce), end))
        finally:
            with _ended_at_last():
                has_ended = service.close()
    if not has_ended:
        leave()


@contextlib.contextmanager
def _ended_at_last() -> Iterator[None]:
    """Within this block whatever is written down last has so long to end; then the process ends without it.

    An act that is cut off so is undone as after any crash, and no process keeps the keys because something hangs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # The kernel's own clock and not a thread of ours: where memory has run out, none can be started.
    signal.alarm(LONGEST_END)
    try:
        yield
    finally:
        signal.alarm(0)


@contextlib.contextmanager
def _facts_removed(paths: Paths) -> Iterator[None]:
    try:
        yield
    finally:
        remove_facts(paths)


def _announced(vault: Vault, paths: Paths, announce: Callable[[Vault], None]) -> Callable[[], None]:
    def say() -> None:
        write_facts(paths)
        announce(vault)

    return say


async def _serve(
    service: Service, bound: socket.socket, announce: Callable[[], None], end: threading.Event
) -> None:
    # What asyncio cannot place it would print, with the objects it concerns.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    server = QuietServer(_config(service))
    server.on_started = announce
    watching = asyncio.create_task(_watch(service, server, end))
    try:
        await server.serve(sockets=[bound])
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


def _config(service: Service) -> uvicorn.Config:
    return quiet_config(
        application(service),
        http=OwnUserProtocol,
        date_header=False,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=60,
    )


async def _watch(service: Service, server: uvicorn.Server, end: threading.Event) -> None:
    """Lock by the wall clock, end what has expired, and end the server when it is time."""
    # Beside it: settling waits for whatever works on the vault, and neither locking nor a signal may.
    settling = asyncio.create_task(_settle_now_and_then(service))
    try:
        while not end.is_set():
            service.lock_if_due()
            await asyncio.sleep(TICK)
    finally:
        settling.cancel()
    service.watched.stop_all()  # at once: the server waits for who is being answered, who may wait for what was begun
    server.should_exit = True


async def _settle_now_and_then(service: Service) -> None:
    while True:
        await asyncio.sleep(SETTLE_EVERY)
        with contextlib.suppress(LockboxError):  # a full disk now is no reason to end; whoever acts is told
            await service.work(service.vault.settle)
            # Now and not when a round comes in: no answer to who asks is followed by work that tells of a consent.
            await service.work(service.begin_round)


@contextlib.contextmanager
def _signals(end: threading.Event) -> Iterator[None]:
    """Within this block a signal asks for the end instead of being it."""

    def ask() -> None:
        end.set()
        # the end comes even where nothing here can bring it about any more
        signal.alarm(LONGEST_END + 2 * _GRACE)

    with signals_to(ask):
        yield
