"""Lists of one length in every row, read as vectors: images, windows of a sensor, embeddings."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vault.importers.vector_values import are_numbers
from vault.records.vectors import vector_array
from vault.views.field_types import LONGEST_VECTOR, VectorType

Vectors = tuple[VectorType, pa.ChunkedArray]


def vectors_of(raw: pa.ChunkedArray | list[object]) -> Vectors | None:
    """A column in which every value is a list of as many finite numbers; None for any other."""
    return _of_items(raw) if isinstance(raw, list) else _of_arrow(raw)


def _of_items(values: list[object]) -> Vectors | None:
    lists = [value for value in values if value is not None]
    sizes = {len(value) if isinstance(value, list) else 0 for value in lists}
    if len(sizes) != 1 or not _is_size(size := sizes.pop()):
        return None
    flat = list(chain.from_iterable(value for value in values if isinstance(value, list)))
    if not are_numbers(flat):
        return None
    known = np.array([value is not None for value in values])
    return _placed(np.array(flat, dtype=np.float64).reshape(-1, size), known)


def _of_arrow(raw: pa.ChunkedArray) -> Vectors | None:
    sizes = pc.list_value_length(raw).drop_null().unique().to_pylist()
    if len(sizes) != 1 or not _is_size(sizes[0]):
        return None
    flat = pc.list_flatten(raw)
    if flat.null_count or not pc.all(pc.is_finite(flat)).as_py():
        return None
    known = pc.is_valid(raw).to_numpy()
    return _placed(flat.to_numpy().reshape(-1, sizes[0]), known)


def _is_size(size: int) -> bool:
    return 1 < size <= LONGEST_VECTOR


def _placed(numbers: np.ndarray, known: np.ndarray) -> Vectors:
    """The vectors at the rows that have one."""
    every = np.zeros((len(known), numbers.shape[1]))
    every[known] = numbers
    return VectorType(numbers.shape[1]), pa.chunked_array([vector_array(every, known)])
