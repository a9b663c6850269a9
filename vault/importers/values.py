"""From a cell or value of a file to a value of a field type: one function per type, None for an empty cell.

Each raises ValueError when the value does not fit; ``misfit`` gives the reason in words that never repeat it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from math import isfinite
from zoneinfo import ZoneInfo

from vault.importers.vector_values import as_vector
from vault.views.field_types import ColumnType, FieldType, VectorType

LONGEST_TEXT = 131_072

# A leading zero or plus marks a post code or a phone number: a number type would lose it.
INT_PATTERN = r"-?(?:0|[1-9][0-9]{0,18})"
FLOAT_PATTERN = rf"(?:[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+)|{INT_PATTERN})(?:[eE][+-]?[0-9]{{1,3}})?"
TIME_PATTERN = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?) ?([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_INT, _FLOAT, _TIME = map(re.compile, (INT_PATTERN, FLOAT_PATTERN, TIME_PATTERN))
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
NOT_FINITE = "not a finite number of 64 bits"
NESTED = "a nested value; take it apart with --flatten, or leave the column out with --drop"
LISTED = "a list, neither a single value nor as many numbers in every row; leave the column out with --drop"
_INT64 = range(-(2**63), 2**63)
_EXPECTED = {
    FieldType.FLOAT: "not a number",
    FieldType.INT: "not a whole number of 64 bits",
    FieldType.BOOL: "not true or false",
    FieldType.TIMESTAMP: "not a date or time such as 2026-01-31 or 2026-01-31T08:30:00Z",
    FieldType.TEXT: f"not a text of at most {LONGEST_TEXT:,} characters",
    FieldType.CATEGORY: f"not a text of at most {LONGEST_TEXT:,} characters",
}


class _Misfit(ValueError):
    """The value is none of the wanted type."""


class NeverShown(ValueError):
    """A time that no clock of its zone ever showed; its text says so."""


def as_float(value: object) -> float | None:
    """A finite number of 64 bits."""
    if isinstance(value, str):
        cell = value.strip()
        if not cell:
            return None
        if not _FLOAT.fullmatch(cell):
            raise _Misfit
        number = float(cell)
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = _to_float(value)
    else:
        raise _Misfit
    if not isfinite(number):
        raise _Misfit
    return number


def as_int(value: object) -> int | None:
    """A whole number that fits 64 bits with its sign."""
    if isinstance(value, str):
        cell = value.strip()
        if not cell:
            return None
        if not _INT.fullmatch(cell):
            raise _Misfit
        number = int(cell)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        raise _Misfit
    if number not in _INT64:
        raise _Misfit
    return number


def as_bool(value: object) -> bool | None:
    """A truth value: true, false, yes, no, 0 or 1 in any case."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, int | str):
        raise _Misfit
    cell = str(value).strip().lower()
    if not cell:
        return None
    if cell not in TRUTH:
        raise _Misfit
    return TRUTH[cell]


def as_timestamp(value: object, zone: str = "") -> datetime | None:
    """An ISO 8601 date or time, in UTC; without a zone it is one of `zone`, or of UTC; a date is its midnight."""
    if isinstance(value, datetime):
        return _in_utc(value, zone)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, str):
        raise _Misfit
    cell = value.strip()
    if not cell:
        return None
    fit = _TIME.fullmatch(cell)
    if fit is None:
        raise _Misfit
    day, clock, own = fit.groups()
    offset = own if own or zone else "Z"
    return _in_utc(datetime.fromisoformat(f"{day}T{clock or '00:00'}{(offset or '').upper()}"), zone)


def as_text(value: object) -> str:
    """A text, also of a number, truth value or time; without NUL, and not longer than ``LONGEST_TEXT``."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int | float | Decimal):
        text = str(value)
    elif isinstance(value, datetime | date):
        text = value.isoformat()
    else:
        raise _Misfit
    if len(text) > LONGEST_TEXT or "\0" in text:
        raise _Misfit
    if not text.isascii():
        text.encode()  # half of a surrogate pair, which JSON can spell, raises a ValueError
    return text


AS_TYPE: dict[FieldType, Callable[[object], object]] = {
    FieldType.FLOAT: as_float,
    FieldType.INT: as_int,
    FieldType.BOOL: as_bool,
    FieldType.TEXT: as_text,
    FieldType.TIMESTAMP: as_timestamp,
    FieldType.CATEGORY: as_text,
}


def converter(wanted: ColumnType) -> Callable[[object], object]:
    """From a cell or value to a value of this type; raises ValueError where it does not fit."""
    return partial(as_vector, size=wanted.size) if isinstance(wanted, VectorType) else AS_TYPE[wanted]


def _is_not_finite(value: object) -> bool:
    """Whether the value spells or is NaN or an infinity."""
    if isinstance(value, str):
        return _NOT_FINITE.fullmatch(value.strip()) is not None
    return isinstance(value, float | Decimal) and not isfinite(value)


def misfit(value: object, wanted: ColumnType) -> str:
    """Why a value does not fit a type, without the value."""
    if isinstance(wanted, VectorType):
        return f"not a list of {wanted.size:,} finite numbers"
    if isinstance(value, dict):
        return NESTED
    if isinstance(value, list):
        return LISTED
    if wanted is FieldType.FLOAT and (_is_not_finite(value) or _is_too_large(value)):
        return NOT_FINITE
    return _EXPECTED[wanted]


def _is_too_large(value: object) -> bool:
    if isinstance(value, str):
        return _FLOAT.fullmatch(value.strip()) is not None
    return isinstance(value, int) and not isinstance(value, bool)


def _to_float(value: int | float | Decimal) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise _Misfit from error


def _in_utc(moment: datetime, zone: str) -> datetime:
    local = ZoneInfo(zone) if zone else UTC
    try:
        found = (moment.replace(tzinfo=local) if moment.tzinfo is None else moment).astimezone(UTC)
        is_shown = moment.tzinfo is not None or found.astimezone(local).replace(tzinfo=None) == moment
    except OverflowError as error:
        raise _Misfit from error
    if not is_shown:
        raise NeverShown(f"a time that no clock of {zone} ever showed, because it went forward then")
    return found
