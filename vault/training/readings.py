"""How a job reads a value: by the value alone, whatever type its column was given when it came in.

The type of a column follows from all of its values, so one record could turn it; if that changed how any other record
is read, an update would tell of that record without noise. A value is a number, a time or a text, in this order, by
the same rules as an import; true and false are 1 and 0. What does not read is missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vault.importers.marks import Mark, mark_of, micros_of, number_of, places_of
from vault.importers.text_bytes import bytes_of, written
from vault.importers.vector_values import vector_of
from vault.records.vectors import is_vector, matrix_of

MISSING: Final = -1


def numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """float64 with NaN for what is missing; a time as seconds since 1970, true and false as 1 and 0.

    The casts round instead of refusing: a value that made them fail would tell, without noise, that it is there.
    """
    if is_vector(column.type):
        return np.full(len(column), math.nan)
    if pa.types.is_string(column.type):
        return _by_text(column, number_of, np.dtype(np.float64), math.nan)
    if pa.types.is_timestamp(column.type):
        column = pc.divide(_micros(column).cast(pa.float64(), safe=False), 1e6)
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)


def vectors(column: pa.ChunkedArray, size: int) -> npt.NDArray[np.float64]:
    """(rows, size) float64; a row of NaN for what is no list of so many numbers, nor a text that spells one."""
    if is_vector(column.type) and column.type.byte_width == 8 * size:
        return matrix_of(column)
    missing = np.full(size, math.nan)
    texts = column.to_pylist() if pa.types.is_string(column.type) else [None] * len(column)
    known = {text: _spelled(text, size, missing) for text in set(texts)}
    return np.array([known[text] for text in texts], dtype=np.float64).reshape(-1, size)


def _spelled(text: str | None, size: int, missing: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    found = None if text is None else vector_of(text, size)
    return missing if found is None else np.frombuffer(found, dtype="<f8")


def byte_codes(column: pa.ChunkedArray, length: int) -> npt.NDArray[np.int32]:
    """(rows, length) int32, the bytes of each text as ``bytes_of`` has them; a row of -1 for a missing one.

    A number is a text too, by its value; a time and a vector are none.
    """
    if pa.types.is_string(column.type):
        texts = column.to_pylist()
    elif is_vector(column.type) or pa.types.is_timestamp(column.type):
        texts = [None] * len(column)
    else:
        texts = [None if math.isnan(one) else written(one + 0.0) for one in numbers(column).tolist()]
    missing = np.full(length, MISSING, dtype=np.int32)
    known = {text: _coded_bytes(text, length, missing) for text in set(texts)}
    return np.array([known[text] for text in texts], dtype=np.int32).reshape(-1, length)


def _coded_bytes(text: str | None, length: int, missing: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    found = None if text is None else bytes_of(text, length)
    return missing if found is None else np.frombuffer(found, dtype=np.uint8).astype(np.int32)


def codes(column: pa.ChunkedArray, labels: tuple[str, ...]) -> npt.NDArray[np.int32]:
    """int32 index into the public label list, -1 for what is missing or not listed; of two alike the first counts."""
    if is_vector(column.type):
        return np.full(len(column), MISSING, dtype=np.int32)
    listed = places_of(labels)
    if pa.types.is_string(column.type):
        return _by_text(column, lambda text: listed.get(mark_of(text), MISSING), np.dtype(np.int32), MISSING)
    return _by_value(column, listed)


def _by_text(
    column: pa.ChunkedArray, read: Callable[[str], float], dtype: np.dtype[Any], missing: float
) -> npt.NDArray[Any]:
    """Every different text is read once; a null is missing."""
    chunks = column.dictionary_encode().chunks  # of one dictionary, that of the whole column
    texts = chunks[0].dictionary.to_pylist() if chunks else []
    known = np.array([*map(read, texts), missing], dtype=dtype)
    places = [pc.fill_null(each.indices, len(texts)).to_numpy(zero_copy_only=False) for each in chunks]
    found: npt.NDArray[Any] = known[np.concatenate([np.empty(0, dtype=np.int32), *places])]
    return found


def _by_value(column: pa.ChunkedArray, listed: dict[Mark, int]) -> npt.NDArray[np.int32]:
    """Numbers against the labels that are numbers, times against those that are times."""
    wanted: dict[float, int]
    if pa.types.is_timestamp(column.type):
        values = _micros(column)
        wanted = {micros_of(mark): index for mark, index in listed.items() if isinstance(mark, datetime)}
    else:
        values = pc.add(column.cast(pa.float64(), safe=False), 0.0)  # -0.0 is 0.0
        wanted = {mark: index for mark, index in listed.items() if isinstance(mark, float)}
    places = pc.index_in(values, value_set=pa.array(list(wanted), values.type), skip_nulls=True)
    known = np.array([*wanted.values(), MISSING], dtype=np.int32)
    found: npt.NDArray[np.int32] = known[pc.fill_null(places, len(wanted)).to_numpy()]
    return found


def _micros(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
