"""The process that serves a coordinator over TLS until it is told to end; it can also be killed at any instant."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import sys
import threading
import time
from asyncio import sslproto
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Final

import uvicorn
from anyio.to_thread import current_default_thread_limiter

from learner import kernel_locks
from learner.federation.connections import listener, os_words, waiting_for
from learner.federation.coordinator import Coordinator, Event
from learner.federation.coordinator_app import application
from learner.federation.flower import check_flower
from learner.federation.limits import Limits
from learner.federation.witness_client import witness_client
from vault.daemon.quiet_server import QuietServer, quiet_config, signals_to, silence
from vault.errors.families import LockboxError
from vault.errors.federation import PortTaken

TICK: Final = 1.0
"""Seconds between two looks at what is due, where no answer came in between."""
GRACE: Final = 5
LONGEST_PAUSE: Final = 60.0
THREADS: Final = 4
TLS_BUFFER: Final = 4 * 1024
_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3


def serve(
    coordinator: Coordinator,
    *,
    started: Callable[[int], None] = lambda _port: None,
    end: threading.Event | None = None,
    limits: Limits | None = None,
    port: int | None = None,
) -> None:
    """Serve until ``end`` is set or a signal comes; ``started`` is told the port once it listens.

    Raises ``PortTaken``, ``FlowerMissing``, and what the first ``tick`` does.
    """
    end, limits = end or threading.Event(), limits or Limits()
    check_flower(coordinator.document.aggregation.rule)
    silence()
    _keep_memory_small()
    settings = coordinator.folder.settings
    with (
        _listening(settings.host, settings.port if port is None else port, limits) as bound,
        signals_to(end.set),
    ):
        coordinator.tick()
        failed: list[Exception] = []
        works = [lambda: _tick_until(coordinator, end)]
        if coordinator.document.witness is not None:
            witness_client()  # a library that is missing is said before anything is served
            works.append(lambda: _ask_witness_until(coordinator, end))
        # the one that waits for a witness can be left behind: it keeps nothing before it has an answer
        working = [threading.Thread(target=_work, args=(each, end, failed), daemon=True) for each in works]
        for each in working:
            each.start()
        try:
            asyncio.run(_serve(coordinator, bound, limits, end, partial(started, bound.getsockname()[1])))
        finally:
            end.set()
            coordinator.changed.set()
            working[0].join()
            for each in working[1:]:
                each.join(GRACE)
        for error in failed:
            raise error


def _keep_memory_small() -> None:
    """One heap for all threads, from which buffers go back to the system, and no search for garbage in loaded code.

    Without the first each thread keeps a heap of its own; what is as large as a page lies outside of the heap, where it
    leaves no gap behind (mallopt(3)). Without the last Python waits with the rest until there is a quarter as much
    garbage as there is code.
    """
    if _has_glibc():
        kernel_locks.libc().mallopt(_M_ARENA_MAX, 1)
        kernel_locks.libc().mallopt(_M_MMAP_THRESHOLD, 4 * 1024)
    gc.collect()
    gc.freeze()


def _give_memory_back() -> None:
    """Give the system what lies free within the heap: two hundred handshakes at once leave as much as they hold."""
    if _has_glibc():
        kernel_locks.libc().malloc_trim(0)


def _has_glibc() -> bool:
    return sys.platform == "linux" and hasattr(kernel_locks.libc(), "malloc_trim")


async def _serve(
    coordinator: Coordinator,
    bound: socket.socket,
    limits: Limits,
    end: threading.Event,
    started: Callable[[], None],
) -> None:
    # Each thread has memory of its own, and one database has no use for dozens of them.
    current_default_thread_limiter().total_tokens = THREADS
    # asyncio would keep 256 KiB for each connection, most of which only wait.
    sslproto.SSLProtocol.max_size = TLS_BUFFER
    # What asyncio cannot place it would print, with the objects it concerns.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    server = QuietServer(_config(coordinator, limits))
    server.on_started = started
    threading.Thread(target=_exit_at, args=(server, end), daemon=True).start()
    await server.serve(sockets=[bound])


def _config(coordinator: Coordinator, limits: Limits) -> uvicorn.Config:
    return quiet_config(
        application(coordinator, limits),
        http=waiting_for(limits.head_seconds),
        limit_concurrency=limits.connections,
        timeout_keep_alive=limits.idle_seconds,
        timeout_graceful_shutdown=GRACE,
        ssl_certfile=coordinator.folder.certificate,
        ssl_keyfile=coordinator.folder.certificate_key,
    )


def _exit_at(server: uvicorn.Server, end: threading.Event) -> None:
    end.wait()
    server.should_exit = True


def _work(work: Callable[[], None], end: threading.Event, failed: list[Exception]) -> None:
    """Do what the server needs beside it; without it there is nothing to serve for."""
    try:
        work()
    except Exception as error:  # the boundary of the thread: it is raised again where the server ends
        failed.append(error)
        end.set()


def _tick_until(coordinator: Coordinator, end: threading.Event) -> None:
    """Look at what is due once a second and after each answer, and give memory back once a second."""
    said, given_back = "", time.monotonic()
    while not end.is_set():
        coordinator.changed.wait(TICK)
        coordinator.changed.clear()
        if end.is_set():
            return
        try:
            coordinator.tick()
            said = ""
        except LockboxError as error:  # what the database or the disk says now is tried again in a second
            if said != f"{error}":
                coordinator.heard(Event(kind="waiting", reason=f"{error}"))
            said = f"{error}"
        if time.monotonic() - given_back >= TICK:
            _give_memory_back()
            given_back = time.monotonic()


def _ask_witness_until(coordinator: Coordinator, end: threading.Event) -> None:
    """Have each new checkpoint cosigned; a witness that is silent is asked again, more and more seldom."""
    pause, silent = TICK, False
    while not end.wait(pause):
        try:
            is_new = coordinator.ask_witness()
            coordinator.silent_because = ""
            if is_new:
                coordinator.heard(Event(kind="cosigned"))
            pause, silent = TICK, False
        except LockboxError as error:
            coordinator.silent_because = f"{error}"
            if not silent:
                coordinator.heard(Event(kind="silent", reason=f"{error}"))
            pause, silent = min(2 * pause, LONGEST_PAUSE), True


@contextlib.contextmanager
def _listening(host: str, port: int, limits: Limits) -> Iterator[socket.socket]:
    address = f"{host}:{port}"
    try:
        bound = listener(host, port, most=limits.connections, of_address=limits.of_address)
    except OSError as error:
        raise PortTaken(address=address, reason=os_words(error)) from error
    with closing(bound):
        yield bound
