"""Places to write to that go wrong: a full disk, and one that gives every folder to everybody."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from vault import release


def fill_up(patch: pytest.MonkeyPatch) -> None:
    """Let the disk be full once what is released is written."""

    def full(_path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    patch.setattr(release, "date_alike", full)


def open_to_all(patch: pytest.MonkeyPatch) -> None:
    """Let every new folder be everybody's, as on a stick or a share."""
    right = Path.mkdir

    def mkdir(folder: Path, mode: int = 0o777, *, parents: bool = False, exist_ok: bool = False) -> None:
        right(folder, mode, parents=parents, exist_ok=exist_ok)
        folder.chmod(0o777)

    patch.setattr(Path, "mkdir", mkdir)


def full_at(patch: pytest.MonkeyPatch, nth: int, error: BaseException | None = None) -> list[int]:
    """Let the nth write that waits for the disk find it full, or fail otherwise; gives what was waited for."""
    right, waited = os.fsync, list[int]()

    def fsync(descriptor: int) -> None:
        waited.append(descriptor)
        if len(waited) == nth:
            raise error or OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        right(descriptor)

    patch.setattr(os, "fsync", fsync)
    return waited
