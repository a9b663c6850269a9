"""Numbers, times and lengths of time as exports write them in text."""

from __future__ import annotations

import math
import re

from vault.importers.catalogue.moments import Clock, Moment, NotATime
from vault.importers.values import NOT_FINITE

_MISSING = frozenset(("", "-", "--", "---", "n/a", "null", "none", "nan"))
_DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4}|\d{2})", re.ASCII)
_HALF_DAY = re.compile(r"(\d{4}-\d\d-\d\d) (\d{1,2}):(\d\d)(?::(\d\d))? ?([AP])M", re.ASCII | re.IGNORECASE)
_LENGTH = re.compile(r"(?:(\d{1,6}):)?(\d{1,2}):(\d\d)(?:[.,](\d{1,20}))?", re.ASCII)
_SINGLE_HOUR = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d):(.*)", re.ASCII)


class Unfit(ValueError):
    """A cell that cannot be kept, with the reason."""


def number(text: object, name: str, *, decimal: str = ".") -> float | None:
    """A number as it is written, with signs between thousands; None for a missing one; raises Unfit."""
    if text is None or (isinstance(text, str) and text.strip().casefold() in _MISSING):
        return None
    if isinstance(text, str):
        between = "," if decimal == "." else "."
        plain = text.strip().replace("\u00a0", "").replace(" ", "").replace("−", "-").replace(between, "")
        text = plain.replace(decimal, ".")
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise Unfit(f"{name}: not a number")
    try:
        value = float(text)
    except ValueError as error:
        raise Unfit(f"{name}: not a number") from error
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise Unfit(f"{name}: {NOT_FINITE}")
    return value


def whole(text: object, name: str, *, decimal: str = ".") -> int | None:
    """A whole number; raises Unfit."""
    value = number(text, name, decimal=decimal)
    if value is None:
        return None
    if value != int(value) or abs(value) > 2**53:
        raise Unfit(f"{name}: not a whole number")
    return int(value)


def minutes(text: str, name: str) -> float | None:
    """A length of time written 1:02:03 or 02:03, in minutes; raises Unfit."""
    if text.strip().casefold() in _MISSING:
        return None
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        raise Unfit(f"{name}: not a length of time")
    hours, mins, seconds, part = found.groups()
    fraction = float(f"0.{part}") if part else 0.0
    return int(hours or 0) * 60 + int(mins) + (int(seconds) + fraction) / 60


def moment(clock: Clock, text: object, name: str, *, day_first: bool | None = None) -> Moment:
    """A time, in ISO 8601, with AM and PM, or as a day; raises Unfit.

    ``day_first`` says how a day with points or strokes is written: 31.12.2026, or 12/31/2026; None where none is.
    """
    plain = text.strip() if isinstance(text, str) else ""
    half = _HALF_DAY.fullmatch(plain)
    if half is not None:
        day, hour, minute, second, sign = half.groups()
        hours = int(hour) % 12 + (12 if sign.upper() == "P" else 0)
        plain = f"{day} {hours:02}:{minute}:{second or '00'}"
    elif day_first is not None:
        plain = _iso(plain, day_first=day_first)
    single = _SINGLE_HOUR.fullmatch(plain)
    if single is not None:
        plain = f"{single[1]} 0{single[2]}:{single[3]}"
    try:
        return clock.read(f"{plain} 00:00" if len(plain) == 10 else plain)
    except NotATime as error:
        raise Unfit(f"{name}: not a time") from error


def _iso(text: str, *, day_first: bool) -> str:
    found = _DAY_FIRST.match(text)
    if found is None:
        return text
    first, second, year = found.groups()
    day, month = (first, second) if day_first else (second, first)
    full = year if len(year) == 4 else f"20{year}"
    return f"{full}-{int(month):02}-{int(day):02}{text[found.end() :]}"
