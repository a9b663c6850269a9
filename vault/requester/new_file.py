"""Files that a requester asked for, written where nothing lies, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from vault.sealing import durable
from vault.store.destination import in_the_way, is_free, writing_to

SHARED: Final = 0o666
"""The mode, less the umask, of what a requester hands on."""


def check_new(*paths: Path) -> None:
    """Refuse places for new files before anything is worked out for them; raises as ``write_new``."""
    for path in paths:
        with writing_to(path):
            if not is_free(path, empty_folder=False):
                raise in_the_way(path)
            path.parent.stat()


def write_new(path: Path, data: bytes) -> None:
    """Write a new file; raises ``DestinationUnusable`` where something is, ``DestinationUnavailable``, ``DiskFull``."""
    write_all_new([(path, data)])


def write_all_new(files: Iterable[tuple[Path, bytes]]) -> None:
    """Write several new files, or none of them; raises as ``write_new``."""
    written = list[Path]()
    try:
        for path, data in files:
            with writing_to(path):
                durable.write_new(path, data, SHARED)
            written.append(path)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
