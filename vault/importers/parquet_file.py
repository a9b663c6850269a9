"""Apache Parquet, through pyarrow; plain columns and lists of numbers, no structs or bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vault.importers.column_wishes import ColumnWishes
from vault.importers.source import BATCH_ROWS, MOST_ROWS, File, RawBatch, Source, columns_of
from vault.importers.wishes import AS_FOUND, FileWishes, refuse_wishes

_ALWAYS_UNPACKED: Final = 256 * 2**20
_MOST_PACKED: Final = 250
_PLAIN_ROW: Final = 16
_FEW_ROWS: Final = 512


def open_parquet(file: File, wishes: ColumnWishes, said: FileWishes = AS_FOUND) -> Source:
    """Read the schema; raises Unreadable for damage and for columns whose values are not single ones."""
    given = {
        "skip-lines": said.skip_lines,
        "separator": said.separator,
        "encoding": said.encoding,
        "flatten": said.flatten or None,
    }
    refuse_wishes("Parquet", given)
    try:
        schema, rows = _shape(file)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise file.unreadable("it is damaged or not Parquet") from error
    columns = columns_of(schema.names, file, wishes)
    if rows > MOST_ROWS:
        raise file.unreadable(f"it has more than {MOST_ROWS:,} rows")
    kept = {
        place: (name, schema.field(place).type)
        for place, name in zip(columns.places, columns.names, strict=True)
    }
    types = {place: (name, _readable_type(file, name, known)) for place, (name, known) in kept.items()}
    notes = [note for name, known in kept.values() for note in _notes(name, known)]
    return Source(
        names=columns.names,
        called=columns.called,
        joined=columns.joined,
        batches=lambda: _batches(file, types),
        has_types=True,
        notes=tuple(notes),
    )


def _notes(name: str, known: pa.DataType) -> Iterator[str]:
    """What is said of a column of times."""
    if pa.types.is_timestamp(known) and known.unit == "ns":
        yield f"The times in {name} are kept to the microsecond: what is finer is left off."


def _opened(file: File) -> pq.ParquetFile:
    """The reader; it holds every page against its checksum, and old times (INT96) are not squeezed into nanoseconds."""
    return pq.ParquetFile(
        pa.BufferReader(file.data), page_checksum_verification=True, coerce_int96_timestamp_unit="us"
    )


def _shape(file: File) -> tuple[pa.Schema, int]:
    with _opened(file) as parquet:
        return parquet.schema_arrow, parquet.metadata.num_rows


def _batches(file: File, types: Mapping[int, tuple[str, pa.DataType]]) -> Iterator[RawBatch]:
    """The rows; raises Unreadable for damage, and for a file of far more values than its bytes can tell apart."""
    first, room = 1, _ALWAYS_UNPACKED + _MOST_PACKED * len(file.data)
    try:
        with _opened(file) as parquet:
            for batch in parquet.iter_batches(batch_size=_rows_at_once(file, parquet)):
                columns = [_read(file, batch.column(place), *known) for place, known in types.items()]
                room -= sum(column.nbytes for column in columns)
                if room < 0:
                    raise file.unreadable("it unpacks to far more than a table does")
                yield RawBatch(lines=range(first, first + batch.num_rows), columns=columns)
                first += batch.num_rows
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise file.unreadable("it is damaged, or holds times that no calendar has") from error


def _read(file: File, column: pa.Array, name: str, known: pa.DataType) -> pa.Array:
    """One column of some rows; raises Unreadable for lists of numbers that no double holds."""
    if pa.types.is_list(known) and pa.types.is_integer(column.type.value_type):
        try:
            return _checked(_cast(column, known))
        except pa.ArrowInvalid as error:
            raise file.unreadable(
                f"the column {name} holds lists with whole numbers beyond 2^53, which a vector does not keep exactly; "
                "leave it out with --drop"
            ) from error
    return _checked(_cast(column, known))


def _rows_at_once(file: File, parquet: pq.ParquetFile) -> int:
    """Few rows of a file that says much in few bytes: they are looked at before there are more of them."""
    is_dense = len(file.data) >= _PLAIN_ROW * parquet.metadata.num_rows
    return BATCH_ROWS if is_dense else _FEW_ROWS


def _cast(column: pa.Array, known: pa.DataType) -> pa.Array:
    """Only what is finer than a microsecond may be lost; what would be another time is refused."""
    is_fine = pa.types.is_timestamp(column.type) and column.type.unit == "ns"
    return column.cast(known, safe=not is_fine)


def _checked(column: pa.Array) -> pa.Array:
    """The column, if its times are of years 1 to 9999 and its texts are UTF-8 of a length that is kept."""
    column.validate(full=True)
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        found = pc.min_max(pc.year(column)).as_py()
        if found["min"] is not None and not 1 <= found["min"] <= found["max"] <= 9999:
            raise ValueError
    return column


def _is_list(known: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(known) or pa.types.is_large_list(known) or pa.types.is_fixed_size_list(known)
    )


def _readable_type(file: File, name: str, known: pa.DataType) -> pa.DataType:
    """The type it is read in; nanoseconds are cut to microseconds, the finest step that is kept."""
    types = pa.types
    if types.is_timestamp(known):
        return pa.timestamp("us", tz="UTC" if known.tz else None)
    if _is_list(known) and (types.is_floating(known.value_type) or types.is_integer(known.value_type)):
        return pa.list_(pa.float64())
    if types.is_dictionary(known):
        return _readable_type(file, name, known.value_type)
    for is_such, readable in (
        (types.is_floating, pa.float64()),
        (types.is_decimal, known),
        (types.is_uint64, pa.decimal128(20, 0)),
        (types.is_integer, pa.int64()),
        (types.is_boolean, known),
        (types.is_null, known),
        (types.is_string, known),
        (types.is_large_string, pa.string()),
        (types.is_string_view, pa.string()),
        (types.is_date, pa.date32()),
    ):
        if is_such(known):
            return readable
    raise file.unreadable(
        f"the column {name} does not hold single numbers, texts or times; leave it out with --drop"
    )
