"""Parse what a person types: names of columns, dates, amounts, paths."""

from __future__ import annotations

import csv
import re
import shlex
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from vault.errors.families import Invalid
from vault.settings import LONGEST_LOCK_MINUTES
from vault.strict_number import NotPlain, strict_decimal, strict_whole

QUOTED: Final = "One with a comma in it is quoted as in CSV: '\"note, free\",steps'."
QUOTE: Final = '"'
LARGEST_EPSILON: Final = 1000
LONGEST_SHOWN: Final = 40
_SPACE_AFTER_QUOTE: Final = re.compile(r'"\s+(?=,|$)')
_GROUPED: Final = re.compile("[1-9][0-9]{0,2}(,[0-9]{3})+")
_EXPONENT: Final = re.compile(r"[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]{1,3}")
_MANY_DIGITS: Final = re.compile(r"[0-9]+(\.[0-9]+)?")


def parse_names(text: str) -> list[str]:
    """Names that somebody typed with commas between them, quoted as in CSV where they have one; raises `Invalid`."""
    try:
        return [name.strip() for name in _cells(text) if name.strip()]
    except csv.Error:
        raise Invalid(reason=f"{_shown(text)} is no list of names with commas between them") from None


def _cells(text: str) -> list[str]:
    """As CSV has them, but that spaces may follow a closing quote; raises `csv.Error`."""
    try:
        return _strict_cells(text)
    except csv.Error:
        return _strict_cells(_SPACE_AFTER_QUOTE.sub(QUOTE, text))


def _strict_cells(text: str) -> list[str]:
    return next(csv.reader([text], skipinitialspace=True, strict=True), [])


def names_text(names: Iterable[str]) -> str:
    """Names as they are typed, so that `parse_names` reads the same ones."""
    return ", ".join(map(quoted_name, names))


def quoted_name(name: str) -> str:
    """A name among others that stand with commas between them, quoted where it has one, so that it is read as one."""
    return f'"{name.replace(QUOTE, QUOTE * 2)}"' if {",", QUOTE} & {*name} else name


def parse_moment(text: str) -> datetime:
    """A date or an RFC 3339 time, UTC when it names no zone; raises `Invalid`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(reason=f"{text} is not a date like 2026-12-31") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def parse_epsilon(text: str) -> Decimal:
    """An ε that somebody typed, above 0; raises `Invalid`."""
    found = _decimal(text)
    if not 0 < found <= LARGEST_EPSILON:
        raise Invalid(
            reason=f"{_shown(text)} is not a number above 0 and at most {LARGEST_EPSILON}, such as 0.5"
        )
    return found


def parse_times_in_hundred(text: str) -> Decimal:
    """How often in 100 cases a guess may be right, as a part of all; raises `Invalid`."""
    found = _decimal(text)
    if not 50 < found < 100:
        raise Invalid(
            reason=f"{_shown(text)} is not a number of cases in 100, above 50 and below 100, such as 75.5"
        )
    return found / 100


def parse_count(text: str) -> int:
    """A whole number that somebody typed, with commas between groups of three digits or none; raises `Invalid`."""
    plain = text.strip(" ")
    digits = plain.replace(",", "") if _GROUPED.fullmatch(plain) else plain
    try:
        return strict_whole(digits)
    except NotPlain:
        if _MANY_DIGITS.fullmatch(digits) and "." not in digits:
            raise Invalid(reason=f"{_shown(text)} is too large: at most 18 digits are read") from None
        reason = f"{_shown(text)} is not a whole number from 0 on, such as 5000, which may be written 5,000"
        raise Invalid(reason=reason) from None


def parse_text(text: str, most: int) -> str:
    """A text of up to so many letters, as it was typed; raises `Invalid`."""
    if fault := too_long(text, most):
        raise Invalid(reason=fault)
    return text


def too_long(text: str, most: int) -> str:
    """That a text has more letters than that, in a clause; else empty."""
    if len(text) <= most:
        return ""
    return f"at most {most:,} letters go into this field, and {len(text):,} stand there"


def parse_minutes(text: str) -> int | None:
    """The minutes without use until a vault locks; None for what is no number of minutes that can be set."""
    try:
        minutes = strict_whole(text)
    except NotPlain:
        return None
    return minutes if 1 <= minutes <= LONGEST_LOCK_MINUTES else None


def _decimal(text: str) -> Decimal:
    """The number, or -1, which nothing here takes, for what is none; raises `Invalid` for one in another form."""
    try:
        return strict_decimal(text)
    except NotPlain:
        if form := _other_form(text.strip(" ")):
            raise Invalid(reason=f"{_shown(text)} {form}") from None
        return Decimal(-1)


def _other_form(text: str) -> str:
    """How a number is written that is not read here, or empty for what is none."""
    if _EXPONENT.fullmatch(text):
        return "is written with an exponent, which is not read here; write its digits, such as 0.001 for 1e-3"
    too_many = "has more digits than are read here, 18 before the point and 18 behind it"
    return too_many if _MANY_DIGITS.fullmatch(text) else ""


def _shown(text: str) -> str:
    """What was typed, in a sentence: its beginning, where it is long."""
    shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
    return shown or "an empty answer"


def parse_path(typed: str) -> Path:
    """The path somebody typed, pasted or dropped: terminals put quotes or backslashes into what is dropped.

    Raises `Invalid` for what no system takes as one, such as a name of thousands of letters or the home of nobody.
    """
    text = typed.strip()
    if not _is_there(text):
        try:
            parts = shlex.split(text)
        except ValueError:
            parts = []
        text = parts[0].removeprefix("file://") if len(parts) == 1 else text
        _is_there(text)
    return Path(text).expanduser().absolute()


def _is_there(text: str) -> bool:
    """Whether there is something at this path; raises `Invalid` for what is none."""
    try:
        return Path(text).expanduser().exists()
    except (OSError, RuntimeError):  # too long a name, or no user whose home it names
        raise Invalid(reason=f"there is nothing at {_shown(text)} that can be looked at") from None


def parse_paths(typed: str) -> list[Path]:
    """The path somebody typed, or several with spaces between them where the whole is not there.

    They are several where each begins as a whole path does, or where one of them is a file.
    """
    text = typed.strip()
    try:
        parts = shlex.split(text)
    except ValueError:
        parts = []
    if len(parts) < 2 or _is_there(text):
        return [parse_path(typed)]
    parts = [part.removeprefix("file://") for part in parts]
    are_there = [_is_there(part) for part in parts]
    paths = [Path(part).expanduser().absolute() for part in parts]
    are_whole = all(Path(part).expanduser().is_absolute() for part in parts)
    are_several = are_whole or all(are_there) or any(path.is_file() for path in paths)
    return paths if are_several else [parse_path(typed)]
