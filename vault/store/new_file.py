"""A file for somebody that is either wholly there or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TextIO

from vault.sealing.durable import sync
from vault.store.destination import in_the_way, writing_to

_NO_SUCH_FILES: Final = (errno.EOPNOTSUPP, errno.EISDIR)
"""What open(2) says to O_TMPFILE where the file system, or an old kernel, knows no files without a name."""


@contextmanager
def new_file(target: Path) -> Iterator[TextIO]:
    """A file (0600) that was not there before; what fails or is killed on the way leaves nothing of it.

    It gets its name once it is whole. Where the file system knows no files without a name it has it from the start,
    and a kill leaves what was written until then. Raises as `writing_to`.
    """
    with writing_to(target):
        handle, is_there = _opened(target)
    try:
        with writing_to(target), os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if not is_there:
                _name(handle, target)
                is_there = True
            sync(target.parent)
    except BaseException:
        if is_there:
            target.unlink(missing_ok=True)
        raise


def _opened(target: Path) -> tuple[int, bool]:
    """A new file, and whether it lies there under its name already; raises OSError and `DestinationUnusable`."""
    with suppress(FileNotFoundError):
        target.lstat()
        raise in_the_way(target)
    handle = _without_name(target.parent)
    if handle is not None:
        return handle, False
    return os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), True


def _without_name(folder: Path) -> int | None:
    """A file without a name in a folder, or None where it could be none or get none; raises OSError."""
    try:
        handle = os.open(folder, os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno in _NO_SUCH_FILES:
            return None
        raise
    if Path(_path_of(handle)).exists():
        return handle
    os.close(handle)
    return None


def _path_of(handle: int) -> str:
    return f"/proc/self/fd/{handle}"


def _name(handle: int, target: Path) -> None:
    """Give a file its name, in one step and in the place of nothing else; raises OSError."""
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Given a folder, Python follows the link (linkat(2), AT_SYMLINK_FOLLOW); without one it would link the link.
        os.link(_path_of(handle), target.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)
