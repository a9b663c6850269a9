"""A coordinator has its log cosigned by the witness that the campaign names, and shows vaults nothing else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_folder import Settings, make_coordinator
from learner.federation.witness import application
from learner.federation.witness_client import cosigned
from tests.worlds.answering import START, MadeVault, signed_campaign
from tests.worlds.coordinators import Moving, enrolled
from vault.errors.families import Invalid
from vault.errors.federation import NothingThere, WitnessSilent
from vault.requester.campaign_log import claimed_head, cosigned_since
from vault.requester.witness import Witness, new_witness

URL = "http://witness"
NOW = 1_772_366_400


def test_vaults_are_shown_what_the_witness_cosigned_and_never_what_it_did_not(
    tmp_path: Path, clock: Moving
) -> None:
    made = new_witness(tmp_path / "archive", "archive.example/w1")
    named = {"name": "City archive", "key": made.key.public.hex()}
    signed = signed_campaign(tmp_path, START, witness=named)
    with pytest.raises(Invalid, match="say where it answers"):
        make_coordinator(tmp_path / "c", signed, Settings(), now=START)
    folder = make_coordinator(tmp_path / "c", signed, Settings(witness=URL), now=START)
    with closing(Coordinator(folder, clock=clock)) as coordinator:
        coordinator.tick()
        with pytest.raises(NothingThere):
            coordinator.checkpoint()
        app = application(Witness.open(tmp_path / "archive"), lambda: NOW)

        def stranger() -> httpx.AsyncClient:
            return httpx.AsyncClient(transport=httpx.ASGITransport(app))

        with pytest.raises(WitnessSilent):
            coordinator.ask_witness(stranger)  # it does not watch this log yet
        Witness.open(tmp_path / "archive").watch(signed)
        assert coordinator.ask_witness(stranger)
        first = coordinator.checkpoint()
        assert not coordinator.ask_witness(stranger)
        enrolled(coordinator, MadeVault())
        assert coordinator.checkpoint() == first
        assert coordinator.ask_witness(stranger)
        note = coordinator.checkpoint()
    assert claimed_head(first).size == 2
    assert claimed_head(note).size == 3
    assert cosigned_since(note, made.key.public) == NOW


def test_a_campaign_without_a_witness_is_not_given_one(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="names no witness"):
        make_coordinator(tmp_path / "c", signed_campaign(tmp_path, START), Settings(witness=URL), now=START)


SIZE = b"HTTP/1.1 409 Conflict\r\nContent-Type: text/x.tlog.size; charset=%s\r\nContent-Length: %d\r\n\r\n%s"
BEGUN = b"HTTP/1.1 200 OK\r\n\r\n"


@contextmanager
def hostile(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """The address of a witness that answers so, whatever it is asked."""
    end = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while not end.is_set():
                    connection, _ = listening.accept()
                    with connection, suppress(OSError):
                        connection.recv(65536)
                        answer(connection, end)

        running = threading.Thread(target=serve)
        running.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        end.set()
        listening.shutdown(socket.SHUT_RDWR)
        running.join()


def sends(data: bytes) -> Callable[[socket.socket, threading.Event], None]:
    return lambda connection, _end: connection.sendall(data)


def sends_on(first: bytes, part: bytes, pause: float) -> Callable[[socket.socket, threading.Event], None]:
    def answer(connection: socket.socket, end: threading.Event) -> None:
        connection.sendall(first)
        while not end.wait(pause):
            connection.sendall(part)

    return answer


ODD = [
    sends(SIZE % (b"hex", 2, b"0\n")),
    sends_on(BEGUN, b"x" * 65536, 0),
    sends_on(b"HTTP/1.1 200 OK\r\nA: ", b"x", 0.05),
]
ODDER = [
    sends(SIZE % (b"utf-8", 3, b"\xc2\xb2\n")),
    sends(SIZE % (b"utf-16", 2, b"-1")),
    sends(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"),
    sends(b"HTTP/1.1 302 Found\r\nLocation: \xff://\r\nContent-Length: 0\r\n\r\n"),
    sends(b"\0"),
    sends(b""),
    sends_on(BEGUN, b"x", 0.05),
    sends_on(b"", b"", 0.05),
]


@pytest.mark.parametrize("answers", [ODD, pytest.param(ODDER, marks=pytest.mark.slow)], ids=["odd", "odder"])
def test_whatever_a_hostile_witness_sends_is_silence_within_a_deadline(
    coordinator: Coordinator, answers: list[Callable[[socket.socket, threading.Event], None]]
) -> None:
    note, _ = coordinator.state.checkpoints()
    for answer in answers:
        with hostile(answer) as url, pytest.raises(WitnessSilent):
            cosigned(url, note, coordinator.state.leaves(), b"w" * 32, deadline=0.4)
