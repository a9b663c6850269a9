"""A second thread for tasks that know nothing of each other; what they give is the same without it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Given = TypeVar("Given")


class Companion:
    """Beside the thread that asks there is another one, where it was wanted and is started; otherwise there is none."""

    def __init__(self) -> None:
        self._wanted: tuple[ThreadPoolExecutor, Callable[[], object]] | None = None
        self._executor: ThreadPoolExecutor | None = None

    @property
    def threads(self) -> int:
        """How many tasks are carried out at once."""
        return 2 if self._executor else 1

    def want(self, prepare: Callable[[], object] = lambda: None) -> None:
        """Load what the thread needs, which comes to ``prepare`` first, so that nothing is read once it is started."""
        from concurrent.futures import ThreadPoolExecutor

        self._wanted = ThreadPoolExecutor(max_workers=1), prepare

    def start(self) -> None:
        """Start the thread, if it is wanted and the system makes one, and wait until it is prepared."""
        if not self._wanted:
            return
        executor, prepare = self._wanted
        try:
            prepared = executor.submit(prepare)
        except RuntimeError:  # no more threads: the one there is carries out all tasks, and gives the same
            return
        prepared.result()
        self._executor = executor

    def each(self, tasks: Sequence[Callable[[], Given]]) -> list[Given]:
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


NOBODY: Final = Companion()
"""For whoever computes alone: it is never wanted."""


def processors() -> int:
    """How many processors this process may compute on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
