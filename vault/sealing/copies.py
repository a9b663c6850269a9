"""Two equal copies of a small public file, each able to tell that it is whole.

A copy is canonical JSON (keys sorted, one space of indent, a line end at the end) whose ``check`` is the
SHA-256 of the same text without it. A copy that differs in any byte from what would be written is bad.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from pathlib import Path

from vault.errors.families import Unavailable
from vault.errors.keys import DamagedHeader
from vault.regular_file import read_regular
from vault.sealing.digest import sha256_hex
from vault.sealing.durable import replace_files

FILE_NAMES = ("keys.lockbox", "keys.copy.lockbox")
LARGEST_FILE = 64 * 1024


def write_copies(folder: Path, facts: Mapping[str, object]) -> None:
    """Write both copies durably; raises DiskFull, DiskReadOnly, Unavailable, and the old ones stay then."""
    replace_files(folder, dict.fromkeys(FILE_NAMES, encode_copy(facts)))


def write_second_copy(folder: Path, facts: Mapping[str, object]) -> None:
    """Write the second copy alone, durably, while the first one stays; raises like `write_copies`."""
    replace_files(folder, {FILE_NAMES[1]: encode_copy(facts)})


def read_copy(path: Path) -> dict[str, object]:
    """The facts of one copy; DamagedHeader when it is missing or bad, Unavailable when it cannot be read."""
    try:
        data = read_regular(path, LARGEST_FILE + 1)
    except FileNotFoundError:
        raise DamagedHeader(what=f"{path.name} is missing") from None
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ELOOP):
            raise DamagedHeader(what=f"{path.name} is not a file") from None
        raise Unavailable(reason=f"{path} cannot be read: {error.strerror}") from error
    try:
        return decode_copy(data)
    except (ValueError, RecursionError):
        raise DamagedHeader(what=f"{path.name} does not fit its check") from None


def encode_copy(facts: Mapping[str, object]) -> bytes:
    """The bytes of a copy."""
    return _canonical({**facts, "check": sha256_hex(_canonical(facts))})


def decode_copy(data: bytes) -> dict[str, object]:
    """The facts in the bytes of a copy, without the check; ValueError or RecursionError for anything else."""
    if len(data) > LARGEST_FILE:
        raise ValueError("too large")
    facts = json.loads(data)
    if not isinstance(facts, dict):
        raise ValueError("not an object")  # noqa: TRY004  the bytes are at fault, not the caller
    facts.pop("check", None)
    if encode_copy(facts) != data:
        raise ValueError("the check does not fit")
    return facts


def _canonical(facts: Mapping[str, object]) -> bytes:
    return json.dumps(facts, indent=1, sort_keys=True).encode("ascii") + b"\n"
