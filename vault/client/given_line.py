"""A line to the vault's process that was connected by somebody else, for one who can connect none: many calls on it."""

from __future__ import annotations

import socket
from typing import Final

import h11

from vault.client.connection import answer_of, bytes_of, error_in, request
from vault.errors.daemon import DaemonGone, DaemonUnreachable

PATIENCE: Final = 120.0
_AT_ONCE: Final = 65536


class GivenLine:
    """HTTP over one connected socket, one call after another; it is not opened again once it is lost."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._line.settimeout(PATIENCE)
        self._http = h11.Connection(h11.CLIENT)

    def post(self, path: str, body: bytes, *, token: str) -> bytes:
        """Ask once and give back the answer; raises the error that the other side tells.

        Raises `DaemonGone` once the line is lost, and `DaemonUnreachable` where no answer comes.
        """
        try:
            self._line.sendall(bytes_of(self._http, request(path, body, token, is_last=False), body))
            status, answer = answer_of(self._http, lambda: self._line.recv(_AT_ONCE))
            self._http.start_next_cycle()
        # `from None`: what is kept of a request holds its headers
        except TimeoutError:
            raise DaemonUnreachable(reason="it does not answer") from None
        except (OSError, h11.ProtocolError):
            raise DaemonGone() from None
        if status != 200:
            raise error_in(answer)
        return answer
