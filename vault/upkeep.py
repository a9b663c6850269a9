"""Keeping a vault true and safe: settling what time or a crash left open, backups, and trying the sandbox."""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vault.consent.receipts import expire_grants
from vault.errors import DestinationUnusable
from vault.learner_process import probe_sandbox
from vault.opening import database_file
from vault.release import expire_held
from vault.requests.inbox import expire as expire_requests
from vault.sealing.copies import FILE_NAMES as HEADER_FILES
from vault.store.files import sync
from vault.training import settle_interrupted

if TYPE_CHECKING:
    from learner.protocol import ProbeResult
    from vault.acts import Act
    from vault.opening import OpenVault
    from vault.settings import Paths


def settle(vault: OpenVault) -> None:
    """Bring every request, held update and consent to its true state, each with its audit entry."""
    vault.settle(lambda act: _settle(act, vault))


def _settle(act: Act, vault: OpenVault) -> None:
    settle_interrupted(act, vault.running)
    expire_requests(act)
    expire_held(act)
    expire_grants(act)


def write_backup(vault: OpenVault, target: Path) -> None:
    """Write the key header and a consistent copy of the live database into one tar file (mode 0600).

    Everything in it is as encrypted as the vault itself. Raises `DestinationUnusable` and `DiskFull`,
    and then leaves no file behind.
    """
    try:
        with tempfile.TemporaryDirectory(dir=target.resolve().parent, prefix=".lockbox-backup-") as name:
            folder = Path(name)
            vault.store.backup(folder / database_file(folder).name)
            packed = _pack(vault.paths.vault, folder)
            packed.rename(target)
    except OSError as error:
        raise DestinationUnusable(path=target, reason=error.strerror or "it cannot be written") from error


def check_new(vault: OpenVault, target: Path) -> None:
    """Refuse, before anything is recorded, a place that is taken, not there, or in the vault's own folder."""
    if target.exists() or target.is_symlink():
        raise DestinationUnusable(path=target, reason="something is already there")
    if target.resolve().is_relative_to(vault.paths.vault.resolve()):
        raise DestinationUnusable(path=target, reason="it lies inside the vault")
    parent = target.resolve().parent
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise DestinationUnusable(path=target, reason="its folder is not there or cannot be written to")


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


def probe(paths: Paths) -> list[ProbeResult]:
    """Let a locked-in learner try to reach the vault, the state folder and everything else it must not."""
    targets = {
        "the database": database_file(paths.vault),
        "the vault": paths.vault,
        "the state folder": paths.state,
        "your home": Path.home(),
    }
    there = {called: path for called, path in targets.items() if path.exists()}
    return [_named(one, list(there)) for one in probe_sandbox(list(there.values()))]


def _named(result: ProbeResult, targets: Sequence[str]) -> ProbeResult:
    """An attempt on "file 1" as one on what the first path is called."""
    attempt, _, number = result.name.rpartition(" ")
    if not number.isdecimal() or not 1 <= int(number) <= len(targets):
        return result
    return replace(result, name=f"{attempt}: {targets[int(number) - 1]}")
