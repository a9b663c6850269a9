"""What the text of a cell stands for when a job reads it: by the text alone, whatever stands around it."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from vault.importers.values import as_bool, as_float, as_timestamp

MISSING: Final = ("NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "none", "?", "-", ".")
"""What stands for a missing value in a column that otherwise holds numbers."""
LONGEST: Final = 64
"""Characters of a text that may read as a number or a time; a longer one is a text."""
_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)

Mark = float | datetime | str
"""What two spellings of one value have in common: its number, its time, or its text."""


def number_of(text: str) -> float:
    """The number that a text reads as, a time as its seconds; NaN for any other."""
    mark = mark_of(text)
    if isinstance(mark, str):
        return math.nan
    return micros_of(mark) / 1e6 if isinstance(mark, datetime) else mark


def mark_of(text: str) -> Mark:
    """What a text stands for: a number, a time, or the text itself."""
    if len(text) > LONGEST or not text.strip():
        return text
    number = _read(as_float, text)
    if number is not None:
        return float(number) + 0.0  # -0.0 is 0.0
    truth = _read(as_bool, text)
    if truth is not None:
        return float(truth)
    moment: datetime | None = _read(as_timestamp, text)
    return text if moment is None else moment


def places_of(labels: tuple[str, ...]) -> dict[Mark, int]:
    """The place of each value in a list of labels; of two labels with one value the first counts."""
    listed: dict[Mark, int] = {}
    for index, label in enumerate(labels):
        listed.setdefault(mark_of(label), index)
    return listed


def micros_of(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _BEGIN) // _MICRO


def _read(how: Callable[[object], Any], text: str) -> Any:
    try:
        return how(text)
    except ValueError:
        return None
