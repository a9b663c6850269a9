"""The high-water mark: what a vault file had reached, kept outside of it.

An older copy of the database put back in place opens cleanly, grants again what was withdrawn and re-arms a
spent budget. The mark, in another folder and under a MAC, shows it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vault.errors.storage import Damaged, NewerVault
from vault.store.failures import translated
from vault.store.files import write_durably

_VERSION = 1
_DOMAIN = b"lockbox high-water mark v1\n"
_MOST_BYTES = 4 * 1024 * 1024
_WHAT = "the high-water mark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a vault had come.

    `size` and `root` (hex) are the head of the audit trail; `spent` maps a collection to its spent budget in
    nano-nats, one integer for each Rényi order.
    """

    origin: str
    size: int
    root: str
    spent: dict[str, list[int]]


def read_mark(folder: Path, origin: str, mac: Callable[[bytes], bytes]) -> Mark | None:
    """The mark of the vault `origin` in the state folder, or None when none was ever written there.

    Raises Damaged when it fails its MAC or is the mark of another vault, NewerVault, DiskFailing.
    """
    path = _path(folder, origin)
    with translated(path):
        if not path.exists():
            return None
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES)
    mark = _checked(data, mac)
    if mark.origin != origin:
        raise Damaged(what=_WHAT)
    return mark


def write_mark(folder: Path, mark: Mark, mac: Callable[[bytes], bytes]) -> None:
    """Replace the mark of this vault, atomically and durably. Raises DiskFull, DiskReadOnly, DiskFailing."""
    path = _path(folder, mark.origin)
    with translated(path):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    body = asdict(mark)
    sealed = {"v": _VERSION, "mark": body, "mac": mac(_signed_bytes(body)).hex()}
    write_durably(path, json.dumps(sealed, sort_keys=True).encode() + b"\n")


def _path(folder: Path, origin: str) -> Path:
    return folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.json"


def _signed_bytes(body: object) -> bytes:
    return _DOMAIN + json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _checked(data: bytes, mac: Callable[[bytes], bytes]) -> Mark:
    version, body, claimed = _parsed(data)
    if version != _VERSION:
        raise NewerVault
    if not hmac.compare_digest(mac(_signed_bytes(body)), claimed):
        raise Damaged(what=_WHAT)
    return Mark(**body)


def _parsed(data: bytes) -> tuple[object, Any, bytes]:
    try:
        sealed = json.loads(data)
        return sealed["v"], sealed["mark"], bytes.fromhex(sealed["mac"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Damaged(what=_WHAT) from None
