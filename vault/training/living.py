"""The learners that live, by the thread that started each: who ends what a thread does ends its learner as well."""

from __future__ import annotations

from threading import get_ident
from typing import Final, Protocol


class Stoppable(Protocol):
    """A learner that any thread may end."""

    def stop(self) -> None:
        """End it at once."""


_LIVING: Final[dict[int, Stoppable]] = {}


def note(learner: Stoppable) -> int:
    """Remember a learner as that of this thread, and return the thread."""
    thread = get_ident()
    _LIVING[thread] = learner
    return thread


def forget(learner: Stoppable, thread: int) -> None:
    """Remember it no more; a later one of the same thread stays."""
    if _LIVING.get(thread) is learner:
        _LIVING.pop(thread, None)


def stop_learner_of(thread: int) -> None:
    """End the learner that was started on this thread, ready or not, if it lives."""
    learner = _LIVING.get(thread)
    if learner is not None:
        learner.stop()
