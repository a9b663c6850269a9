"""Whoever waits for a command hears within about a second that it is at work, at a terminal or through a pipe."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PATIENCE: Final = 1.0
"""Seconds in which a command may say nothing."""


class _Command:
    """The command that runs in this process, and what it does."""

    has_spoken = True
    doing = "working"


def end_silence() -> None:
    """The command says something now, or asks, or draws."""
    _Command.has_spoken = True


def at_work_on(doing: str) -> None:
    """What is said of it, should it take longer."""
    _Command.doing = doing


@contextmanager
def heard_from() -> Iterator[None]:
    """Say once, on stderr, what a command does within this block if it says nothing by itself."""
    _Command.has_spoken, _Command.doing = False, "working"
    waiting = threading.Timer(PATIENCE, _speak)
    waiting.daemon = True
    waiting.start()
    try:
        yield
    finally:
        waiting.cancel()


def _speak() -> None:
    if not _Command.has_spoken:
        _Command.has_spoken = True
        print(f"{_Command.doing} …", file=sys.stderr, flush=True)
