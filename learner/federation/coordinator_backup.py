"""A coordinator in one file: its folder, with a consistent copy of its database, also while it serves."""

from __future__ import annotations

import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_folder import (
    CAMPAIGN_FOLDER,
    CERTIFICATE_FILE,
    CERTIFICATE_KEY_FILE,
    DATABASE_FILE,
    SETTINGS_FILE,
    TOKEN_SECRET_FILE,
    open_folder,
)
from vault.requester.coordinating import (
    CAMPAIGN_FILE,
    CAMPAIGN_SIGNATURE_FILE,
    ROUND_KEY_FILE,
    WEIGHTS_FILE,
    check_new,
    held_place,
    writing_to,
)
from vault.requester.written import drafted

PARTS = (
    *(f"{CAMPAIGN_FOLDER}/{name}" for name in (CAMPAIGN_FILE, CAMPAIGN_SIGNATURE_FILE, WEIGHTS_FILE, ROUND_KEY_FILE)),
    CERTIFICATE_FILE,
    CERTIFICATE_KEY_FILE,
    TOKEN_SECRET_FILE,
    SETTINGS_FILE,
)  # fmt: skip


def write_backup(folder: Path, file: Path) -> bool:
    """Write a tar file that is only ours to read; whether the database is in it, which one in PostgreSQL is not.

    Raises ``DestinationUnusable``, ``DestinationUnavailable``, ``DiskFull``, and what opening the coordinator does.
    """
    check_new(file)
    with (
        closing(Coordinator(open_folder(folder))) as coordinator,
        tempfile.TemporaryDirectory(dir=folder) as place,
        held_place(file),
        drafted(file) as draft,
    ):
        copy = Path(place) / DATABASE_FILE
        has_database = coordinator.state.copy_to(copy)
        with writing_to(file), tarfile.open(draft, "w") as tar:
            for name in PARTS:
                _add(tar, name, folder / name)
            if has_database:
                _add(tar, DATABASE_FILE, copy)
    return has_database


def _add(tar: tarfile.TarFile, name: str, path: Path) -> None:
    """A file alone, without whose it was and when."""
    facts = tarfile.TarInfo(name)
    facts.size, facts.mode = path.stat().st_size, 0o600
    with path.open("rb") as content:
        tar.addfile(facts, content)
