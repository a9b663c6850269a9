"""Small files, folders and names that survive a crash: the key header, key files and what they lie in."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from vault.errors.families import Invalid, Unavailable
from vault.errors.storage import DiskFull, DiskReadOnly

FULL = {errno.ENOSPC, errno.EDQUOT}
READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


def replace_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put files (name to bytes, 0600) into the folder: temporary files, fsync, renames, fsync of the folder.

    After a crash every name holds its old bytes or its new ones. All bytes are on the disk before the first
    rename, so a full disk changes nothing. Raises DiskFull, DiskReadOnly, Unavailable.
    """
    fresh = {name: _draft_of(folder, name) for name in files}
    with _disk_errors(folder):
        try:
            for name, data in files.items():
                fresh[name].unlink(missing_ok=True)  # what a crash left behind
                write_new(fresh[name], data)
            for name in files:
                fresh[name].replace(folder / name)
            sync(folder)
        except OSError:
            for path in fresh.values():
                path.unlink(missing_ok=True)
            raise


def clear_drafts(folder: Path, names: Iterable[str]) -> None:
    """Take away what a crash left of replacing these files; call it where nobody else can be replacing them.

    Raises DiskReadOnly, Unavailable.
    """
    with _disk_errors(folder):
        for name in names:
            with suppress(IsADirectoryError):  # then it is none of ours
                _draft_of(folder, name).unlink(missing_ok=True)


def _draft_of(folder: Path, name: str) -> Path:
    return folder / f"{name}.new"


def create_file(path: Path, data: bytes) -> None:
    """Write a file (0600) where nothing may be yet, not even a link.

    Raises Invalid when something is, DiskFull, DiskReadOnly, Unavailable.
    """
    with _disk_errors(path.parent):
        try:
            write_new(path, data)
        except FileExistsError:
            raise Invalid(reason=f"there is already a file {path}") from None
        try:
            sync(path.parent)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def make_folders(folder: Path) -> None:
    """Make a folder, private to its owner, with those above it that are missing, and each name on the disk."""
    if not folder.is_dir():
        make_folders(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync(folder.parent)


def sync(path: Path) -> None:
    """Wait until a file, or a folder with the names in it, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
        # macOS: fsync stops at the drive's own cache, and only this call goes through it.
        if (full_sync := getattr(fcntl, "F_FULLFSYNC", None)) is not None:
            fcntl.fcntl(descriptor, full_sync)
    finally:
        os.close(descriptor)


def write_new(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file where nothing is, and remove it again when that fails; raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull from error
        if error.errno in READ_ONLY:
            raise DiskReadOnly(path=folder) from error
        raise Unavailable(reason=f"{folder} cannot be written to: {error.strerror}") from error
