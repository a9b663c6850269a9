"""A private folder in which something is made beside its place; what a kill left of another goes first.

Left behind, it would keep secret keys, or rows that the owner erases later.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

VAULT_PARTS: Final = re.compile(r"\.?vault\.db.*|keys(\.copy)?\.lockbox(\.new)?|backup\.tar|writer\.lock")
"""The names of what can lie in the draft of a vault or of a copy of one."""
_RANDOM: Final = "[a-z0-9_]{8}"


@contextmanager
def draft_folder(
    parent: Path, *, prefix: str, suffix: str = "", parts: re.Pattern[str] = VAULT_PARTS
) -> Iterator[Path]:
    """A new folder (0700) that goes with the block, unless it was renamed; its name begins and ends as is said.

    It is locked as long as this process lives, and those of such a name that nobody has locked are taken away before.
    One with anything in it that is none of ``parts`` is somebody's own.
    """
    _clear_left(parent, re.compile(f"{re.escape(prefix)}{_RANDOM}{re.escape(suffix)}"), parts)
    folder = Path(tempfile.mkdtemp(dir=parent, prefix=prefix, suffix=suffix))
    descriptor = _opened(folder)
    try:
        # Where no lock can be had nobody else gets one either, and so nobody takes the folder away.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _clear_left(parent: Path, name: re.Pattern[str], parts: re.Pattern[str]) -> None:
    if not os.access(parent, os.R_OK):
        return  # who cannot list a folder cannot clear it
    for folder in parent.iterdir():
        # Its own process may take it away meanwhile.
        with suppress(FileNotFoundError):
            if name.fullmatch(folder.name) and _is_draft(folder, parts):
                _clear(folder)


def _is_draft(folder: Path, parts: re.Pattern[str]) -> bool:
    """Whether a folder is this user's and holds such parts alone; an empty one may not be locked yet."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or not os.access(folder, os.R_OK):
        return False
    names = [one.name for one in folder.iterdir()]
    return bool(names) and all(map(parts.fullmatch, names))


def _clear(folder: Path) -> None:
    """Take it away if the process that made it has ended."""
    descriptor = _opened(folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # its process lives
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
