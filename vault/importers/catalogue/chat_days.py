"""Which of three numbers is the day: a chat does not say, but its messages stand in the order of time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from vault.importers.catalogue.cell_texts import Unfit
from vault.importers.catalogue.chat_lines import Head

_EPOCH: Final = date(1970, 1, 1).toordinal()
_BEGINNING, _END = 2009, 2100  # the app is from 2009
_THAI: Final = 543
_SECONDS: Final = 86_400
_MONTH, _ENOUGH_DAYS = (
    31 * _SECONDS,
    3,
)  # hardly anybody writes on the fifth of every month, and on no other day
_Numbers = tuple[str, str, str]
_READINGS: Final[dict[str, Callable[[_Numbers], _Numbers]]] = {
    "day first": lambda one: (one[2], one[1], one[0]),
    "month first": lambda one: (one[2], one[0], one[1]),
    "year first": lambda one: one,
}


class DayOrder:
    """Looks at every date of a file, and then reads each in the way that fits the file best."""

    def __init__(self) -> None:
        self._misfits = dict.fromkeys(_READINGS, 0)
        self._last = dict.fromkeys(_READINGS, 0)
        self._first: dict[str, int] = {}
        self._numbers: _Numbers | None = None
        self._days = 0
        self._has_points = True

    def look(self, head: Head) -> None:
        """Take note of how well each reading fits: a misfit is no date at all, or goes back in time."""
        self._has_points &= head.shape[1] == "."
        self._days += head.numbers != self._numbers
        self._numbers = head.numbers
        for name in _READINGS:
            day = _day(name, head.numbers)
            at = -1 if day is None else day * _SECONDS + head.time
            self._first.setdefault(name, at)
            self._misfits[name] += at < self._last[name]
            self._last[name] = max(at, self._last[name])

    @property
    def best(self) -> list[str]:
        """The readings that fit best; more than one where the file leaves it open."""
        fitting = self._fitting()
        within = [name for name in fitting if self._last[name] - self._first[name] <= _MONTH]
        return within if len(within) == 1 and self._days >= _ENOUGH_DAYS else fitting

    @property
    def note(self) -> str:
        """What to say where only the span of time decided; empty elsewhere."""
        if len(self._fitting()) == 1 or len(self.best) > 1:
            return ""
        return f"Days fit both ways; they are read {self.best[0]}, so that all of them are within a month."

    def _fitting(self) -> list[str]:
        least = min(self._misfits.values())
        best = [name for name in _READINGS if self._misfits[name] == least]
        # no language writes the month first and a point after it
        return ["day first"] if self._has_points and "day first" in best else best

    def day(self, head: Head) -> int:
        """The day counted from 1970; raises Unfit for what is none, or fits both ways."""
        found = {_day(name, head.numbers) for name in self.best}
        if len(found - {None}) > 1:
            raise Unfit("day and month fit both ways in this file")
        day = next(iter(found))
        if day is None:
            raise Unfit("not a day")
        return day


def _day(reading: str, numbers: _Numbers) -> int | None:
    year, month, day = _READINGS[reading](numbers)
    full = int(year) + (2000 if len(year) < 3 else 0)
    full -= _THAI if full >= _BEGINNING + _THAI else 0
    if len(day) > 2 or len(month) > 2 or not _BEGINNING <= full < _END:
        return None
    try:
        return date(full, int(month), int(day)).toordinal() - _EPOCH
    except ValueError:
        return None
