"""Which resource of the computer has run out, whatever the error is called that it ended in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from errno import EMFILE, ENFILE, ENOMEM
from mmap import mmap
from typing import Final

from vault.errors.families import Broken, InternalError, Invalid, LockboxError
from vault.errors.storage import OutOfResources

NO_FILES: Final = frozenset({EMFILE, ENFILE})
NO_THREAD: Final = "can't start new thread"
# What a database needs at once: itself, its log, the memory it shares and its folder.
_FILES_OF_ONE_ACT: Final = 4
_LIBRARY_BYTES: Final = 128 * 2**20


def truly(error: LockboxError) -> LockboxError:
    """The error, or which resource ran out where that alone made it blame the input, the vault or Lockbox."""
    if not isinstance(error, Invalid | Broken | InternalError):
        return error
    return what_ran_out(error) or error


def what_ran_out(error: BaseException) -> OutOfResources | None:
    """What had run out where this error, or one that it stands for, came from that; None for any other."""
    for one in _chain(error):
        if isinstance(one, MemoryError) or getattr(one, "errno", None) == ENOMEM or _is_of_a_thread(one):
            return OutOfResources(what="memory")
        if (isinstance(one, ImportError | SystemError) or _is_nameless(one)) and not can_take_memory():
            return OutOfResources(what="memory")
        if getattr(one, "errno", None) in NO_FILES:
            return OutOfResources(what="open files")
    return None


def can_open_files() -> bool:
    """Whether this process may open as many more files as an act takes: libraries lose the number of their error."""
    with ExitStack() as opened:
        try:
            for _ in range(_FILES_OF_ONE_ACT):
                opened.callback(os.close, os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
        except OSError as error:
            return error.errno not in NO_FILES
    return True


def can_take_memory() -> bool:
    """Whether this process may take as much memory as a library does that is loaded: loaders say no number either."""
    try:
        mmap(-1, _LIBRARY_BYTES).close()
    except (OSError, MemoryError):
        return False
    return True


def _is_of_a_thread(error: BaseException) -> bool:
    """Whether no thread could be started: Python has no kind of its own for that, and no number."""
    return isinstance(error, RuntimeError) and str(error) == NO_THREAD


def _is_nameless(error: BaseException) -> bool:
    """Whether this is what Arrow raises for an error of C++ that it has no name for, such as one of its allocator."""
    return type(error).__name__ == "ArrowException"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__
