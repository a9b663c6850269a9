"""Where the socket lies: a folder that nobody else can enter, and a socket that is ours from its first moment."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from vault.errors.daemon import SocketUnusable
from vault.errors.storage import UnsafePermissions

BACKLOG: Final = 64


def make_runtime(folder: Path) -> None:
    """Make the folder of the socket (0700), or check that the one there is ours alone.

    Raises `UnsafePermissions` for a link, another user's folder and one that others can enter (in a shared temporary
    folder anybody can put one there first), `SocketUnusable` where none can be made.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
    except OSError as error:
        raise SocketUnusable(path=folder, reason=error.strerror or "it cannot be made") from None
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not is_ours or stat.S_IMODE(found.st_mode) & 0o077:
        raise UnsafePermissions(path=folder)


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """A listening socket at `path` (0600) within this block; raises `SocketUnusable` and `UnsafePermissions`.

    Only who holds the writer's lock of the vault may call this: it removes what an ended process left there.
    """
    make_runtime(path.parent)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bound:
        # so that no later process can inherit the door to an open vault
        bound.set_inheritable(False)
        try:
            path.unlink(missing_ok=True)
            os.fchmod(bound.fileno(), 0o600)  # on Linux bind gives the file the mode of the socket
            bound.bind(str(path))
            path.chmod(0o600)
            bound.listen(BACKLOG)
        except OSError as error:
            raise SocketUnusable(path=path, reason=error.strerror or str(error)) from None
        ours = path.lstat().st_ino
        try:
            yield bound
        finally:
            with suppress(OSError):
                if path.lstat().st_ino == ours:
                    path.unlink()
