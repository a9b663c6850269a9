"""The types of Arrow in which the columns of a collection lie."""

from __future__ import annotations

import pyarrow as pa

from vault.views.field_types import FieldType

# A category is sealed as plain text: a dictionary would need a second message in every segment.
ARROW_TYPES: dict[FieldType, pa.DataType] = {
    FieldType.FLOAT: pa.float64(),
    FieldType.INT: pa.int64(),
    FieldType.BOOL: pa.bool_(),
    FieldType.TEXT: pa.string(),
    FieldType.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    FieldType.CATEGORY: pa.string(),
}
