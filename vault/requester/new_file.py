"""A file that a requester asked for, written where nothing lies."""

from __future__ import annotations

from pathlib import Path

from vault.store.destination import unwritable


def write_new(path: Path, data: bytes) -> None:
    """Write a new file; raises ``DestinationUnusable`` where something is, and ``DestinationUnavailable``."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise unwritable(path, error) from error
