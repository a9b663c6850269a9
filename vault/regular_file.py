"""Small files in whose place others may have put something else: reading one, and whether it still lies there."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read_regular(path: Path, limit: int) -> bytes:
    """At most so many bytes of a regular file; OSError for a link, a pipe or anything else, which no open waits for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a file", str(path))
        return file.read(limit)


def lies_there(descriptor: int, path: Path) -> bool:
    """Whether an open file is the one that lies at a path, where it may have been taken away or put anew."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False
