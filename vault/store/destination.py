"""Whether files for somebody can be written to a place, found out before anything is recorded."""

from __future__ import annotations

import os
from pathlib import Path

from vault.errors.release import DestinationUnusable


def check_destination(
    target: Path, *, vault_folder: Path, empty_folder: bool = False, taken: bool = False
) -> None:
    """Refuse a place that is taken, in the vault's own folder, or whose parent cannot be written to.

    With ``empty_folder`` an empty folder is free, with ``taken`` anything may lie there. Raises `DestinationUnusable`.
    """
    try:
        _check(target, vault_folder, empty_folder=empty_folder, taken=taken)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "the system refuses it"
        raise DestinationUnusable(path=target, reason=reason.lower()) from error
    except (RuntimeError, ValueError) as error:  # a loop of links, and a name that no file can have
        raise DestinationUnusable(path=target, reason="there can be no such place") from error


def _check(target: Path, vault_folder: Path, *, empty_folder: bool, taken: bool) -> None:
    if not taken and not is_free(target, empty_folder=empty_folder):
        raise DestinationUnusable(path=target, reason="something is already there")
    if target.resolve().is_relative_to(vault_folder.resolve()):
        raise DestinationUnusable(path=target, reason="it lies inside the vault")
    parent = target.resolve().parent
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise DestinationUnusable(
            path=target, reason="its parent folder is not there or cannot be written to"
        )


def is_free(target: Path, *, empty_folder: bool = True) -> bool:
    """Whether nothing lies at a place; an empty folder counts as nothing unless it is not to."""
    if empty_folder and target.is_dir():
        return not any(target.iterdir())
    return not target.exists() and not target.is_symlink()
