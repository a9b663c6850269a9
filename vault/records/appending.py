"""Making a second file fit the collection it goes into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from vault.errors.records import SchemaMismatch
from vault.records.arrow_types import arrow_type
from vault.records.schema import ParsedTable
from vault.views.field_types import FieldSpec, FieldType
from vault.views.names import lookalikes

# A text stays what it is as a category, and every whole number is a number.
_FITTING = {
    (FieldType.INT, FieldType.FLOAT),
    (FieldType.TEXT, FieldType.CATEGORY),
    (FieldType.CATEGORY, FieldType.TEXT),
}


def fit_to_fields(parsed: ParsedTable, fields: Sequence[FieldSpec], *, collection: str) -> ParsedTable:
    """The file's columns in the order and types of the collection.

    Raises SchemaMismatch naming the column that is missing, unknown or of another type.
    """
    here = {field.name: field for field in parsed.fields}
    wanted = {field.name for field in fields}
    for name in here.keys() - wanted:
        like = "".join(f", though it looks like {other}" for other in lookalikes(name, wanted))
        raise SchemaMismatch(collection=collection, reason=f"the column {name} is not in it{like}")
    for name in wanted - here.keys():
        raise SchemaMismatch(collection=collection, reason=f"the column {name} is missing")
    columns = [_fit_column(parsed.table[field.name], here[field.name], field, collection) for field in fields]
    table = pa.table(columns, names=[field.name for field in fields])
    return replace(parsed, fields=tuple(fields), table=table)


def _fit_column(
    column: pa.ChunkedArray, here: FieldSpec, wanted: FieldSpec, collection: str
) -> pa.ChunkedArray:
    is_empty = column.null_count == len(column)
    if here.type != wanted.type and (here.type, wanted.type) not in _FITTING and not is_empty:
        reason = f"the column {here.name} is {here.type} and should be {wanted.type}"
        raise SchemaMismatch(collection=collection, reason=reason)
    if is_empty:
        return pa.chunked_array([pa.nulls(len(column), arrow_type(wanted.type))])
    # Unchecked: whole numbers above 2^53 take the nearest float, as they do in a file of floats.
    return column.cast(arrow_type(wanted.type), safe=False)
