"""Which cells of a column hold something."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from vault.views.field_types import FieldType

MISSING: Final = ("NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "none", "?", "-", ".")
"""What stands for a missing value in a column that otherwise holds numbers."""
NUMBERS: Final = frozenset((FieldType.INT, FieldType.FLOAT))


def is_known(raw: pa.ChunkedArray, wanted: FieldType) -> pa.ChunkedArray:
    """For each cell whether it holds something, if the column is of this type."""
    trimmed = pc.utf8_trim_whitespace(raw)
    none = pa.array(["", *MISSING] if wanted in NUMBERS else [""])
    return pc.and_(pc.is_valid(raw), pc.invert(pc.is_in(trimmed, value_set=none)))


def known_cells(raw: pa.ChunkedArray, wanted: FieldType) -> pa.ChunkedArray:
    """The cells that hold something, without spaces around them."""
    return pc.filter(pc.utf8_trim_whitespace(raw), is_known(raw, wanted))
