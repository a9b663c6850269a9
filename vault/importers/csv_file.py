"""CSV (RFC 4180) with a header; commas, semicolons, tabs or bars between the cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from vault.errors.records import Unreadable
from vault.importers.column_wishes import ColumnWishes
from vault.importers.encoding import encoding_of
from vault.importers.source import BATCH_ROWS, Columns, File, RawBatch, Source, columns_of
from vault.views.field_types import RefusedRow

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LOOK_ROWS = 20


def open_csv(file: File, wishes: ColumnWishes) -> Source:
    """Read the header of a CSV file; raises Unreadable for what is no CSV, also while rows are read."""
    encoding, said = encoding_of(file)
    separator = _separator(file, encoding)
    _, header = next(_rows(file, encoding, separator), (1, []))
    if separator != ",":
        said = (*said, f"The cells are taken to be separated by {_SEPARATORS[separator]}.")
    columns = columns_of(header, file, wishes)
    return Source(
        names=columns.names,
        batches=lambda: _batches(file, encoding, separator, columns),
        has_types=False,
        notes=said,
    )


def _batches(file: File, encoding: str, separator: str, kept: Columns) -> Iterator[RawBatch]:
    width = kept.width
    rows = _rows(file, encoding, separator, is_one_column=width == 1)
    next(rows)
    while some := list(islice(rows, BATCH_ROWS)):
        whole = [(line, row) for line, row in some if len(row) == width]
        refused = [
            RefusedRow(line=line, reason=f"{len(row)} cells where the header has {width}")
            for line, row in some
            if len(row) != width
        ]
        cells = list(zip(*(row for _, row in whole), strict=True)) or [()] * width
        columns = [_column(cells[place]) for place in kept.places]
        yield RawBatch(lines=[line for line, _ in whole], columns=columns, refused=refused)


def _column(cells: Sequence[str]) -> pa.Array:
    """An empty cell is a null: CSV has no other way to say "not known"."""
    texts = pa.array(cells, type=pa.string())
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _rows(
    file: File, encoding: str, separator: str, *, is_one_column: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Every row with the line it starts on; a quoted cell may run over several lines.

    A blank line is no row, but where there is one column and a row follows: there it is an empty cell.
    """
    text = io.TextIOWrapper(io.BytesIO(file.data), encoding=encoding, newline="")
    reader = csv.reader(text, delimiter=separator, strict=True)
    line, blank = 1, list[int]()
    try:
        for row in reader:
            if row:
                yield from ((number, [""]) for number in blank)
                blank.clear()
                yield line, row
            elif is_one_column:
                blank.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise file.unreadable(
            f"in the row of line {line} a quote is not closed or a cell is too long"
        ) from error


def _separator(file: File, encoding: str) -> str:
    """The separator that gives the most columns, best if it gives every row as many."""
    looks = {separator: _look(file, encoding, separator) for separator in _SEPARATORS}
    return max(looks, key=looks.__getitem__)


def _look(file: File, encoding: str, separator: str) -> tuple[bool, int]:
    """Whether the first rows all have as many cells, more than one, and how many the header has."""
    widths: list[int] = []
    try:
        for _, row in islice(_rows(file, encoding, separator), _LOOK_ROWS):
            widths.append(len(row))
    except Unreadable:
        widths.append(0)
    width = widths[0] if widths else 0
    return width > 1 and set(widths) == {width}, width
