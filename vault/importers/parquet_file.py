"""Apache Parquet, through pyarrow; plain columns only, no lists, structs or bytes."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from vault.importers.source import BATCH_ROWS, MOST_ROWS, File, RawBatch, Source, column_names


def open_parquet(file: File) -> Source:
    """Read the schema; raises Unreadable for damage and for columns whose values are not single ones."""
    try:
        schema, rows = _shape(file)
    except (pa.ArrowException, OSError) as error:
        raise file.unreadable("it is damaged or not Parquet") from error
    names = column_names(schema.names, file)
    if rows > MOST_ROWS:
        raise file.unreadable(f"it has more than {MOST_ROWS:,} rows")
    types = [_readable_type(file, name, field.type) for name, field in zip(names, schema, strict=True)]
    notes = tuple(
        f"The times in {name} carry no zone: they are taken as UTC."
        for name, field in zip(names, schema, strict=True)
        if pa.types.is_timestamp(field.type) and field.type.tz is None
    )
    return Source(names=names, batches=lambda: _batches(file, types), has_types=True, notes=notes)


def _shape(file: File) -> tuple[pa.Schema, int]:
    with pq.ParquetFile(pa.BufferReader(file.data)) as parquet:
        return parquet.schema_arrow, parquet.metadata.num_rows


def _batches(file: File, types: list[pa.DataType]) -> Iterator[RawBatch]:
    first = 1
    try:
        with pq.ParquetFile(pa.BufferReader(file.data)) as parquet:
            for batch in parquet.iter_batches(batch_size=BATCH_ROWS):
                columns = [
                    column.cast(known, safe=False).to_pylist()
                    for column, known in zip(batch.columns, types, strict=True)
                ]
                yield RawBatch(lines=range(first, first + batch.num_rows), columns=columns)
                first += batch.num_rows
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise file.unreadable("it is damaged, or holds times that no calendar has") from error


def _readable_type(file: File, name: str, known: pa.DataType) -> pa.DataType:
    """The type whose Python values need no other library.

    Nanoseconds are cut to microseconds: the finest step that is kept.
    """
    types = pa.types
    if types.is_dictionary(known):
        return _readable_type(file, name, known.value_type)
    for is_such, readable in (
        (types.is_floating, pa.float64()),
        (types.is_decimal, pa.float64()),
        (types.is_uint64, known),
        (types.is_integer, pa.int64()),
        (types.is_boolean, known),
        (types.is_null, known),
        (types.is_string, known),
        (types.is_large_string, known),
        (types.is_string_view, known),
        (types.is_timestamp, pa.timestamp("us", tz="UTC")),
        (types.is_date, pa.date32()),
    ):
        if is_such(known):
            return readable
    raise file.unreadable(f"the column {name} does not hold single numbers, texts or times")
