"""A second thread for tasks that know nothing of each other; what they give is the same without it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Given = TypeVar("Given")


class SecondThread:
    """A thread beside the one that asks, once it is loaded and started; until then that one does all."""

    def __init__(self) -> None:
        self._loaded: tuple[ThreadPoolExecutor, Callable[[], object]] | None = None
        self._executor: ThreadPoolExecutor | None = None

    @property
    def threads(self) -> int:
        """How many tasks are carried out at once."""
        return 2 if self._executor else 1

    def load(self, setup: Callable[[], object] = lambda: None) -> None:
        """Load what the thread needs, so that nothing is read once it is started; it begins with ``setup``."""
        from concurrent.futures import ThreadPoolExecutor

        self._loaded = ThreadPoolExecutor(max_workers=1), setup

    def start(self) -> None:
        """Start the thread, if it was loaded and the system makes one, and wait until it is set up."""
        if not self._loaded:
            return
        executor, setup = self._loaded
        try:
            is_set_up = executor.submit(setup)
        except RuntimeError:  # no more threads: the one there is carries out all tasks, and gives the same
            return
        is_set_up.result()
        self._executor = executor

    def run_all(self, tasks: Sequence[Callable[[], Given]]) -> list[Given]:
        """What each task gives: the first is carried out here and the others there, or all of them here in turn.

        Raises what one of them raises, once all have ended.
        """
        if not self._executor:
            return [task() for task in tasks]
        from concurrent.futures import wait

        first, *others = tasks
        # what numpy is to do with an overflow is told to each thread
        there = [self._executor.submit(copy_context().run, task) for task in others]
        try:
            return [first(), *(each.result() for each in there)]
        finally:
            wait(there)


ALONE: Final = SecondThread()
"""For whoever computes alone: it is never loaded."""


def processors() -> int:
    """How many processors this process may compute on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
