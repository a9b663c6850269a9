"""The vault's folder: whether one can be made there, and whether there is one."""

from __future__ import annotations

import stat
from pathlib import Path

from vault.errors.storage import NoVault, UnsafePermissions, VaultExists
from vault.settings import DATABASE
from vault.store.destination import is_free


def check_free(folder: Path) -> None:
    """Refuse a place where something is already; raises `VaultExists`."""
    if not is_free(folder):
        raise VaultExists(path=folder)


def check_folder(folder: Path) -> None:
    """Refuse a folder that is no vault, or that other users can enter."""
    if not database_file(folder).exists():
        raise NoVault(path=folder)
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        raise UnsafePermissions(path=folder)


def database_file(folder: Path) -> Path:
    """Where the SQLCipher database of a vault lies."""
    return folder / DATABASE
