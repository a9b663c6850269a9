"""Whoever waits for a command hears within about a second that it is at work, at a terminal or through a pipe."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PATIENCE: Final = 1.0
"""Seconds in which a command may say nothing."""
_ERASED: Final = "\r\x1b[K"


class _Command:
    """The command that runs in this process, and what it does."""

    has_spoken = True
    is_spoken_for = False
    """Whether what it does stands on the terminal, in a line without an end."""
    doing = "working"
    waiting: threading.Timer | None = None
    lock = threading.RLock()


def end_silence() -> None:
    """The command says something now, or asks, or draws: what was said meanwhile gives way to it."""
    with _Command.lock:
        _Command.has_spoken = True
        if _Command.is_spoken_for:
            _Command.is_spoken_for = False
            print(end=_ERASED, file=sys.stderr, flush=True)


def at_work_on(doing: str) -> None:
    """What is said of it, should it take longer."""
    _Command.doing = doing


@contextmanager
def heard_from() -> Iterator[None]:
    """Say once, on stderr, what a command does within this block if it says nothing by itself."""
    _wait_anew("working")
    try:
        yield
    finally:
        with _Command.lock:
            _stop_waiting()
            waiting, _Command.waiting = _Command.waiting, None
            end_silence()
        if waiting is not None:
            # An interpreter that ends meanwhile ends the thread by force, which takes memory that may not be there.
            waiting.join(PATIENCE)


def answered(doing: str = "working") -> None:
    """What was asked has an answer: whoever gave it waits again, and hears what for if nothing is said meanwhile."""
    with _Command.lock:
        if _Command.waiting is not None:
            end_silence()
            _wait_anew(doing)


def _wait_anew(doing: str) -> None:
    with _Command.lock:
        _stop_waiting()
        _Command.has_spoken, _Command.doing = False, doing
        _Command.waiting = threading.Timer(PATIENCE, _speak)
        _Command.waiting.daemon = True
        _Command.waiting.start()


def _stop_waiting() -> None:
    if _Command.waiting is not None:
        _Command.waiting.cancel()


def _speak() -> None:
    with _Command.lock:
        if not _Command.has_spoken:
            _Command.has_spoken, _Command.is_spoken_for = True, _can_be_erased()
            print(
                f"{_Command.doing} …", end="" if _Command.is_spoken_for else "\n", file=sys.stderr, flush=True
            )


def _can_be_erased() -> bool:
    """Whether stderr is a terminal that takes a line back; to an ear it would be gone before it was heard."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("ACCESSIBLE")
