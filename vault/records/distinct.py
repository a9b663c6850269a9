"""How many different values a column has: counted exactly, and by sorting, which is faster than looking each one up."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Marks = npt.NDArray[np.uint64]
Wholes = npt.NDArray[np.int64]

_LONGEST: Final = 128
_MOST_BYTES: Final = 2**31 - 1  # of the texts of one Arrow array
_HALF: Final = np.uint64(32)
_FACTORS: Final = np.cumprod(np.full(2 + _LONGEST // 8, np.uint64(0x9E3779B97F4A7C15)))


def count_distinct(column: pa.ChunkedArray) -> int:
    """How many different values there are, by their bits."""
    if pa.types.is_timestamp(column.type):
        return count_steps(in_order(known_values(column, pa.int64())))
    found = _count_texts(column) if _is_of_many_short_texts(column) else None
    return len(column.unique()) - bool(column.null_count) if found is None else found


def known_values(column: pa.ChunkedArray, as_type: pa.DataType) -> npt.NDArray[Any]:
    """The values of 64 bits that there are, read as this type of as many bits."""
    known = [chunk.drop_null().view(as_type).to_numpy() for chunk in column.chunks]
    return np.concatenate([np.empty(0, dtype=as_type.to_pandas_dtype()), *known])


def in_order(wholes: Wholes) -> Wholes:
    """Whole numbers in ascending order: sorted only where they neither are so already nor can be counted one by one."""
    if len(wholes) == 0 or bool((wholes[1:] >= wholes[:-1]).all()):
        return wholes
    low, high = int(wholes.min()), int(wholes.max())
    if high - low >= len(wholes):
        return np.sort(wholes)
    return np.repeat(np.arange(low, high + 1), np.bincount(wholes - low))


def count_steps(ordered: npt.NDArray[np.generic]) -> int:
    """How many different values there are among ordered ones."""
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + bool(len(ordered))


# texts ------------------------------------------------------------------------------------------------------


def _is_of_many_short_texts(column: pa.ChunkedArray) -> bool:
    """Whether looking each value up would take long: the few texts of a column of labels are found at once."""
    if not pa.types.is_string(column.type) or not column.num_chunks or column.nbytes > _MOST_BYTES:
        return False
    first = column.chunk(0)
    longest = pc.max(pc.binary_length(column)).as_py() or 0
    return longest <= _LONGEST and len(first.unique()) > len(first) // 2


def _count_texts(column: pa.ChunkedArray) -> int | None:
    """How many texts differ, by their marks; None where two different ones have the same mark."""
    marks = np.concatenate([_marks(chunk.drop_null()) for chunk in column.chunks])
    distinct = count_steps(np.sort(marks))
    return distinct if distinct == len(marks) or _are_told_apart(column, marks) else None


def _marks(texts: pa.Array) -> Marks:
    """A number of 64 bits for each text, the same for the same text and hardly ever for another one."""
    lengths = pc.binary_length(texts).to_numpy().astype(np.uint64)
    words = -(-int(lengths.max(initial=0)) // 8)
    padded = pc.ascii_rpad(texts, 8 * words, "\0")
    table = np.frombuffer(padded.buffers()[2] or b"", dtype=np.uint64, count=words * len(texts))
    marks: Marks = lengths * _FACTORS[0]
    for word, factor in zip(table.reshape(len(texts), words).T, _FACTORS[2:], strict=False):
        mixed = word * _FACTORS[1]
        mixed ^= mixed >> _HALF  # or only the ends of two words would tell two texts apart
        marks += mixed * factor
    return marks


def _are_told_apart(column: pa.ChunkedArray, marks: Marks) -> bool:
    """Whether texts of one mark are the same text, as they stand next to each other in the order of the marks."""
    order = np.argsort(marks)
    same = np.flatnonzero(marks[order[1:]] == marks[order[:-1]])
    texts = column.drop_null().combine_chunks()
    pairs = pc.equal(texts.take(pa.array(order[same])), texts.take(pa.array(order[same + 1])))
    return bool(pc.all(pairs, min_count=0).as_py())
