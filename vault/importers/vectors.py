"""Lists of one length in every row, read as vectors: images, windows of a sensor, embeddings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vault.records.vectors import vector_array
from vault.views.field_types import LONGEST_VECTOR, VectorType


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """The lists that are as long as wanted, and the places of the others."""

    type: VectorType
    values: pa.ChunkedArray
    others: tuple[int, ...]


def vectors_of(lists: pa.ChunkedArray) -> Vectors | None:
    """A column in which every value is a list of as many finite numbers; None for any other."""
    sizes = pc.list_value_length(lists).drop_null().unique().to_pylist()
    if len(sizes) != 1 or not 1 < sizes[0] <= LONGEST_VECTOR:
        return None
    found = vectors_as(lists, VectorType(sizes[0]))
    return None if found.others else found


def vectors_as(lists: pa.ChunkedArray, wanted: VectorType) -> Vectors:
    """The lists of so many finite numbers as vectors, a part of the column at a time."""
    arrays, others, first = [], list[int](), 0
    for part in lists.chunks:
        fits = _fitting(part, wanted.size)
        arrays.append(_placed(part, fits, wanted.size))
        is_other = pc.is_valid(part).to_numpy(zero_copy_only=False) & ~fits
        others.extend((np.flatnonzero(is_other) + first).tolist())
        first += len(part)
    values = pa.chunked_array(arrays, type=pa.binary(8 * wanted.size))
    return Vectors(type=wanted, values=values, others=tuple(others))


def _fitting(part: pa.Array, size: int) -> np.ndarray:
    """For each list whether it has so many numbers, all of them finite."""
    fits: np.ndarray = pc.fill_null(pc.equal(pc.list_value_length(part), size), False).to_numpy(
        zero_copy_only=False
    )
    fits = fits.copy()
    fits[fits] = np.isfinite(_numbers(part, fits, size)).all(axis=1)
    return fits


def _placed(part: pa.Array, fits: np.ndarray, size: int) -> pa.Array:
    """The vectors at the rows that have one."""
    every = np.zeros((len(part), size))
    every[fits] = _numbers(part, fits, size)
    return vector_array(every, fits)


def _numbers(part: pa.Array, fits: np.ndarray, size: int) -> np.ndarray:
    flat = pc.fill_null(pc.list_flatten(part.filter(pa.array(fits))), math.nan)
    return np.asarray(flat.to_numpy(zero_copy_only=False)).reshape(-1, size)
