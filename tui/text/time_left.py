"""How long the rest of something takes, told from how long its first part took."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from tui.text.wording import counted

SURE_AFTER: Final = 2.0
"""So many seconds have to be measured before they tell anything about the rest."""


class TimeLeft:
    """Measures from its making; a part that is told anew, such as sealing after reading, is measured anew."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began, self._first, self._of = clock(), 0, 0

    def words(self, done: int, of: int) -> str:
        """“about 20 seconds left”; empty before it can be told and at the end."""
        now = self._clock()
        if of != self._of:
            self._began, self._first, self._of = (now, done, of) if self._of else (self._began, 0, of)
        took, made = now - self._began, done - self._first
        if took < SURE_AFTER or made <= 0 or done >= of:
            return ""
        return f"about {_spoken(took * (of - done) / made)} left"


def _spoken(seconds: float) -> str:
    if seconds < 55:
        return counted(max(5, 5 * round(seconds / 5)), "second")
    minutes = round(seconds / 60)
    return counted(minutes, "minute") if minutes < 90 else counted(round(minutes / 60), "hour")
