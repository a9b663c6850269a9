"""Files that are either wholly there, on the disk, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vault.sealing.durable import sync
from vault.store.failures import translated

_SUFFIX = ".new"
DATE_OF_ALL = 946_684_800
"""2000-01-01T00:00:00Z: a date that every archive can hold and that tells nothing."""

_COMPANIONS = ("", "-journal", "-wal", "-shm")


def write_durably(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Put `data` at `path` whole or not at all, and on the disk before returning.

    Raises DiskFull, DiskReadOnly, DiskFailing; what was there before is then still there.
    """
    with drafted(path, mode) as draft, translated(path):
        draft.write_bytes(data)


@contextmanager
def drafted(path: Path, mode: int = 0o600) -> Iterator[Path]:
    """An empty file beside `path` to fill; it takes the place of `path` when the block ends without an error.

    Raises DiskFull, DiskReadOnly, DiskFailing, NoVault (no such folder).
    """
    with translated(path):
        draft = _empty_draft(path, mode)
    try:
        yield draft
        with translated(path):
            sync(draft)
            draft.replace(path)
            sync(path.parent)
    except BaseException:
        _discard(draft)
        raise


def drafts_of(path: Path) -> list[Path]:
    """What lies beside `path` of writing it, now or before a kill."""
    return sorted(path.parent.glob(f".{path.name}.*{_SUFFIX}"))


def date_alike(path: Path) -> None:
    """Give a file or a folder the one date that everything has that leaves, and see it on the disk."""
    os.utime(path, (DATE_OF_ALL, DATE_OF_ALL))
    sync(path)


def _empty_draft(path: Path, mode: int) -> Path:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_SUFFIX, dir=path.parent)
    try:
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)
    return Path(name)


def _discard(draft: Path) -> None:
    for companion in _COMPANIONS:
        draft.with_name(draft.name + companion).unlink(missing_ok=True)
