"""Whether files for somebody can be written to a place, found out before anything is recorded."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from vault.errors.exhaustion import what_ran_out
from vault.errors.release import DestinationUnavailable, DestinationUnusable
from vault.errors.storage import DiskFailing, DiskFull, DiskReadOnly, NotExported
from vault.sealing.durable import FULL, sync

NO_PLACE: Final = (errno.EEXIST, errno.EISDIR, errno.EINVAL, errno.ELOOP, errno.ENAMETOOLONG)
"""What the system says of a path at which there can be no new file; all else it says may be otherwise later."""
_TRIED_BYTES: Final = 4096


def check_destination(
    target: Path, *, vault_folder: Path, empty_folder: bool = False, taken: bool = False
) -> None:
    """Refuse a place that is taken, in the vault's own folder, or whose parent cannot be written to.

    With ``empty_folder`` an empty folder is free, with ``taken`` anything may lie there. Raises `DestinationUnusable`,
    and `DestinationUnavailable` for what may be otherwise later: a folder that is missing, full or read-only.
    """
    try:
        _check(target, vault_folder, empty_folder=empty_folder, taken=taken)
    except OSError as error:
        raise unwritable(target, error) from error
    except (RuntimeError, ValueError) as error:  # a loop of links, and a name that no file can have
        raise DestinationUnusable(path=target, reason="there can be no such place") from error


def _check(target: Path, vault_folder: Path, *, empty_folder: bool, taken: bool) -> None:
    if not taken and not is_free(target, empty_folder=empty_folder):
        raise in_the_way(target)
    if target.resolve().is_relative_to(vault_folder.resolve()):
        raise DestinationUnusable(path=target, reason="it lies inside the vault")
    parent = target.resolve().parent
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise DestinationUnavailable(
            path=target, reason="its parent folder is not there or cannot be written to"
        )


def try_writing(target: Path) -> None:
    """Make a small file where nothing lies and take it away; raises as `check_destination`, and `DiskFull`."""
    with writing_to(target):
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, bytes(_TRIED_BYTES))
            os.fsync(handle)
        finally:
            os.close(handle)
            target.unlink()


@contextmanager
def writing_to(target: Path) -> Iterator[None]:
    """Say of what the system refuses that it is about this place.

    Raises `DestinationUnusable`, `DestinationUnavailable` and `DiskFull`, and `OutOfResources`, which is of no place.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull from error
        if ran_out := what_ran_out(error):
            raise ran_out from error
        raise unwritable(target, error) from error


@contextmanager
def held_place(target: Path) -> Iterator[None]:
    """Take a place in one step until a finished file is moved there, so that nothing that came meanwhile is replaced.

    After an error nothing lies there; after a kill it may be an empty file. Raises as `writing_to`.
    """
    with writing_to(target):
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        yield
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def move_to(packed: Path, target: Path) -> None:
    """Put a finished file in the place that is held for it; raises as `writing_to`."""
    with writing_to(target):
        packed.rename(target)
        sync(target.parent)


def unwritable(target: Path, error: OSError) -> DestinationUnusable | DestinationUnavailable:
    """What the system said of a place, as the error of that place."""
    if error.errno == errno.EEXIST:
        return in_the_way(target)
    reason = os.strerror(error.errno).lower() if error.errno else "the system refuses it"
    kind = DestinationUnusable if error.errno in NO_PLACE else DestinationUnavailable
    return kind(path=target, reason=reason)


def in_the_way(target: Path) -> DestinationUnusable:
    """What lies at a place, as the error of that place; an empty file there may be what a kill left of writing it."""
    is_empty = target.is_file() and not target.stat().st_size
    what = "an empty file" if is_empty else "something"
    return DestinationUnusable(path=target, reason=f"{what} is already there")


@contextmanager
def already_recorded(target: Path) -> Iterator[None]:
    """Say of a disk that fails now that the record of it stands: `NotExported`, as the trail was changed by then."""
    try:
        yield
    except DiskFull as error:
        raise NotExported(path=target, reason="the disk is full") from error
    except DiskReadOnly as error:
        raise NotExported(path=target, reason="nothing can be written there") from error
    except DiskFailing as error:
        raise NotExported(path=target, reason="its disk reports an error") from error
    except (DestinationUnusable, DestinationUnavailable) as error:
        raise NotExported(path=target, reason=error.facts["reason"]) from error


def is_free(target: Path, *, empty_folder: bool = True) -> bool:
    """Whether nothing lies at a place; an empty folder counts as nothing unless it is not to."""
    if empty_folder and target.is_dir():
        return not any(target.iterdir())
    return not target.exists() and not target.is_symlink()


def is_private(folder: Path) -> bool:
    """Whether only this user can look into a folder; a stick or a share may give it to everybody, whatever is asked."""
    found = folder.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & 0o077


def take_away(name: str, folder: int) -> bool:
    """Remove a name from an open folder; whether it is certainly gone and does not come back with the power."""
    shutil.rmtree(name, ignore_errors=True, dir_fd=folder)
    try:
        os.fsync(folder)
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False
