"""The write-ahead log as it lies on the disk: which pages of the database wait in it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_HEADER: Final = 32
_FRAME: Final = 24


def pages_in_wal(database: Path) -> frozenset[int]:
    """The numbers, from 1, of the pages whose newest content stands in the WAL and not in the main file.

    The file has SQLite's own form (https://sqlite.org/fileformat2.html, section 4); the numbers are not encrypted.
    """
    file = database.with_name(f"{database.name}-wal")
    data = file.read_bytes() if file.exists() else b""
    size = int.from_bytes(data[8:12], "big")
    committed: set[int] = set()
    begun: set[int] = set()
    for at in range(_HEADER, len(data) - _FRAME, _FRAME + size) if size else ():
        if data[at + 8 : at + 16] != data[16:24]:
            break  # of an earlier life of the log
        begun.add(int.from_bytes(data[at : at + 4], "big"))
        if any(data[at + 4 : at + 8]):  # the last frame of a transaction
            committed |= begun
            begun.clear()
    return frozenset(committed)
