"""Which known export a file is, by its content alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from vault.importers.catalogue.formats import FORMATS, find_part
from vault.importers.catalogue.streams import digest_of_path, head_of, member_heads
from vault.importers.source import File

_ZIP: Final = b"PK\x03\x04"
_APPLE = re.compile(rb"<!DOCTYPE\s+HealthData\b|<HealthData[\s>]")

SIGNS: Final[tuple[tuple[str, Callable[[bytes], bool]], ...]] = (
    ("apple-health", lambda head: _APPLE.search(head) is not None),
)


def recognise(path: Path, name: str, part: str) -> File | None:
    """The known export that a file is, or that a zip holds, with the part that is wanted; None for any other file.

    Raises Unreadable for a damaged or hostile zip, Invalid for a part that the format has not.
    """
    head = head_of(path)
    known, member = _in_zip(path, name) if head.startswith(_ZIP) else (format_of(head), "")
    if known is None:
        return None
    chosen = find_part(FORMATS[known], part).name
    digest = hashlib.sha256(digest_of_path(path) + chosen.encode()).digest()
    return File(name=name, format=known, data=b"", path=path, member=member, part=chosen, digest=digest)


def format_of(head: bytes) -> str | None:
    """The known export whose signs these first bytes carry."""
    return next((name for name, is_it in SIGNS if is_it(head)), None)


def _in_zip(path: Path, name: str) -> tuple[str | None, str]:
    archive = File(name=name, format="a known export", data=b"", path=path)
    for member, head in member_heads(archive):
        if known := format_of(head):
            return known, member
    return None, ""
