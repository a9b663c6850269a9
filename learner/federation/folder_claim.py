"""Holding a folder that is being made: what nobody holds was left by a command that was ended on its way."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vault.errors.families import LockboxError


@contextmanager
def claimed(path: Path, at_work: type[LockboxError]) -> Iterator[None]:
    """Hold a folder for this process within this block, whatever it is called meanwhile; raises what is ``at_work``."""
    folder = _opened(path)
    try:
        if not _is_taken(folder):
            raise at_work()
        yield
    finally:
        os.close(folder)


def is_claimed(path: Path) -> bool:
    """Whether a process that is at work holds a folder."""
    folder = _opened(path)
    try:
        return not _is_taken(folder)
    finally:
        os.close(folder)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _is_taken(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
