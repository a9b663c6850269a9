"""Who says nothing holds few connections and not for long, and the server keeps descriptors for its own work."""

from __future__ import annotations

import errno
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from queue import Queue

import pytest
from fastapi import FastAPI

from learner.federation import connections
from learner.federation.connections import Listener, listener
from learner.federation.coordinator import Coordinator
from learner.federation.witness import WitnessServer, server_config
from tests.worlds.answering import WEEK
from tests.worlds.coordinators import LOOPBACK, Moving
from vault.errors.families import Unavailable


def held(listening: Listener, count: int, of: ExitStack) -> list[socket.socket]:
    """So many connections to it from one address, whose other ends are accepted or closed."""
    found = []
    for _ in range(count):
        of.enter_context(socket.create_connection(listening.getsockname()))
        try:
            found.append(of.enter_context(closing(listening.accept()[0])))
        except ConnectionAbortedError:
            continue
    return found


@pytest.mark.parametrize(("most", "of_address"), [(2, 9), (9, 2)])
def test_a_connection_too_many_is_closed_until_another_ends(most: int, of_address: int) -> None:
    with listener(LOOPBACK, 0, most=most, of_address=of_address) as listening, ExitStack() as of:
        found = held(listening, 4, of)
        assert len(found) == 2
        found[0].close()
        found[0].close()
        assert len(held(listening, 3, of)) == 1


def test_descriptors_are_left_for_the_servers_own_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_descriptors", lambda: connections.OWN_DESCRIPTORS + 2)
    with listener(LOOPBACK, 0, most=1000, of_address=1000) as listening, ExitStack() as of:
        assert len(held(listening, 4, of)) == 2


@pytest.fixture
def witness_port() -> Iterator[int]:
    """The port of a service as a witness has it, that waits a fifth of a second for a head."""
    ports: Queue[int] = Queue()
    server = WitnessServer(server_config(FastAPI(), LOOPBACK, 0, head_seconds=0.2), ports.put)
    running = threading.Thread(target=server.run)
    running.start()
    yield ports.get(timeout=30)
    server.should_exit = True
    running.join()


def test_a_witness_does_not_wait_for_who_is_silent(witness_port: int) -> None:
    with socket.create_connection((LOOPBACK, witness_port), timeout=20) as silent:
        silent.sendall(b"G")
        with suppress(ConnectionResetError):
            assert silent.recv(1) == b""


def test_a_round_that_the_disk_or_its_limits_hold_up_is_closed_later(
    coordinator: Coordinator, clock: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: object) -> None:
        raise OSError(errno.EMFILE, "")

    clock.now += WEEK
    with monkeypatch.context() as full:
        full.setattr(tempfile, "TemporaryFile", refused)
        with pytest.raises(Unavailable, match="too many open files"):
            coordinator.tick()
    coordinator.tick()

    assert [each.settled for each in coordinator.state.round_facts()] == [True, False]
