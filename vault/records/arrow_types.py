"""The types of Arrow in which the columns of a collection lie."""

from __future__ import annotations

import pyarrow as pa

from vault.views.field_types import ColumnType, FieldType, VectorType

# A category is sealed as plain text: a dictionary would need a second message in every segment.
_ARROW: dict[FieldType, pa.DataType] = {
    FieldType.FLOAT: pa.float64(),
    FieldType.INT: pa.int64(),
    FieldType.BOOL: pa.bool_(),
    FieldType.TEXT: pa.string(),
    FieldType.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    FieldType.CATEGORY: pa.string(),
}


def arrow_type(known: ColumnType) -> pa.DataType:
    """The Arrow type of a column's values; a vector is the bytes of its doubles, which compare and count as one."""
    return pa.binary(8 * known.size) if isinstance(known, VectorType) else _ARROW[known]


def by_number(table: pa.Table) -> pa.Table:
    """The same columns under their numbers: in some acts pyarrow takes a name such as ``.50`` or ``[0]`` for a path."""
    return table.rename_columns([str(place) for place in range(table.num_columns)])
