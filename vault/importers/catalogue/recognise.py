"""Which known export a file is, by its content alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from vault.importers.catalogue.streams import head_of, member_heads
from vault.importers.source import File

_ZIP: Final = b"PK\x03\x04"
_APPLE = re.compile(rb"<!DOCTYPE\s+HealthData\b|<HealthData[\s>]")

SIGNS: Final[tuple[tuple[str, Callable[[bytes], bool]], ...]] = (
    ("apple-health", lambda head: _APPLE.search(head) is not None),
)


def recognise(path: Path, name: str) -> File | None:
    """The known export that a file is, or that a zip holds; None for any other file.

    Raises Unreadable for a damaged or hostile zip.
    """
    head = head_of(path)
    if head.startswith(_ZIP):
        return _in_zip(path, name)
    known = format_of(head)
    return File(name=name, format=known, data=b"", path=path) if known else None


def format_of(head: bytes) -> str | None:
    """The known export whose signs these first bytes carry."""
    return next((name for name, is_it in SIGNS if is_it(head)), None)


def _in_zip(path: Path, name: str) -> File | None:
    archive = File(name=name, format="a zip file", data=b"", path=path)
    for member, head in member_heads(archive):
        if known := format_of(head):
            return File(name=name, format=known, data=b"", path=path, member=member)
    return None
