"""A stripe of rows as the bytes of a file, column by column: the very bytes that writing value by value would give."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from json.encoder import encode_basestring
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from vault.records.cells import cell
from vault.records.vectors import numbers_of

_TEXT: Final = pa.string()
_QUOTED: Final = '[,"\r\n]'
_ESCAPED: Final = '["\\\\\x00-\x1f]'
# Between these Arrow writes the same shortest digits as Python, without an exponent.
_LEAST_PLAIN: Final = 1e-4
_MOST_PLAIN: Final = 1e9
_FIRST_TIME: Final = datetime.min.replace(tzinfo=UTC)
_LAST_TIME: Final = datetime.max.replace(tzinfo=UTC)
# Arrow joins at most two gigabytes of text at once.
_AT_ONCE: Final = 2**28


def csv_rows(columns: Sequence[pa.Array]) -> list[bytes | pa.Buffer]:
    """The rows of a CSV file (RFC 4180) with these columns."""
    if _is_too_much(columns):
        return [part for half in _halves(columns) for part in csv_rows(half)]
    cells = [_quoted(column) for column in columns]
    if len(cells) == 1:  # an empty line would be no row
        cells = [pc.if_else(pc.equal(cells[0], ""), '""', cells[0])]
    between = [part for one in cells for part in (",", one)]
    return [_joined([*between[1:], "\r\n"])]


def json_rows(names: Sequence[str], columns: Sequence[pa.Array]) -> list[bytes | pa.Buffer]:
    """The rows of a JSON Lines file; raises ValueError for a number that JSON has no spelling for."""
    if _is_too_much(columns):
        return [part for half in _halves(columns) for part in json_rows(names, half)]
    members = [
        part
        for name, column in zip(names, columns, strict=True)
        for part in (f", {encode_basestring(name)}: ", _json(column))
    ]
    return [_joined(["{" + members[0].removeprefix(", "), *members[1:], "}\n"])]


def _is_too_much(columns: Sequence[pa.Array]) -> bool:
    return len(columns[0]) > 1 and sum(column.nbytes for column in columns) > _AT_ONCE


def _halves(columns: Sequence[pa.Array]) -> list[list[pa.Array]]:
    middle = len(columns[0]) // 2
    return [[one[:middle] for one in columns], [one[middle:] for one in columns]]


def _joined(parts: Sequence[pa.Array | str]) -> pa.Buffer:
    """All rows behind one another: the texts of an array lie so in memory."""
    rows = pc.binary_join_element_wise(*parts, "")
    _, ends, data = rows.buffers()
    end = memoryview(ends).cast("i")[len(rows)] if len(rows) else 0
    return data.slice(0, end) if end else pa.py_buffer(b"")


def _quoted(column: pa.Array) -> pa.Array:
    """Each cell of a CSV file; nothing for null."""
    texts = pc.fill_null(_texts(column), "")
    if not (pa.types.is_string(column.type) or _is_other(column)):
        return texts
    has_sign = pc.match_substring_regex(texts, _QUOTED)
    if not pc.any(has_sign).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(has_sign, pc.binary_join_element_wise('"', doubled, '"', ""), texts)


def _json(column: pa.Array) -> pa.Array:
    """Each value in JSON."""
    if pa.types.is_string(column.type):
        spelled = _strings(column)
    elif pa.types.is_timestamp(column.type):
        spelled = pc.binary_join_element_wise('"', _texts(column), '"', "")
    elif _is_other(column) or _has_no_number(column):
        spelled = _each(column, _one_json)
    else:
        spelled = _texts(column)
    return pc.fill_null(spelled, "null")


def _strings(column: pa.Array) -> pa.Array:
    spelled = pc.binary_join_element_wise('"', column, '"', "")
    return _with_others(spelled, pc.match_substring_regex(column, _ESCAPED), column, encode_basestring)


def _texts(column: pa.Array) -> pa.Array:
    """Each value as ``cell`` writes it."""
    if pa.types.is_floating(column.type):
        return _floats(column)
    if pa.types.is_timestamp(column.type) and _is_on_calendar(column):
        return _times(column)
    if _is_other(column) or pa.types.is_timestamp(column.type):
        return _each(column, cell)
    return column.cast(_TEXT)


def _floats(column: pa.Array) -> pa.Array:
    size = pc.abs(column)
    is_plain = pc.and_(pc.greater_equal(size, _LEAST_PLAIN), pc.less(size, _MOST_PLAIN))
    is_plain = pc.or_(is_plain, pc.equal(size, 0.0))
    texts = column.cast(_TEXT)
    is_whole = pc.equal(pc.trunc(column), column)
    texts = pc.if_else(is_whole, pc.binary_join_element_wise(texts, ".0", ""), texts)
    return _with_others(texts, pc.invert(is_plain), column, repr)


def _times(column: pa.Array) -> pa.Array:
    moments = column.cast(pa.timestamp("us"))  # in UTC
    seconds = pc.floor_temporal(moments, unit="second")
    is_whole = pc.equal(seconds, moments)
    texts = pc.if_else(is_whole, seconds.cast(pa.timestamp("s")).cast(_TEXT), moments.cast(_TEXT))
    return pc.binary_join_element_wise(pc.replace_substring(texts, " ", "T"), "Z", "")


def _with_others(
    texts: pa.Array, is_other: pa.Array, values: pa.Array, text_of: Callable[[Any], str]
) -> pa.Array:
    """The texts with those replaced that are spelled otherwise, one by one."""
    is_other = pc.fill_null(is_other, False)
    if not pc.any(is_other).as_py():
        return texts
    others = pa.array(map(text_of, values.filter(is_other).to_pylist()), _TEXT)
    return pc.replace_with_mask(texts, is_other, others)


def _each(column: pa.Array, text_of: Callable[[object], str]) -> pa.Array:
    texts = [None if value is None else text_of(value) for value in column.to_pylist()]
    return pa.array(texts, _TEXT)


def _one_json(value: object) -> str:
    told = numbers_of(value) if isinstance(value, bytes) else value
    return json.dumps(told, allow_nan=False)


def _is_other(column: pa.Array) -> bool:
    return bool(pa.types.is_fixed_size_binary(column.type))


def _has_no_number(column: pa.Array) -> bool:
    """Whether a number is none or without end, which JSON does not have."""
    return bool(pa.types.is_floating(column.type) and not pc.all(pc.is_finite(column)).as_py())


def _is_on_calendar(column: pa.Array) -> bool:
    """Whether all times lie in the years 1 to 9999; a time that does not has no text."""
    ends = pc.min_max(column.cast(pa.int64()))
    first, last = (pa.scalar(one, column.type).cast(pa.int64()).as_py() for one in (_FIRST_TIME, _LAST_TIME))
    low, high = ends["min"].as_py(), ends["max"].as_py()
    return low is None or (low >= first and high <= last)
