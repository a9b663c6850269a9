"""Vectors as they are kept: the little-endian doubles (IEEE 754, binary64) of each row, none of them missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Matrix = npt.NDArray[np.float64]


def numbers_of(value: bytes) -> list[float]:
    """The numbers of one vector."""
    return [float(number) for number in np.frombuffer(value, dtype="<f8")]


def vector_array(numbers: npt.NDArray[Any], known: npt.NDArray[np.bool_]) -> pa.Array:
    """An array of vectors, one of each row of ``numbers`` (rows, size) that is ``known``, else null."""
    rows, size = numbers.shape
    data = np.ascontiguousarray(numbers, dtype="<f8")
    every = pa.Array.from_buffers(pa.binary(8 * size), rows, [None, pa.py_buffer(data)])
    return pc.if_else(pa.array(known), every, pa.scalar(None, every.type))


def matrix_of(column: pa.ChunkedArray) -> Matrix:
    """All vectors of a column as (rows, size), a row of NaN for null."""
    size = column.type.byte_width // 8
    parts = [_matrix(chunk, size) for chunk in column.chunks]
    return np.concatenate([np.empty((0, size)), *parts])


def _matrix(chunk: pa.Array, size: int) -> Matrix:
    _, data = chunk.buffers()
    every = np.frombuffer(data, dtype="<f8").reshape(-1, size)[chunk.offset : chunk.offset + len(chunk)]
    known = pc.is_valid(chunk).to_numpy(zero_copy_only=False)
    return np.where(known[:, None], every, np.nan)


def is_vector(known: pa.DataType) -> bool:
    """Whether a column of this Arrow type holds vectors."""
    return bool(pa.types.is_fixed_size_binary(known))
