"""Which cells of a column hold something."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from vault.importers.marks import MISSING
from vault.views.field_types import FieldType

_NO_NUMBERS: Final = pa.array(["", *MISSING])
_FIRST: Final = 512
NUMBERS: Final = frozenset((FieldType.INT, FieldType.FLOAT))


def is_known(raw: pa.ChunkedArray, wanted: FieldType) -> pa.ChunkedArray:
    """For each cell whether it holds something, if the column is of this type."""
    return _is_known(pc.utf8_trim_whitespace(raw), wanted)


def known_cells(raw: pa.ChunkedArray, wanted: FieldType) -> pa.ChunkedArray:
    """The cells that hold something, without spaces around them."""
    return placed_cells(raw, wanted)[1]


def placed_cells(raw: pa.ChunkedArray, wanted: FieldType) -> tuple[pa.ChunkedArray | None, pa.ChunkedArray]:
    """For each cell whether it holds something, None where all of them do; and those that do, without spaces around."""
    trimmed = pc.utf8_trim_whitespace(raw)
    places = _is_known(trimmed, wanted)
    if pc.all(places, min_count=0).as_py():
        return None, trimmed
    return places, pc.filter(trimmed, places)


def is_empty(raw: pa.ChunkedArray) -> bool:
    """Whether no cell holds anything but spaces."""
    return not any(len(known_cells(some, FieldType.TEXT)) for some in (raw.slice(0, _FIRST), raw))


def _is_known(trimmed: pa.ChunkedArray, wanted: FieldType) -> pa.ChunkedArray:
    if wanted not in NUMBERS:
        return pc.fill_null(pc.not_equal(trimmed, ""), False)
    return pc.and_(pc.is_valid(trimmed), pc.invert(pc.is_in(trimmed, value_set=_NO_NUMBERS)))
