"""Who is at the other end of the socket, as the kernel says it."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import Final, NamedTuple, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

_UCRED: Final = struct.Struct("3i")
# sys/un.h and sys/ucred.h of macOS: the option, and a struct xucred that begins with its version and the uid
_LOCAL_PEERCRED: Final = 0x001
_XUCRED: Final = struct.Struct("2Ih16I")
_SO_PEERCRED: Final[int | None] = getattr(socket, "SO_PEERCRED", None)


class Peer(NamedTuple):
    """A process that connected; `pid` is 0 where the kernel does not say it."""

    uid: int
    pid: int


def peer_of(connection: socket.socket) -> Peer:
    """Who connected: SO_PEERCRED on Linux (unix(7)), LOCAL_PEERCRED on macOS; raises OSError elsewhere."""
    if _SO_PEERCRED is not None:
        data = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERCRED, _UCRED.size)
        pid, uid, _gid = _UCRED.unpack(data)
        return Peer(uid=uid, pid=pid)
    data = connection.getsockopt(0, _LOCAL_PEERCRED, _XUCRED.size)
    return Peer(uid=_XUCRED.unpack(data)[1], pid=0)


class OwnUserProtocol(H11Protocol):
    """HTTP for processes of our own user; everybody else's connection is dropped before a byte is read."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection of our own user, and say which process it is in `scope["client"]`."""
        super().connection_made(cast("asyncio.Transport", transport))  # of a stream it is no other
        try:
            peer = peer_of(transport.get_extra_info("socket"))
        except OSError:
            peer = Peer(uid=-1, pid=0)
        if peer.uid != os.getuid():
            self.transport.abort()
        self.client = ("peer", peer.pid)
