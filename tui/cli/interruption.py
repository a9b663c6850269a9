"""Ctrl-C is answered at once, also where what it stops takes a while to come to its end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

STOPPING: Final = "stopping …"


@contextmanager
def answered(answer: Callable[[], None]) -> Iterator[None]:
    """Within this block Ctrl-C has `answer` called once before it is raised; in other threads nothing changes."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
        yield
        return

    def hear(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        answer()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def say_stopping() -> None:
    """Say it on stderr past its buffer, which what was interrupted may be writing to."""
    line_break = "\n" if sys.stderr.isatty() else ""  # the terminal has written ^C where the line ended
    os.write(2, f"{line_break}{STOPPING}\n".encode())
