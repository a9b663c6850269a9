"""Holding a folder that is being made: what nobody holds was left by a command that was ended on its way.

It is held by a lock on a file beside it, which is there before the folder is, and gone with who holds it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vault.errors.families import Unavailable
from vault.regular_file import lies_there

if TYPE_CHECKING:
    from vault.errors.families import LockboxError

_CLAIM: Final = ".claim"
_MADE: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_TRIES: Final = 40
_PAUSE: Final = 0.005
"""Seconds: whoever looks whether a folder is held has the lock for a moment, and shares it with others who look."""


@contextmanager
def claimed(path: Path, at_work: type[LockboxError]) -> Iterator[None]:
    """Hold a folder, which need not be there, within this block, whatever the end of its name is meanwhile.

    Raises what is ``at_work`` where somebody else does, and ``Unavailable``.
    """
    claim = path.with_suffix(_CLAIM)
    try:
        claim.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(reason=f"{claim.parent} cannot be made ({error.strerror})") from None
    descriptor = _held(claim, at_work)
    try:
        yield
    finally:
        # before the lock is let go: whoever has it open sees that it lies there no more
        claim.unlink(missing_ok=True)
        os.close(descriptor)


def is_claimed(path: Path) -> bool:
    """Whether a process that is at work holds a folder; it is kept from nothing by that."""
    try:
        descriptor = os.open(path.with_suffix(_CLAIM), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False  # nobody holds what cannot be opened
    try:
        return not _is_locked(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def held_alone(lock_file: Path, at_work: type[LockboxError]) -> int:
    """Hold a lock for this process alone, until its descriptor is closed; raises what is ``at_work``."""
    lock = os.open(lock_file, _MADE, 0o600)
    if not _is_locked(lock, fcntl.LOCK_EX):
        os.close(lock)
        raise at_work()
    return lock


def _held(claim: Path, at_work: type[LockboxError]) -> int:
    """The descriptor of a claim that is held, once it is the one that lies there."""
    for _ in range(_TRIES):
        descriptor = _opened(claim)
        if _is_locked(descriptor, fcntl.LOCK_EX) and lies_there(descriptor, claim):
            return descriptor
        os.close(descriptor)
        time.sleep(_PAUSE)
    raise at_work()


def _opened(claim: Path) -> int:
    try:
        return os.open(claim, _MADE, 0o600)
    except OSError as error:
        raise Unavailable(reason=f"{claim} cannot be made ({error.strerror})") from None


def _is_locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
