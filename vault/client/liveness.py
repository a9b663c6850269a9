"""Whether the process at a socket lives: the kernel takes connections for one that is stopped, and nobody answers."""

from __future__ import annotations

import os
import socket
import struct
import sys
import time
from typing import TYPE_CHECKING, Final

from vault.errors.daemon import DaemonUnreachable

if TYPE_CHECKING:
    from pathlib import Path

ANSWER_SECONDS = 8.0
_TURN: Final = 0.05
# Refused before any work, by the loop that answers everybody; any answer at all is a sign of life.
_QUESTION: Final = b"POST / HTTP/1.1\r\nHost: lockbox\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def is_answering(path: Path) -> bool:
    """Whether the process at this socket answers within seconds; raises OSError when nobody listens there."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            connect(line, path, ANSWER_SECONDS)
            line.sendall(_QUESTION)
            return bool(line.recv(1))
    except TimeoutError:
        return False


def connect(line: socket.socket, path: Path, seconds: float) -> None:
    """Connect, and let everything on this line take so many seconds at most; raises TimeoutError and OSError.

    Where as many wait as can wait, the kernel does not let one more wait but refuses at once (connect(2), EAGAIN).
    """
    until = time.monotonic() + seconds
    line.settimeout(seconds)
    while True:
        try:
            line.connect(str(path))
        except BlockingIOError:
            if time.monotonic() > until:
                raise TimeoutError from None
            time.sleep(_TURN)
        else:
            return


def peer_of(line: socket.socket) -> tuple[int, int]:
    """The process that listens at the other end, 0 where the system does not tell, and its user."""
    if sys.platform != "linux":
        return 0, os.getuid()
    told = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", told)
    return int(pid), int(uid)


def own_peer(line: socket.socket) -> int:
    """The process at the other end; raises `DaemonUnreachable` when it is not one of this user."""
    pid, uid = peer_of(line)
    if uid != os.getuid():
        raise DaemonUnreachable(reason="it belongs to somebody else")
    return pid
