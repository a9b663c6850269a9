"""One line to the process that has a vault open: bytes there, bytes back, and every failure as one of our errors."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

import h11

from vault.client.liveness import connect, is_answering, peer_of
from vault.errors.daemon import DaemonGone, DaemonHung, DaemonUnreachable, SessionEnded
from vault.wire.addresses import BACKGROUND, HOST, JSON_TYPE
from vault.wire.plain_answers import NotPlain, read_plain

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import TypeAdapter

    from vault.errors.families import LockboxError

Answer = TypeVar("Answer")

# A connection inside one computer is at once or never. An answer takes as long as the work, but a process that lives
# answers somebody else meanwhile: who hears nothing for so long asks on another connection.
CONNECT_SECONDS: Final = 5.0
SILENT_SECONDS = 5.0
_AT_ONCE: Final = 65536


class Connection:
    """HTTP over the Unix socket of one vault, one connection a call; threads may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: set[socket.socket] = set()
        self._is_closed = False
        self._guard = Lock()

    def post(self, path: str, body: bytes, *, token: str = "", is_background: bool = False) -> bytes:
        """Ask once and give back the answer.

        Raises the error that the other side tells, `DaemonGone`, `DaemonHung` and `DaemonUnreachable`.
        """
        try:
            with self._line() as line:
                status, answer = self._exchange(
                    line, request(path, body, token, is_background=is_background), body
                )
        # `from None` in all of them: what is kept of a request holds its headers and its body.
        except TimeoutError:
            raise DaemonUnreachable(reason="it takes nobody in") from None
        except (OSError, h11.ProtocolError):
            if self._is_closed:  # by another thread of ours, which has left the vault meanwhile
                raise SessionEnded() from None
            raise DaemonGone() from None
        if status != 200:
            raise error_in(answer)
        return answer

    def close(self) -> None:
        """Close the line; whoever waits for an answer waits no more."""
        with self._guard:
            self._is_closed = True
            for line in self._lines:
                with suppress(OSError):  # it is closed from the other end already
                    line.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def _line(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            with self._guard:
                if self._is_closed:
                    raise SessionEnded
                self._lines.add(line)
            try:
                connect(line, self._path, CONNECT_SECONDS)
                line.settimeout(SILENT_SECONDS)
                yield line
            finally:
                with self._guard:
                    self._lines.discard(line)

    def _exchange(self, line: socket.socket, asked: h11.Request, body: bytes) -> tuple[int, bytes]:
        http = h11.Connection(h11.CLIENT)
        self._send(line, bytes_of(http, asked, body))
        return answer_of(http, lambda: self._receive(line))

    def _send(self, line: socket.socket, data: bytes) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[line.send(left) :]
            except TimeoutError:
                self._check_alive(line)

    def _receive(self, line: socket.socket) -> bytes:
        while True:
            try:
                return line.recv(_AT_ONCE)
            except TimeoutError:
                self._check_alive(line)

    def _check_alive(self, line: socket.socket) -> None:
        """Raise `DaemonHung` unless the process answers somebody else, so that only its work takes long."""
        if not is_answering(self._path):
            raise DaemonHung(pid=peer_of(line)[0]) from None


def bytes_of(http: h11.Connection, asked: h11.Request, body: bytes) -> bytes:
    """A request as it goes over a line."""
    return b"".join(http.send(event) or b"" for event in (asked, h11.Data(data=body), h11.EndOfMessage()))


def answer_of(http: h11.Connection, receive: Callable[[], bytes]) -> tuple[int, bytes]:
    """Status and body of what comes back; raises h11.ProtocolError where it ends before, and what `receive` raises."""
    status, answer = 0, bytearray()
    while True:
        event = http.next_event()
        match event:
            case h11.Response():
                status = event.status_code
            case h11.Data():
                answer += event.data
            case h11.EndOfMessage():
                return status, bytes(answer)
            case h11.NEED_DATA:
                http.receive_data(receive())
            case _:
                raise h11.RemoteProtocolError("it ended before its answer")


def request(
    path: str, body: bytes, token: str, *, is_background: bool = False, is_last: bool = True
) -> h11.Request:
    """A call of the vault's process; after the last one it closes the line."""
    headers = [("Host", HOST), ("Content-Type", JSON_TYPE), ("Content-Length", str(len(body)))]
    if is_last:
        headers.append(("Connection", "close"))
    if token:
        headers.append(("Authorization", f"Bearer {token}"))
    if is_background:
        headers.append((BACKGROUND, "1"))
    return h11.Request(method="POST", target=path, headers=headers)


def error_in(answer: bytes) -> LockboxError:
    """The error that an answer stands for."""
    from vault.wire.errors import ErrorBody, error_from

    return error_from(decode(ErrorBody, answer))


def decode(kind: type[Answer], data: bytes) -> Answer:
    """An answer as what it stands for; raises `DaemonUnreachable` when it is something else."""
    try:
        found: Answer = read_plain(kind, data)
    except NotPlain:
        found = _validated(kind, data)
    return found


def _validated(kind: Any, data: bytes) -> Any:
    from pydantic import ValidationError

    try:
        return _adapter(kind).validate_json(data)
    except ValidationError:
        # `from None`: the original error quotes the answer
        raise DaemonUnreachable(reason="its answer is not understood; it may be another version") from None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
