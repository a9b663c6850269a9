"""A folder with files for somebody that is either wholly there or not at all."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from vault.sealing.durable import make_folders, sync
from vault.store.destination import in_the_way, is_free, writing_to
from vault.store.draft_folder import draft_folder

_ANYTHING: Final = re.compile(".+", re.DOTALL)


def check_free(folder: Path) -> None:
    """Refuse, before anything is worked out for it, a place where something lies; raises as ``new_folder``."""
    with writing_to(folder):
        if not is_free(folder):
            raise in_the_way(folder)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A private, empty folder to fill, whose content lies in `folder` once the block ends; after an error nothing does.

    Where `folder` is there already it stays, with what it holds. Raises ``DestinationUnusable`` where a name is taken,
    ``DestinationUnavailable``, ``DiskFull``.
    """
    with writing_to(folder):
        is_there = folder.is_dir()
    # Where it is there the draft lies inside: it may be where somebody's shell stands, or another disk.
    with _folders_above(folder), _draft_in(folder if is_there else folder.parent, folder) as draft:
        yield draft
        with writing_to(folder):
            if is_there:
                _move_into(draft, folder)
            else:
                _rename(draft, folder)


@contextmanager
def _folders_above(folder: Path) -> Iterator[None]:
    """Make the folders above that are missing, for good if the block ends well."""
    with writing_to(folder):
        missing = [one for one in folder.parents if not one.exists()]
    try:
        with writing_to(folder):
            make_folders(folder.parent)
        yield
    except BaseException:
        for one in missing:
            with suppress(OSError):  # somebody put something there meanwhile
                one.rmdir()
        raise


@contextmanager
def _draft_in(parent: Path, folder: Path) -> Iterator[Path]:
    with ExitStack() as stack:
        with writing_to(folder):
            drafted = draft_folder(parent, prefix=".lockbox-", suffix=".new", parts=_ANYTHING)
            draft = stack.enter_context(drafted)
        yield draft


def _rename(draft: Path, folder: Path) -> None:
    if folder.exists() or folder.is_symlink():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    sync(draft)
    draft.rename(folder)
    try:
        sync(folder.parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # nobody was told of it
        raise


def _move_into(draft: Path, folder: Path) -> None:
    """Move every part of a draft to a name that nothing has."""
    parts, held = sorted(draft.iterdir()), list[Path]()
    try:
        for part in parts:
            _hold(folder / part.name, is_folder=part.is_dir())
            held.append(folder / part.name)
        for part in parts:
            part.rename(folder / part.name)
        sync(folder)
    except BaseException:
        for place in held:
            shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
        raise


def _hold(place: Path, *, is_folder: bool) -> None:
    """Take a name in one step, so that nothing that another process puts there is ever replaced."""
    if is_folder:
        place.mkdir(mode=0o700)
    else:
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
