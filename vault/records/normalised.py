"""Values as 64-bit numbers that stay the same when a file is written anew.

A truth value is the number 0 or 1, a whole number is itself however it was typed, any other number keeps 14 bits (four
digits), a text loses its case and the spaces around it, and one that spells a number or a truth value is that. In a
column of very small numbers only zero itself is zero; for version 1 it was such a one only if all of it was small.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Keys = np.ndarray

_NUMBER: Final = r"^[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})([eE][+-]?[0-9]{1,2})?$"
_WHOLE: Final = r"^-?[0-9]{1,18}$"
_NUMBERED: Final = r"^[^0-9]*?0*([0-9]+)$"
_TRUE, _FALSE = pa.array(["true", "yes"]), pa.array(["false", "no"])
_NEARLY_WHOLE: Final = 1e-5
_FINEST: Final = 2.0**18  # steps of 4e-6 around zero: what is added in the seventh digit moves few values
_LEAST_WITH_STEPS: Final = 2.0**-8
_MOST_OF_A_COLUMN: Final = 0.75
VERSION: Final = 2
_MANTISSA: Final = np.int64(52 - 14)
_TEXT_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_OF_TEXT, _OF_TIME, _OF_FRACTION = (
    np.uint64(salt) for salt in (0x7465787400000000, 0x74696D6500000000, 1 << 62)
)
_SECOND: Final = 1_000_000
_AT_ONCE: Final = 2**13
_IN_CACHE: Final = 2**14


def keys_of(column: pa.ChunkedArray, version: int = VERSION) -> tuple[Keys, Keys]:
    """The key of every value as this version makes it, and whether there is a value at all."""
    array = column.combine_chunks()
    known = pc.is_valid(array).to_numpy(zero_copy_only=False)
    if pa.types.is_string(array.type):
        return _of_texts(array, version), known
    if pa.types.is_timestamp(array.type):
        micros = _filled(array.cast(pa.timestamp("us")).cast(pa.int64()), 0)
        return (micros // _SECOND).view(np.uint64) ^ _OF_TIME, known
    if pa.types.is_floating(array.type):
        return _of_numbers(_filled(array, 0.0), version), known
    if pa.types.is_integer(array.type) or pa.types.is_boolean(array.type):
        return _filled(array.cast(pa.int64()), 0).view(np.uint64), known
    return _of_texts(array.cast(pa.string()), version), known


def numbering(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Names such as P-0017 as their number, each by itself, so that one odd name changes no other."""
    return pc.replace_substring_regex(column.cast(pa.string()), _NUMBERED, r"\1")


def _filled(array: pa.Array, empty: float) -> np.ndarray:
    filled: np.ndarray = pc.fill_null(array, empty).to_numpy(zero_copy_only=False)
    return filled


def _of_numbers(values: np.ndarray, version: int) -> Keys:
    is_tiny, keys = _is_tiny(values, version), np.zeros(len(values), dtype=np.uint64)
    for start in range(0, len(values), _IN_CACHE):
        some = values[start : start + _IN_CACHE]
        keys[start : start + _IN_CACHE] = _some_numbers(some, version, is_tiny=is_tiny)
    return keys


def _some_numbers(values: np.ndarray, version: int, *, is_tiny: bool) -> Keys:
    whole = np.rint(values)
    is_whole = (np.abs(values - whole) <= _NEARLY_WHOLE) & (np.abs(whole) < 2.0**53)
    if is_tiny:
        is_whole &= (whole != 0) | (values == 0)  # a column of very small numbers is no column of zeros
    keys = np.where(is_whole, whole, 0.0).astype(np.int64).view(np.uint64)
    broken = np.flatnonzero(~is_whole)
    has_steps = not is_tiny or version == 1
    keys[broken] = _of_fractions(values[broken], has_steps=has_steps) ^ _OF_FRACTION
    return keys


def _is_tiny(values: np.ndarray, version: int) -> bool:
    """Whether a column holds very small numbers; some odd ones among them do not decide it."""
    sizes = np.abs(values[values != 0])
    most = 1.0 if version == 1 else _MOST_OF_A_COLUMN
    return bool(len(sizes)) and bool(np.quantile(sizes, most, method="lower") < _LEAST_WITH_STEPS)


def _of_fractions(values: np.ndarray, *, has_steps: bool) -> Keys:
    """Rounded to 14 bits, and around zero, with steps, to such that do not shrink with the number."""
    bits = values.view(np.int64)
    rounded = (bits + (np.int64(1) << (_MANTISSA - 1))) & ~((np.int64(1) << _MANTISSA) - 1)
    if not has_steps:
        return rounded.view(np.uint64)
    is_small = (np.abs(values) < 2.0**14 / _FINEST) & (np.abs(values) >= 2.0**-20)
    stepped = np.rint(np.where(is_small, values, 0.0) * _FINEST).astype(np.int64)
    return np.where(is_small, stepped, rounded).view(np.uint64)


def _of_texts(array: pa.Array, version: int) -> Keys:
    texts = pc.fill_null(pc.utf8_lower(pc.utf8_trim_whitespace(array)), "")
    distinct, places = _distinct(texts)
    keys: Keys = _hashed(distinct) ^ _OF_TEXT
    for words, value in ((_TRUE, 1), (_FALSE, 0)):
        keys[pc.is_in(distinct, words).to_numpy(zero_copy_only=False)] = value
    is_number = pc.match_substring_regex(distinct, _NUMBER)
    keys, has_numbers = keys[places], pc.any(is_number).as_py()
    if has_numbers:
        is_number = is_number.take(pa.array(places)) if len(distinct) < len(texts) else is_number
        numbers = pc.if_else(is_number, texts, None).cast(pa.float64())
        found = _of_numbers(_filled(numbers, 0.0), version)
        keys = np.where(is_number.to_numpy(zero_copy_only=False), found, keys)
        # As a float a number of 17 digits or more would be another one.
        is_whole = pc.match_substring_regex(texts, _WHOLE)
        wholes = _filled(pc.if_else(is_whole, texts, None).cast(pa.int64()), 0).view(np.uint64)
        keys = np.where(is_whole.to_numpy(zero_copy_only=False), wholes, keys)
    return keys


def _distinct(texts: pa.Array) -> tuple[pa.Array, np.ndarray | slice]:
    """Texts that come again and again once each, with the place of each row's; all of them where hardly any do."""
    first = texts.slice(0, _AT_ONCE)
    if pc.count_distinct(first).as_py() > len(first) // 2:
        return texts, slice(None)
    coded = texts.dictionary_encode()
    return coded.dictionary, coded.indices.to_numpy()


def _hashed(texts: pa.Array) -> Keys:
    """A polynomial in the bytes of each text, modulo 2^64; some at a time, as each byte takes fifty meanwhile."""
    pieces = [_hashed_at_once(texts.slice(place, _AT_ONCE)) for place in range(0, len(texts), _AT_ONCE)]
    return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.uint64)


def _hashed_at_once(texts: pa.Array) -> Keys:
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(
        np.int64
    )
    lengths = np.diff(ends)
    raw = np.frombuffer(data or b"", dtype=np.uint8)[ends[0] : ends[-1]].astype(np.uint64) + np.uint64(1)
    places = np.arange(len(raw)) - np.repeat(ends[:-1] - ends[0], lengths)
    powers = np.cumprod(np.full(int(lengths.max(initial=0)) + 1, _TEXT_BASE))
    totals: Keys = np.concatenate(([np.uint64(0)], np.cumsum(raw * powers[places], dtype=np.uint64)))
    starts = ends - ends[0]
    keys: Keys = totals[starts[1:]] - totals[starts[:-1]]
    return keys
