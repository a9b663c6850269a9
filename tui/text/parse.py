"""Parse what a person types: names of columns, dates, amounts, paths."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from vault.errors.families import Invalid

LARGEST_EPSILON: Final = 1000
WHOLE_NUMBER: Final = re.compile(r"-?(\d{1,18}|\d{1,3}(,\d{3}){1,5})", re.ASCII)


def parse_names(text: str) -> list[str]:
    """Columns that somebody typed with commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def parse_moment(text: str) -> datetime:
    """A date or an RFC 3339 time, UTC when it names no zone; raises `Invalid`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(reason=f"{text} is not a date like 2026-12-31") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def parse_epsilon(text: str) -> Decimal:
    """An ε that somebody typed; raises `Invalid`."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not (found.is_finite() and 0 < found <= LARGEST_EPSILON):
        raise Invalid(reason=f"{text} is not a number above 0 and at most {LARGEST_EPSILON}")
    return found


def parse_times_in_hundred(text: str) -> Decimal:
    """How often in 100 cases a guess may be right, as a part of all; raises `Invalid`."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not (found.is_finite() and 50 < found < 100):
        raise Invalid(reason=f"{text} is not a number of cases in 100, above 50 and below 100")
    return found / 100


def parse_count(text: str) -> int:
    """A whole number that somebody typed, with commas between groups of three digits or none; raises `Invalid`."""
    if not WHOLE_NUMBER.fullmatch(text.strip()):
        raise Invalid(reason=f"{text} is not a whole number such as 5000, which may be written 5,000")
    return int(text.replace(",", ""))


def parse_path(typed: str) -> Path:
    """The path somebody typed, pasted or dropped: terminals put quotes or backslashes into what is dropped."""
    text = typed.strip()
    if not Path(text).expanduser().exists():
        try:
            parts = shlex.split(text)
        except ValueError:
            parts = []
        text = parts[0].removeprefix("file://") if len(parts) == 1 else text
    return Path(text).expanduser().absolute()


def parse_paths(typed: str) -> list[Path]:
    """The path somebody typed, or several with spaces between them where the whole is not there.

    They are several where each begins as a whole path does, or where one of them is a file.
    """
    text = typed.strip()
    try:
        parts = shlex.split(text)
    except ValueError:
        parts = []
    if len(parts) < 2 or Path(text).expanduser().exists():
        return [parse_path(typed)]
    parts = [part.removeprefix("file://") for part in parts]
    paths = [Path(part).expanduser().absolute() for part in parts]
    are_whole = all(Path(part).expanduser().is_absolute() for part in parts)
    are_several = are_whole or all(path.exists() for path in paths) or any(path.is_file() for path in paths)
    return paths if are_several else [parse_path(typed)]
