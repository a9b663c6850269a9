"""A consistent copy of a live vault in one file."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vault.lifecycle.folder import database_file
from vault.sealing.copies import FILE_NAMES as HEADER_FILES
from vault.sealing.durable import sync
from vault.store.destination import check_destination, try_writing, writing_to
from vault.store.draft_folder import draft_folder

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault


@contextmanager
def packed_backup(vault: OpenVault, target: Path, progress: Callable[[int, int], None]) -> Iterator[Path]:
    """The key header and a consistent copy of the live database in one tar file (mode 0600) beside its place.

    Everything in it is as encrypted as the vault itself. Raises `DestinationUnusable`,
    `DestinationUnavailable` and `DiskFull`, and what is not moved away by the end of the block is gone.
    """
    with ExitStack() as stack:
        with writing_to(target):
            beside = target.resolve().parent
            folder = stack.enter_context(draft_folder(beside, prefix=".lockbox-backup-"))
            vault.store.backup(folder / database_file(folder).name, progress)
            packed = _pack(vault.paths.vault, folder)
        yield packed


def check_new(vault: OpenVault, target: Path) -> None:
    """Refuse, before anything is recorded, a place that is taken, not there, full, or in the vault's own folder.

    A file is made there and taken away: of some places only that shows that no file can be made. Raises
    `DestinationUnusable`, `DestinationUnavailable` and `DiskFull`.
    """
    check_destination(target, vault_folder=vault.paths.vault)
    try_writing(target)


def _pack(vault_folder: Path, folder: Path) -> Path:
    packed = folder / "backup.tar"
    with packed.open("xb") as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        packed.chmod(0o600)
        for name in HEADER_FILES:
            tar.add(vault_folder / name, arcname=name, filter=_anonymous)
        tar.add(database_file(folder), arcname=database_file(folder).name, filter=_anonymous)
    sync(packed)
    return packed


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """No user name in the archive, and files that only their owner can read."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member
