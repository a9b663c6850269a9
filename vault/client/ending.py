"""Ending the process that has a vault open without asking it; never another one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vault.client.attach import served_by
from vault.errors.daemon import DaemonHung, ProcessNotConfirmed, TrainingRuns
from vault.store.lock import LOCK_NAME
from vault.wire.served_vault import read_facts, start_of

if TYPE_CHECKING:
    from vault.settings import Paths


def end_hung(paths: Paths, *, stop_training: bool = False) -> int:
    """End at once the process that has this vault open and does not answer, and return its number.

    What it was doing is undone when the vault is opened the next time. Raises `ProcessNotConfirmed` where it is not
    certain which process that is, `TrainingRuns` where a learner runs under it that was not said to be lost.
    """
    return _end(paths, signal.SIGKILL, stop_training=stop_training)


def end_in_order(paths: Paths, *, stop_training: bool = False) -> int:
    """Tell the process that has this vault open to lock it and end, and return its number; raises the same.

    To lock takes no passphrase: whoever may send a signal to the process may end it anyway.
    """
    return _end(paths, signal.SIGTERM, stop_training=stop_training)


def _end(paths: Paths, by: signal.Signals, *, stop_training: bool) -> int:
    facts = read_facts(paths)
    pid = facts.get("pid", 0)
    with _held(pid) as process:
        # From here on the number cannot become another process's: it is checked, and the checked one is ended.
        if not _is_confirmed(paths, facts):
            raise ProcessNotConfirmed(pid=pid)
        if not stop_training and _has_children(pid):
            raise TrainingRuns
        signal.pidfd_send_signal(process, by)
    return int(pid)


@contextmanager
def _held(pid: Any) -> Iterator[int]:
    if not (isinstance(pid, int) and pid > 1 and hasattr(os, "pidfd_open")):
        raise ProcessNotConfirmed(pid=pid)
    try:
        process = os.pidfd_open(pid)
    except (OSError, OverflowError):  # a number that is too large for any process
        raise ProcessNotConfirmed(pid=pid) from None
    try:
        yield process
    finally:
        os.close(process)


def _is_confirmed(paths: Paths, facts: dict[str, Any]) -> bool:
    """Whether it is the process that wrote those facts, is ours, listens for this vault and holds its writer's lock."""
    pid = facts["pid"]
    is_same = facts.get("started") == start_of(pid) != 0
    return is_same and _user_of(pid) == os.getuid() and _listens(paths, pid) and _holds_lock(paths, pid)


def _user_of(pid: int) -> int:
    # The folder itself belongs to root where a process may not be traced.
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Uid:"))


def _listens(paths: Paths, pid: int) -> bool:
    try:
        return served_by(paths) == pid
    except DaemonHung:
        return True  # so many wait at this socket that nobody can ask who listens; the lock says the rest


def _holds_lock(paths: Paths, pid: int) -> bool:
    """Whether the kernel's list of locks (proc_locks(5)) has this process for the writer's lock of this vault."""
    lock = paths.vault / LOCK_NAME
    if not lock.exists():
        return False
    inode = str(lock.stat().st_ino)
    for line in Path("/proc/locks").read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[1:2] == ["FLOCK"] and words[4] == str(pid) and words[5].rpartition(":")[2] == inode:
            return True
    return False


def _has_children(pid: int) -> bool:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return any(one.read_text(encoding="utf-8").split() for one in lists)
