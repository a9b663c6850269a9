"""The high-water mark: what a vault file had reached, kept outside of it.

An older copy of the database put back in place opens cleanly, grants again what was withdrawn and re-arms a
spent budget. The mark, in another folder and under a MAC, shows it.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vault.errors.storage import Damaged, NewerVault
from vault.regular_file import read_regular
from vault.sealing.durable import make_folders
from vault.store.failures import translated
from vault.store.files import drafts_of, write_durably

_VERSION = 5
_DOMAINS = {version: f"lockbox high-water mark v{version}\n".encode() for version in range(1, _VERSION + 1)}
_NOT_KNOWN: dict[int, dict[str, Any]] = {
    1: {"has_digest": False, "shared": {}, "caps": {}, "paid": None},
    2: {"shared": {}, "caps": {}, "paid": None},
    3: {"caps": {}, "paid": None},
    4: {"paid": None},
    _VERSION: {},
}
"""What a mark of each version says nothing about."""
_MOST_BYTES = 16 * 1024 * 1024
_WHAT = "the high-water mark"
LOCK_PATIENCE = 5.0
"""Seconds; a mark is written in a few thousandths of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a vault had come.

    `size` and `root` (hex) are the head of the audit trail; `spent` maps a collection to its spent budget in
    nano-nats, one integer for each Rényi order. `shared` maps a collection that shares its budget to the number of
    their filter, and `caps` to its own cap (ε); marks before the third version know of neither, the third of no caps.
    `paid` names the charges that `spent` is of, None in a mark before the fifth version.
    `has_digest` says that the vault keeps the digest of its rows, and will be missed where it does not; a mark of the
    first version knows of none.
    """

    origin: str
    size: int
    root: str
    spent: dict[str, list[int]]
    shared: dict[str, int]
    caps: dict[str, str]
    paid: list[str] | None
    has_digest: bool

    @property
    def head(self) -> tuple[int, str]:
        """The head of the trail that it is of; no two marks are of one, but where nothing was done in between."""
        return self.size, self.root

    @property
    def highest_collection(self) -> int:
        """The largest number of a collection that the mark names, 0 where it names none."""
        return max(map(int, {*self.spent, *self.shared}), default=0)


def read_mark(folder: Path, origin: str, mac: Callable[[bytes], bytes]) -> Mark | None:
    """The mark of the vault `origin` in the state folder, or None when none was ever written there.

    Raises Damaged when it fails its MAC or is the mark of another vault, NewerVault, DiskFailing.
    """
    path = mark_file(folder, origin)
    if not os.path.lexists(path):
        return None
    if not stat.S_ISREG(path.lstat().st_mode):
        raise Damaged(what=_WHAT)  # somebody put something else there
    with translated(path):
        data = read_regular(path, _MOST_BYTES)
    mark = _checked(data, mac)
    if mark.origin != origin:
        raise Damaged(what=_WHAT)
    return mark


def write_mark(folder: Path, mark: Mark, mac: Callable[[bytes], bytes]) -> None:
    """Replace the mark of this vault, atomically and durably. Raises DiskFull, DiskReadOnly, DiskFailing."""
    path = mark_file(folder, mark.origin)
    with translated(path):
        make_folders(folder)
    body = asdict(mark)
    sealed = {"v": _VERSION, "mark": body, "mac": mac(_signed_bytes(_VERSION, body)).hex()}
    write_durably(path, json.dumps(sealed, sort_keys=True).encode() + b"\n")


def heads_of(mark: Mark | None) -> frozenset[tuple[int, str]]:
    """The head of the trail that a mark is of, where there is one."""
    return frozenset({mark.head} if mark else ())


@contextmanager
def mark_lock(folder: Path) -> Iterator[None]:
    """Let nobody else of this computer compare and replace a mark in the state folder within this block.

    Raises DiskFull, DiskReadOnly, DiskFailing, and TimeoutError where another process keeps it.
    """
    with translated(folder):
        make_folders(folder)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _wait_for(descriptor)
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int) -> None:
    """Take the lock; raises `TimeoutError` where somebody else keeps it for longer than anybody writes a mark."""
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError("the state folder is locked") from None
            time.sleep(0.01)
        else:
            return


def clear_drafts(folder: Path, origin: str) -> None:
    """Take away what a kill left of writing this mark; call it where nobody else can be writing it."""
    path = mark_file(folder, origin)
    with translated(path):
        for draft in drafts_of(path):
            draft.unlink(missing_ok=True)


def mark_file(folder: Path, origin: str) -> Path:
    """Where the mark of the vault `origin` lies in the state folder."""
    return folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.json"


def _signed_bytes(version: int, body: object) -> bytes:
    return _DOMAINS[version] + json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _checked(data: bytes, mac: Callable[[bytes], bytes]) -> Mark:
    version, body, claimed = _parsed(data)
    if type(version) is not int:
        raise Damaged(what=_WHAT)
    if version not in _DOMAINS:
        raise NewerVault
    if not hmac.compare_digest(mac(_signed_bytes(version, body)), claimed):
        raise Damaged(what=_WHAT)
    return Mark(**body, **_NOT_KNOWN[version])


def _parsed(data: bytes) -> tuple[Any, Any, bytes]:
    try:
        sealed = json.loads(data)
        return sealed["v"], sealed["mark"], bytes.fromhex(sealed["mac"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Damaged(what=_WHAT) from None
