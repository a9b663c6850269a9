"""What a tar file begins with, as our backups write it (POSIX.1-2017 pax, "ustar Interchange Format").

No archive is opened: sizes in one are a stranger's, and a reader that follows them can be led round in circles.
"""

from __future__ import annotations

import re
from typing import Final

BLOCK: Final = 512
BEGINNING: Final = 3 * BLOCK
"""Bytes that tell: the header of the first file, or the two blocks with its exact time and then that header."""

_MAGIC: Final = b"ustar\x0000"
_FILE, _TIME = b"0", b"x"
_TIME_NAME: Final = "././@PaxHeader"
_CHECKSUM: Final = re.compile(rb"[0-7]{6}\0 ")
_SIZE: Final = re.compile(rb"[0-7]{11}\0")


def first_name(data: bytes) -> str:
    """The name of the first file in a backup that begins so; empty for anything that no backup of ours begins with."""
    name = _name(data[:BLOCK], _TIME)
    if name == _TIME_NAME and 0 < _size(data) <= BLOCK:
        return _name(data[2 * BLOCK : BEGINNING], _FILE)
    return _name(data[:BLOCK], _FILE)


def _name(header: bytes, kind: bytes) -> str:
    """The name in a header block of this kind whose checksum is right, else nothing."""
    is_header = len(header) == BLOCK and header[257:265] == _MAGIC and header[156:157] == kind
    written = header[148:156]
    if not (is_header and _CHECKSUM.fullmatch(written) and int(written[:6], 8) == _checksum(header)):
        return ""
    return header[:100].rstrip(b"\0").decode("ascii", "replace")


def _size(header: bytes) -> int:
    written = header[124:136]
    return int(written[:11], 8) if _SIZE.fullmatch(written) else 0


def _checksum(header: bytes) -> int:
    """The sum of the bytes, those of the checksum itself counted as eight spaces."""
    return sum(header[:148]) + 8 * ord(" ") + sum(header[156:])
