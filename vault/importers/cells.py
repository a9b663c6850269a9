"""Whole columns of spelled cells to values of a type, as `values` reads single ones, but many at once.

Each function takes cells without spaces around them, none of them empty, and gives None where not all of them fit or
where a value would not be the one that is spelled: so a type that is guessed loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from vault.importers.values import FLOAT_PATTERN, INT_PATTERN, TIME_PATTERN, TRUTH, as_timestamp
from vault.records.arrow_types import arrow_type
from vault.views.field_types import FieldType

INT, FLOAT, TIME = (f"^(?:{each})$" for each in (INT_PATTERN, FLOAT_PATTERN, TIME_PATTERN))
BOOL = f"(?i)^(?:{'|'.join(TRUTH)})$"
FINER = r"[.,][0-9]{6}[0-9]{0,2}[1-9]"
"""A time with more than microseconds, which are the finest step that is kept."""
LOCAL_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
LOCAL = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?$"
_UTC = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z$"
CLOCK = "[Tt ][0-9]{2}:"
"""That a time stands behind a date."""
_YEAR_0 = "0000"
# So many digits come back from a double as they were (IEEE 754, binary64).
_SAFE_DIGITS = 15
_LEAST_NORMAL = 2.0**-1022

Cells: TypeAlias = pa.ChunkedArray
FIRST = 512
"""So many cells are looked at before a whole column is."""


def matching(cells: Cells, pattern: str) -> int:
    """How many cells match a pattern."""
    return pc.sum(pc.match_substring_regex(cells, pattern)).as_py() or 0


def all_match(cells: Cells, pattern: str) -> bool:
    """Whether every cell matches; of most columns that are of another kind the first ones say so."""
    if len(cells) > FIRST and not all_match(cells.slice(0, FIRST), pattern):
        return False
    return bool(pc.all(pc.match_substring_regex(cells, pattern), min_count=0).as_py())


def as_ints(cells: Cells) -> Cells | None:
    """Whole numbers of 64 bits."""
    if not all_match(cells, INT):
        return None
    try:
        return cells.cast(pa.int64())
    except pa.ArrowInvalid:
        return None


def as_floats(cells: Cells) -> Cells | None:
    """Finite numbers, each of which is exactly the shortest spelling of its double."""
    if not all_match(cells, FLOAT):
        return None
    numbers = cells.cast(pa.float64())
    if _are_short(cells):
        return numbers
    is_other = pc.not_equal(numbers.cast(pa.string()), cells)
    others, found = pc.filter(cells, is_other), pc.filter(numbers, is_other)
    long = pc.or_(pc.match_substring_regex(others, "[eE]"), pc.greater(_digits(others), _SAFE_DIGITS))
    tiny = pc.less(pc.abs(found), _LEAST_NORMAL)  # what underflows has few digits that count
    doubtful = pc.or_(long, tiny)
    spelled, values = pc.filter(others, doubtful).to_pylist(), pc.filter(found, doubtful).to_pylist()
    is_exact = all(_is_exact(cell, number) for cell, number in zip(spelled, values, strict=True))
    return numbers if is_exact else None


def _are_short(cells: Cells) -> bool:
    """Whether no cell has more digits than are safe, nor an exponent."""
    longest: int = pc.max(pc.binary_length(cells)).as_py() or 0
    return longest <= _SAFE_DIGITS and not matching(cells, "[eE]")


def _digits(cells: Cells) -> Cells:
    """How many digits count: those after the leading zeros."""
    return pc.binary_length(pc.utf8_ltrim(pc.replace_substring_regex(cells, r"[^0-9]", ""), characters="0"))


def _is_exact(cell: str, number: float) -> bool:
    shortest = Decimal(repr(number))
    return shortest.is_finite() and shortest == Decimal(cell)


def as_bools(cells: Cells) -> Cells | None:
    """Truth values."""
    lower = pc.utf8_lower(cells)
    if not pc.all(pc.is_in(lower, value_set=pa.array(list(TRUTH))), min_count=0).as_py():
        return None
    return pc.is_in(lower, value_set=pa.array([word for word, is_true in TRUTH.items() if is_true]))


def as_times(cells: Cells, zone: str = "") -> Cells | None:
    """Moments in UTC; dates are their midnight, times without a zone are taken as those of `zone`, or as UTC."""
    is_utc = all_match(cells, _UTC)
    if not is_utc and not all_match(cells, TIME):
        return None
    try:
        return _times(cells, zone, is_utc=is_utc).cast(arrow_type(FieldType.TIMESTAMP))
    except (pa.ArrowInvalid, ValueError):
        return None


def in_zone(times: Cells, zone: str) -> Cells:
    """Times of a zone as moments; the first where a clock shows one twice; raises ArrowInvalid where none does."""
    if not zone:
        return times.cast(arrow_type(FieldType.TIMESTAMP))
    return pc.assume_timezone(times, zone, ambiguous="earliest").cast(arrow_type(FieldType.TIMESTAMP))


def _times(cells: Cells, zone: str, *, is_utc: bool) -> Cells:
    if pc.any(pc.starts_with(cells, _YEAR_0)).as_py():
        raise ValueError
    if all_match(cells, _DAY):
        return cells.cast(pa.timestamp("us"))
    if is_utc:
        return pc.utf8_rtrim(cells, characters="Z").cast(pa.timestamp("us"))
    if all_match(cells, LOCAL):
        return in_zone(cells.cast(pa.timestamp("us")), zone)
    moments = [as_timestamp(cell, zone) for cell in cells.to_pylist()]
    return pa.chunked_array([moments], type=arrow_type(FieldType.TIMESTAMP))


AS_COLUMN: dict[FieldType, Callable[[Cells], Cells | None]] = {
    FieldType.INT: as_ints,
    FieldType.FLOAT: as_floats,
    FieldType.BOOL: as_bools,
    FieldType.TIMESTAMP: as_times,
}
