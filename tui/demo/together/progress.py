"""How far a step is, on one line of the terminal that is gone when it is done."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator
from typing import TypeVar

_T = TypeVar("_T")


def one_by_one(work: Iterable[_T], words: str, *, of: int | None = None) -> Iterator[_T]:
    """Go through these, and say to somebody at a terminal how many were done."""
    total = len(work) if of is None and isinstance(work, Collection) else of
    try:
        _show(f"    {words}: 0 of {total} …")
        for number, one in enumerate(work, start=1):
            yield one
            _show(f"    {words}: {number} of {total} …")
    finally:
        _show("")


def _show(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
