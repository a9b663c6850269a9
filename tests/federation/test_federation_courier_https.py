"""A courier speaks to the one coordinator of its invitation, hears so much of it, and waits so long for it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from learner.federation import courier_https
from learner.federation.certificate import make_certificate
from learner.federation.courier_https import Coordinator
from learner.federation.pinned_certificate import certificate_sha256
from vault.errors.families import LockboxError
from vault.errors.federation import CoordinatorIsAnother, CoordinatorOdd, CoordinatorUnreachable

Serve = Callable[[ssl.SSLSocket], None]
MADE = make_certificate("127.0.0.1", datetime(2026, 11, 21, tzinfo=UTC))
CHUNKS = [b"200\r\n" + b"x" * 512 + b"\r\n"] * 4
PINNED = certificate_sha256(MADE.certificate)


class Server:
    """TLS on a loopback port; one connection is given to a function."""

    def __init__(self, folder: Path, serve: Serve) -> None:
        (folder / "both.pem").write_bytes(MADE.certificate + MADE.key)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "both.pem")
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listening.getsockname()[1]}"
        self.heard = b""
        self.serve = serve
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        plain, _ = self.listening.accept()
        with plain, self.context.wrap_socket(plain, server_side=True) as line:
            try:
                self.heard = line.recv(65536)
                if self.heard:
                    self.serve(line)
            except OSError:
                return  # the courier has left, as it should


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Callable[..., tuple[Server, object]]]:
    """Ask a server that answers so, and give back what came or the error."""
    servers = []

    def ask(serve: Serve, *, pinned: str = PINNED) -> tuple[Server, object]:
        server = Server(tmp_path, serve)
        servers.append(server)
        server.thread.start()
        coordinator = Coordinator.resolved(server.url, pinned)
        try:
            found: object = coordinator.ask("GET", "/log", token="a token", limit=1000)
        except LockboxError as error:
            found = error
        server.thread.join()
        return server, found

    yield ask
    for server in servers:
        server.listening.close()


def says(*parts: bytes) -> Serve:
    return lambda line: [line.sendall(part) for part in parts] and None


def test_nothing_is_said_to_who_shows_another_certificate(
    asked: Callable[..., tuple[Server, object]],
) -> None:
    server, found = asked(says(b"HTTP/1.1 200 OK\r\n\r\n"), pinned="0" * 64)
    assert isinstance(found, CoordinatorIsAnother)
    assert server.heard == b""


def test_an_answer_has_its_status_its_body_and_its_date(asked: Callable[..., tuple[Server, object]]) -> None:
    head = b'HTTP/1.1 304 Not Modified\r\nDate: Sat, 21 Nov 2026 12:00:30 GMT\r\nETag: "a"\r\n\r\n'
    server, found = asked(says(head))
    assert isinstance(found, courier_https.Reply)
    assert (found.status, found.date) == (304, datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC))
    assert b"Authorization: Bearer a token\r\n" in server.heard


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", b"x" * 2000), CoordinatorOdd),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *CHUNKS), CoordinatorOdd),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",), CoordinatorOdd),
        ((b"SSH-2.0-OpenSSH\r\n\r\n",), CoordinatorOdd),
        ((b"",), CoordinatorOdd),
    ],
    ids=["too long", "endless", "half", "no HTTP", "nothing"],
)
def test_what_is_no_bounded_answer_is_refused(
    asked: Callable[..., tuple[Server, object]], parts: tuple[bytes, ...], error: type[LockboxError]
) -> None:
    assert isinstance(asked(says(*parts))[1], error)


def test_a_body_that_trickles_in_is_not_waited_for(
    asked: Callable[..., tuple[Server, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def trickle(line: ssl.SSLSocket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
        while not ended.wait(0.01):
            line.sendall(b"x")

    monkeypatch.setattr(courier_https, "LONGEST_SECONDS", 0.2)
    _, found = asked(trickle)
    ended.set()
    assert isinstance(found, CoordinatorUnreachable)


def test_who_is_not_there_or_has_no_such_name_cannot_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(CoordinatorUnreachable):
        Coordinator.resolved(f"https://127.0.0.1:{port}", PINNED).ask("GET", "/", limit=1)
    with pytest.raises(CoordinatorUnreachable):
        Coordinator.resolved("https://lockbox.invalid:8443", PINNED)


@pytest.mark.parametrize("told", ["Mon, 01 Jan 1000 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", "soon"])
def test_a_date_that_is_none_tells_no_time(told: str) -> None:
    assert courier_https.Reply(status=200, headers={"date": told}, body=b"").date is None
