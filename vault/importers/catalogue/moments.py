"""Times as exports write them, to whole microseconds since 1970 in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

DAY: Final = 86_400_000_000
_SECOND: Final = 1_000_000
_EPOCH: Final = date(1970, 1, 1).toordinal()
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)\s*(Z|[+-]\d{4})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time: in UTC, how many minutes the local clock was ahead, and the local day counted from 1970."""

    at: int
    zone: int | None
    day: int


class NotATime(ValueError):
    """A text that is no time."""


class Clock:
    """Reads times; the same days and zones come again and again, so both are remembered."""

    def __init__(self) -> None:
        self._days: dict[str, int] = {}
        self._zones: dict[str, int | None] = {"": None, "Z": 0}

    def read(self, text: str) -> Moment:
        """The moment of an ISO 8601 text, with a T or a space; raises NotATime."""
        found = _ISO.fullmatch(text)
        if found is None:
            return self._compact(text)
        day, hour, minute, second, fraction, zone = found.groups()
        micros = int((fraction or "0").ljust(6, "0")[:6])
        return self._moment(day, hour, minute, second or "0", zone or "", micros)

    def _compact(self, text: str) -> Moment:
        found = _COMPACT.fullmatch(text)
        if found is None:
            raise NotATime
        year, month, day, hour, minute, second, zone = found.groups()
        return self._moment(f"{year}-{month}-{day}", hour, minute, second, zone or "", 0)

    def _moment(self, day: str, hour: str, minute: str, second: str, zone: str, micros: int) -> Moment:
        hours, minutes, seconds = int(hour), int(minute), int(second)
        if hours > 24 or minutes > 59 or seconds > 60:
            raise NotATime
        number = self.day(day)
        ahead = self._zone(zone)
        local = (hours * 3600 + minutes * 60 + seconds) * _SECOND + micros
        return Moment(number * DAY + local - (ahead or 0) * 60 * _SECOND, ahead, number)

    def day(self, text: str) -> int:
        """The number of a day written 2026-11-28, counted from 1970; raises NotATime."""
        known = self._days.get(text)
        if known is None:
            try:
                known = date.fromisoformat(text).toordinal() - _EPOCH
            except ValueError as error:
                raise NotATime from error
            if len(self._days) < 100_000:
                self._days[text] = known
        return known

    def _zone(self, text: str) -> int | None:
        if text not in self._zones:
            sign = -1 if text[0] == "-" else 1
            digits = text[1:].replace(":", "").ljust(4, "0")
            self._zones[text] = sign * (int(digits[:2]) * 60 + int(digits[2:]))
        return self._zones[text]


def written(at: int) -> datetime:
    """Microseconds since 1970 as a time without a zone; raises NotATime beyond the years that there are."""
    try:
        return datetime(1970, 1, 1) + timedelta(microseconds=at)  # noqa: DTZ001 - the zone is given to it afterwards
    except OverflowError as error:
        raise NotATime from error


def micros_of(moment: datetime) -> int:
    """A time with or without a zone (then UTC) in microseconds."""
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = known - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * _SECOND + since.microseconds
