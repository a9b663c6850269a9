"""One writer at a time: two would fork the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from vault.errors.storage import Damaged, NoVault, VaultBusy
from vault.store.failures import translated

LOCK_NAME = "writer.lock"


@contextmanager
def writer_lock(folder: Path, *, wait: float = 0) -> Iterator[None]:
    """Be the only writer of the vault in `folder` within this block.

    The lock ends with the process, however that ends.
    Raises VaultBusy when another still holds it after `wait` seconds, NoVault, Damaged where something else lies in the
    place of the file of the lock, DiskReadOnly, DiskFull.
    """
    if not folder.is_dir():
        raise NoVault(path=folder)
    if (folder / LOCK_NAME).is_symlink() or (folder / LOCK_NAME).is_dir():
        raise Damaged(what=f"the file of the lock, {LOCK_NAME},")
    # thread_local=False: a daemon may take the lock in one thread and give it back in another.
    # fallback_to_soft=False: a soft lock would outlive a killed process.
    lock = FileLock(folder / LOCK_NAME, timeout=wait, mode=0o600, thread_local=False, fallback_to_soft=False)
    with translated(folder):
        try:
            lock.acquire()
        except Timeout:
            raise VaultBusy from None
    try:
        yield
    finally:
        lock.release()
