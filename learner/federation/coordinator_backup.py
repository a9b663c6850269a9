"""A coordinator in one file: its folder, with a consistent copy of its database, also while it serves."""

from __future__ import annotations

import re
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Final

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
    draft_folder,
    held_place,
    move_to,
    sync,
    writing_to,
)

PARTS = (
    *(f"{CAMPAIGN_FOLDER}/{name}" for name in (CAMPAIGN_FILE, CAMPAIGN_SIGNATURE_FILE, WEIGHTS_FILE, ROUND_KEY_FILE)),
    CERTIFICATE_FILE,
    CERTIFICATE_KEY_FILE,
    TOKEN_SECRET_FILE,
    SETTINGS_FILE,
)  # fmt: skip
_PACKED: Final = "backup.tar"
_DRAFTED: Final = re.compile(rf"{re.escape(DATABASE_FILE)}.*|{re.escape(_PACKED)}")


def write_backup(folder: Path, file: Path) -> bool:
    """Write a tar file that is only ours to read; whether the database is in it, which one in PostgreSQL is not.

    Raises ``DestinationUnusable``, ``DestinationUnavailable``, ``DiskFull``, and what opening the coordinator does.
    """
    check_new(file)
    with (
        closing(Coordinator(open_folder(folder))) as coordinator,
        writing_to(file),
        draft_folder(file.resolve().parent, prefix=".lockbox-coordinator-", parts=_DRAFTED) as draft,
    ):
        packed, copy = draft / _PACKED, draft / DATABASE_FILE
        has_database = coordinator.state.copy_to(copy)
        with tarfile.open(packed, "x") as tar:
            for name in PARTS:
                _add(tar, name, folder / name)
            if has_database:
                _add(tar, DATABASE_FILE, copy)
        packed.chmod(0o600)
        sync(packed)
        with held_place(file):
            move_to(packed, file)
    return has_database


def _add(tar: tarfile.TarFile, name: str, path: Path) -> None:
    """A file alone, without whose it was and when."""
    facts = tarfile.TarInfo(name)
    facts.size, facts.mode = path.stat().st_size, 0o600
    with path.open("rb") as content:
        tar.addfile(facts, content)
