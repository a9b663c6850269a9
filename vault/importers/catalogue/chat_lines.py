"""How WhatsApp begins a message: day, time and writer, in the ways of phones and languages."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

MARKS: Final = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
"""Signs that are not seen; iPhones put the first of them before what is no text that somebody typed."""
_LOOK: Final = 200
_LONGEST_NAME: Final = 100
_HEAD = re.compile(
    r"(?P<open>\[?)(?P<a>\d{1,4})(?P<sign>[./-]|[년年]) ?(?P<b>\d{1,2})[./월月-] ?(?P<c>\d{1,4})"
    r"(?P<before>[^\d\[\]:]{1,24})(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d))?"
    r"(?P<after>[^\d\[\]:,–-]{0,16}?)(?P<close>\] ?| [–-] |: |, )",
    re.ASCII,
)
_BEFORE_NOON: Final = frozenset(
    ["am", "a", "ص", "오전", "上午", "午前", "πμ", "öö", "凌晨", "清晨", "早上", "de", "sa"]
)
_AFTER_NOON: Final = frozenset(
    ["pm", "p", "م", "오후", "下午", "午後", "μμ", "ös", "中午", "傍晚", "晚上", "du", "ch"]
)
_NEUTRAL: Final = frozenset(("", *["klo", "kl", "à", "às", "um", "at", "г", "ч", "alle", "alas", "в"]))
_KOREAN: Final = frozenset("년오")
_DAY_SIGNS: Final = str.maketrans("", "", "日일")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The beginning of a message: the numbers of its day, its time, the way it is written, and what follows.

    ``hour`` is None where the half of the day is told in a word that is not known.
    """

    numbers: tuple[str, str, str]
    hour: int | None
    minute: int
    second: int
    shape: tuple[str, str, str, bool]
    writer: str | None
    body: str

    @property
    def time(self) -> int:
        """The seconds since midnight."""
        return (self.hour or 0) * 3600 + self.minute * 60 + self.second


def head_of_line(line: str) -> Head | None:
    """How a line begins a message; None for one that carries a message on. Without a writer the app wrote it."""
    start = line[:_LOOK]
    seen = [place for place, sign in enumerate(start) if sign not in MARKS]
    if not seen or not (start[seen[0]] == "[" or start[seen[0]].isdecimal()):
        return None
    found = _HEAD.match("".join(_plain(start[place]) for place in seen))
    if found is None or not _is_head(found):
        return None
    rest = line[seen[found.end() - 1] + 1 :]
    name, colon, body = rest.partition(":")
    is_written = bool(colon) and body[:1] in ("", " ") and len(name) <= _LONGEST_NAME
    return Head(
        numbers=(found["a"], found["b"], found["c"]),
        hour=_hour(int(found["hour"]), found["before"], found["after"]),
        minute=int(found["minute"]),
        second=int(found["second"] or 0),
        shape=(found["open"], found["sign"], found["close"].strip(), found["second"] is not None),
        writer=name.strip(f"{MARKS} ") if is_written else None,
        body=body.removeprefix(" ") if is_written else rest,
    )


def _is_head(found: re.Match[str]) -> bool:
    """A comma ends the time in Korean alone; elsewhere it is a table."""
    is_closed = found["close"] != ", " or not _KOREAN.isdisjoint(found["sign"] + found["before"])
    return is_closed and int(found["minute"]) < 60 and int(found["second"] or 0) < 60


def _plain(sign: str) -> str:
    """A digit of any script as one of ours, and any space as a plain one."""
    if sign.isdecimal():
        return str(unicodedata.decimal(sign))
    return " " if sign.isspace() else sign


def _hour(hour: int, before: str, after: str) -> int | None:
    words = {_letters(before), _letters(after)}
    if hour > 23 or not words <= _NEUTRAL | _BEFORE_NOON | _AFTER_NOON:
        return None
    if hour > 12 or words <= _NEUTRAL:
        return hour
    return hour % 12 + (12 if words & _AFTER_NOON else 0)


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold().translate(_DAY_SIGNS) if sign.isalpha())
