"""The vault's folder: whether one can be made there, whether there is one, and whether all of it is there."""

from __future__ import annotations

import stat
from pathlib import Path

from vault.errors.storage import NoVault, PlaceTaken, UnsafePermissions, VaultExists, VaultIncomplete
from vault.sealing.copies import FILE_NAMES
from vault.settings import DATABASE
from vault.store.destination import is_free


def check_free(folder: Path) -> None:
    """Refuse a place where something is already; raises `VaultExists`, `VaultIncomplete` or `PlaceTaken`."""
    if is_free(folder):
        return
    if missing := _missing(folder):
        raise VaultIncomplete(path=folder, missing=missing) if _is_begun(folder) else PlaceTaken(path=folder)
    raise VaultExists(path=folder)


def check_folder(folder: Path) -> None:
    """Refuse a folder that is no vault, that lacks a part of one, or that other users can enter.

    Raises `NoVault`, `VaultIncomplete` or `UnsafePermissions`.
    """
    if not _is_begun(folder):
        raise NoVault(path=folder)
    if missing := _missing(folder):
        raise VaultIncomplete(path=folder, missing=missing)
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        raise UnsafePermissions(path=folder)


def database_file(folder: Path) -> Path:
    """Where the SQLCipher database of a vault lies."""
    return folder / DATABASE


def _is_begun(folder: Path) -> bool:
    """Whether any part of a vault lies there."""
    return any((folder / name).exists() for name in (DATABASE, *FILE_NAMES))


def _missing(folder: Path) -> str:
    """What a vault has and this folder has not, in words; one of the two copies of the key header is enough."""
    if reason := _unusable(database_file(folder)):
        return f"its database {DATABASE} {reason}"
    reasons = [_unusable(folder / name) for name in FILE_NAMES]
    return f"its key header ({' and '.join(FILE_NAMES)}) {reasons[0]}" if all(reasons) else ""


def _unusable(file: Path) -> str:
    if not file.exists():
        return "is missing"
    if not file.is_file():
        return "is no file"
    return "" if file.stat().st_size else "is empty"
