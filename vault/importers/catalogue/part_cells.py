"""What a cell of a known export may hold: values of the type of its column, whatever the file says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from vault.importers.catalogue.moments import micros_of
from vault.importers.values import LONGEST_TEXT, as_text, misfit
from vault.importers.vector_values import EXACT_IN_A_DOUBLE
from vault.records.arrow_types import arrow_type
from vault.views.field_types import FieldType

_TIMES: Final = range(
    micros_of(datetime.min.replace(tzinfo=UTC)), micros_of(datetime.max.replace(tzinfo=UTC)) + 1
)
_INT64: Final = range(-(2**63), 2**63)
_NO_TIME: Final = "not a time of the years 1 to 9999"


def as_array(values: Sequence[object], kind: FieldType) -> pa.Array | None:
    """The values as an array of this type; None where one of them does not fit. Times are microseconds since 1970."""
    try:
        found = pa.array(values, type=pa.int64() if kind is FieldType.TIMESTAMP else arrow_type(kind))
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return None
    if not _all_kept(found, kind):
        return None
    return found.cast(arrow_type(kind))


def why_unfit(value: object, kind: FieldType) -> str:
    """Why a value cannot be kept in a column of this type, without the value; empty where it can."""
    if value is None or _fits(value, kind):
        return ""
    return _NO_TIME if kind is FieldType.TIMESTAMP else misfit(value, kind)


def _all_kept(found: pa.Array, kind: FieldType) -> bool:
    """Whether all of them are finite numbers, times of years that there are, and texts that are kept."""
    if kind is FieldType.TIMESTAMP:
        ends = pc.min_max(found).as_py()
        return ends["min"] is None or (ends["min"] in _TIMES and ends["max"] in _TIMES)
    if kind is FieldType.FLOAT:
        return pc.all(pc.is_finite(found), min_count=0).as_py() is True
    if kind in (FieldType.TEXT, FieldType.CATEGORY):
        longest = pc.max(pc.utf8_length(found)).as_py() or 0
        has_nul = pc.any(pc.match_substring(found, "\0"), min_count=0).as_py()
        return longest <= LONGEST_TEXT and not has_nul
    return True


def _fits(value: object, kind: FieldType) -> bool:
    if kind in (FieldType.TEXT, FieldType.CATEGORY):
        return isinstance(value, str) and _is_text(value)
    if isinstance(value, bool):
        return kind is FieldType.BOOL
    if isinstance(value, float):
        return kind is FieldType.FLOAT and isfinite(value)
    if not isinstance(value, int) or kind is FieldType.BOOL:
        return False
    if kind is FieldType.FLOAT:
        return abs(value) <= EXACT_IN_A_DOUBLE
    return value in (_TIMES if kind is FieldType.TIMESTAMP else _INT64)


def _is_text(value: str) -> bool:
    try:
        as_text(value)
    except ValueError:
        return False
    return True
