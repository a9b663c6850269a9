"""Proof files: C2SP tlog-proof for one entry, and the body of an add-checkpoint request for two sizes."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vault.errors.audit import LogBroken
from vault.strict_base64 import from_base64

_INCLUSION: Final = "c2sp.org/tlog-proof@v1\nindex "
_CONSISTENCY: Final = "old "
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
MOST_HASHES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof as a file has it: index (or old size), 32-byte hashes, and the checkpoint note at its end."""

    number: int
    hashes: tuple[bytes, ...]
    note: bytes


def inclusion_file(index: int, hashes: Sequence[bytes], note: bytes) -> bytes:
    """Return the tlog-proof of one entry: hashes from the leaf's sibling upwards (RFC 6962 section 2.1.1)."""
    return _written(_INCLUSION, index, hashes, note)


def consistency_file(old: int, hashes: Sequence[bytes], note: bytes) -> bytes:
    """Return the consistency proof from ``old`` entries to those of the note (RFC 6962 section 2.1.2)."""
    return _written(_CONSISTENCY, old, hashes, note)


def read_inclusion(data: bytes, *, what: str = "the proof") -> Proof:
    """Return the parts of a tlog-proof; LogBroken, naming ``what``, when it is none."""
    return _read(_INCLUSION, data, what)


def read_consistency(data: bytes, *, what: str = "the proof") -> Proof:
    """Return the parts of a consistency proof; LogBroken, naming ``what``, when it is none."""
    return _read(_CONSISTENCY, data, what)


def _written(head: str, number: int, hashes: Sequence[bytes], note: bytes) -> bytes:
    lines = [f"{head}{number}", *(base64.b64encode(each).decode() for each in hashes)]
    return "\n".join(lines).encode() + b"\n\n" + note


def _read(head: str, data: bytes, what: str) -> Proof:
    top, _, note = data.partition(b"\n\n")
    try:
        first, *rest = top.decode("ascii").removeprefix(head).split("\n")
        hashes = tuple(from_base64(line) for line in rest)
    except ValueError:
        raise LogBroken(reason=f"{what} is malformed") from None
    if not _NUMBER.fullmatch(first) or len(hashes) > MOST_HASHES or any(len(each) != 32 for each in hashes):
        raise LogBroken(reason=f"{what} is malformed")
    if _written(head, int(first), hashes, note) != data:
        raise LogBroken(reason=f"{what} is malformed")
    return Proof(number=int(first), hashes=hashes, note=note)
