"""How much of a server strangers can hold who say nothing: seconds for a head, connections in all and of one address.

A connection beyond that is closed before TLS is spoken on it, so that descriptors are left for the server's own work.
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

OWN_DESCRIPTORS: Final = 128
"""What a server needs besides connections: its database, the file it aggregates in, and what it loads."""
WITHOUT_LIMIT: Final = 10_240
BACKLOG: Final = 512


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 that waits only so long for the head of a request."""

    head_seconds: float = 20
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        super().connection_made(cast("asyncio.Transport", transport))  # of a stream it is no other
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Wait no longer once a head is whole, and anew where the next one has begun."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(self.head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        # A connection on which a request is being answered has its own end; an idle one is closed by this as well.
        self._waiting = None
        if self.conn.their_state is h11.IDLE:
            self.transport.abort()


def waiting_for(seconds: float) -> type[BoundedProtocol]:
    """HTTP/1.1 that waits so long for the head of a request."""
    return type("Protocol", (BoundedProtocol,), {"head_seconds": seconds})


class Listener(socket.socket):
    """A socket that listens, and takes ``most`` connections at once and ``of_address`` of one address."""

    most: int
    of_address: int
    _held: Counter[str]

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection; one too many is closed, and raises ``ConnectionAbortedError`` as if it had gone."""
        plain, address = super().accept()
        host = str(address[0])
        if self._held.total() >= self.most or self._held[host] >= self.of_address:
            plain.close()
            raise ConnectionAbortedError
        self._held[host] += 1
        taken = _Taken(plain.family, plain.type, plain.proto, fileno=plain.detach())
        taken.on_close = lambda: self._let_go(host)
        return taken, address

    def _let_go(self, host: str) -> None:
        self._held[host] -= 1
        if not self._held[host]:
            del self._held[host]


class _Taken(socket.socket):
    """A connection that says once when it is closed."""

    on_close: Callable[[], None] | None = None

    def close(self) -> None:
        """Close it, and say so."""
        super().close()
        told, self.on_close = self.on_close, None
        if told is not None:
            told()


def listener(host: str, port: int, *, most: int, of_address: int) -> Listener:
    """Listen at an address; raises ``OSError``.

    Of ``most`` there are no more than this process may have descriptors for, all but ``OWN_DESCRIPTORS``.
    """
    family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.create_server(where[:2], family=family, backlog=BACKLOG)
    found = Listener(bound.family, bound.type, bound.proto, fileno=bound.detach())
    found.most, found.of_address = min(most, max(1, _descriptors() - OWN_DESCRIPTORS)), of_address
    found._held = Counter()
    return found


def _descriptors() -> int:
    """How many descriptors this process may have, after it asked for as many as it can get."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:  # macOS says so and gives no more than this
        wanted = soft if soft == resource.RLIM_INFINITY else max(soft, WITHOUT_LIMIT)
    else:
        wanted = hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return WITHOUT_LIMIT if wanted == resource.RLIM_INFINITY else wanted


def os_words(error: OSError) -> str:
    """What the system says; asyncio and the resolver have numbers and words of their own."""
    is_system = not isinstance(error, socket.gaierror) and error.errno
    return os.strerror(error.errno or 0).lower() if is_system else "there is no such address"
