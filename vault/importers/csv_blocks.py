"""The rows of a CSV file a block at a time, cut by Arrow, in the same way as Python's own reader cuts them.

Where the quotes stand as in RFC 4180, a byte is within a cell if the number of quotes before it is odd. So rows, their
lines and the numbers of their cells are known before a block is cut; a block of any other form is left to that reader.
"""

from __future__ import annotations

from array import array
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from vault.importers.counted import counted
from vault.importers.csv_rows import Form, Place, Row, RowReader
from vault.importers.source import BATCH_ROWS, Columns, File, RawBatch
from vault.importers.values import LONGEST_TEXT
from vault.views.field_types import RefusedRow

BLOCK: Final = 1 << 20
"""Bytes."""
_QUOTE, _CR, _LF = b'"\r\n'

Numbers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

# Python's own handlers go on deciding what Ctrl-C does, between blocks; Arrow's would keep a pipe open besides.
pa.enable_signal_handlers(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signs:
    """Where separators, quotes and line feeds stand in whole rows, and which end a cell; `ends` are those of rows."""

    text: Bytes
    places: Numbers
    kinds: Bytes
    is_outside: npt.NDArray[np.bool_]
    ends: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Whole rows: their bytes, for each its line and how many cells it has, 0 for a blank line, and what follows."""

    text: pa.Buffer
    lines: Numbers
    widths: Numbers
    end: Place


def row_batches(file: File, form: Form, kept: Columns) -> Iterator[RawBatch]:
    """The rows below the header; raises Unreadable for what is no CSV."""
    reader = RowReader(file, form)
    next(reader.rows(), None)
    if kept.width == 1 or not form.has_bytes:
        yield from _batches(reader.rows(is_one_column=kept.width == 1), kept)
        return
    place = reader.place()
    while place.byte < len(file.data):
        block = _block(file, form, place)
        batch = None if block is None else _cut(block, form, kept)
        if block is not None and batch is not None:
            yield batch
            place = block.end
        else:
            reader = RowReader(file, form, place)
            yield from _batches(_until(reader, place.byte + BLOCK), kept)
            place = reader.place()


# row by row ---------------------------------------------------------------------------------------------------


def _until(reader: RowReader, byte: int) -> Iterator[Row]:
    for row in reader.rows():
        yield row
        if reader.place().byte >= byte:
            break


def _batches(rows: Iterator[Row], kept: Columns) -> Iterator[RawBatch]:
    while some := list(islice(rows, BATCH_ROWS)):
        whole = [(line, row) for line, row in some if len(row) == kept.width]
        cells = list(zip(*(row for _, row in whole), strict=True)) or [()] * kept.width
        yield RawBatch(
            lines=[line for line, _ in whole],
            columns=[_column(cells[place]) for place in kept.places],
            refused=[_ragged(line, len(row), kept) for line, row in some if len(row) != kept.width],
        )


def _column(cells: Sequence[str]) -> pa.Array:
    """An empty cell is a null: CSV has no other way to say "not known"."""
    texts = pa.array(cells, type=pa.string())
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _ragged(line: int, cells: int, kept: Columns) -> RefusedRow:
    return RefusedRow(
        line=line, reason=f"{counted(cells, 'cell', 'cells')} where the header has {kept.width}"
    )


# block by block -----------------------------------------------------------------------------------------------


def _block(file: File, form: Form, start: Place) -> _Block | None:
    """The next block of whole rows; None where only a reader of CSV can say where they end, or one seems too long."""
    data, begin = file.data, start.byte
    view = np.frombuffer(data, np.uint8, min(BLOCK, len(data) - begin), begin)
    signs = _signs(view, ord(form.separator))
    if signs is None or data.startswith(BOM_UTF8, begin):  # which Arrow would take for a mark
        return None
    size = len(signs.text)
    if _has_lone_cr(data, begin, begin + size) or not _are_cells(signs, ord(form.separator)):
        return None
    newlines = np.cumsum(signs.kinds == _LF)
    return _Block(
        text=_in_utf8(data, begin, size, form),
        lines=start.line + np.concatenate(([0], newlines[signs.ends[:-1]])),
        widths=_widths(signs),
        end=Place(byte=begin + size, line=start.line + int(newlines[-1])),
    )


def _signs(view: Bytes, separator: int) -> _Signs | None:
    """The signs of all whole rows that begin a text; None where none of them ends in it."""
    places = np.flatnonzero((view == separator) | (view == _LF) | (view == _QUOTE))
    kinds = view[places]
    is_quote = kinds == _QUOTE
    is_outside = ~np.logical_xor.accumulate(is_quote) & ~is_quote
    ends = np.flatnonzero(is_outside & (kinds == _LF))
    if not len(ends):
        return None
    count, size = int(ends[-1]) + 1, int(places[ends[-1]]) + 1
    return _Signs(
        text=view[:size], places=places[:count], kinds=kinds[:count], is_outside=is_outside[:count], ends=ends
    )


def _has_lone_cr(data: bytes, start: int, end: int) -> bool:
    found = data.find(b"\r", start, end) >= 0
    return found and data.count(b"\r", start, end) != data.count(b"\r\n", start, end)


def _are_cells(signs: _Signs, separator: int) -> bool:
    """Whether no cell is too long, and each quote opens one, closes it, or is one of two in it that stand for one."""
    quotes = signs.places[signs.kinds == _QUOTE]
    opening, closing = quotes[::2], quotes[1::2]
    before, behind = signs.text[opening[opening > 0] - 1], signs.text[closing + 1]
    are_plain = all(
        np.all((beside == separator) | (beside == _LF) | (beside == _QUOTE) | (beside == more))
        for beside, more in ((before, _LF), (behind, _CR))
    )
    return are_plain and bool(np.diff(signs.places[signs.is_outside], prepend=-1).max() <= LONGEST_TEXT)


def _widths(signs: _Signs) -> Numbers:
    """How many cells each row has: those up to its end without those up to the end of the one before."""
    ends = signs.places[signs.ends]
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts
    is_blank = (lengths == 0) | ((lengths == 1) & (signs.text[starts] == _CR))
    widths: Numbers = np.where(is_blank, 0, np.diff(np.cumsum(signs.is_outside)[signs.ends], prepend=0))
    return widths


def _in_utf8(data: bytes, start: int, size: int, form: Form) -> pa.Buffer:
    if form.encoding_below in ("ascii", "utf-8"):
        return pa.py_buffer(data).slice(start, size)
    return pa.py_buffer(data[start : start + size].decode(form.encoding_below).encode())


def _cut(block: _Block, form: Form, kept: Columns) -> RawBatch | None:
    """The cells of the rows that have as many as the header; None if Arrow finds others."""
    is_whole, is_ragged = block.widths == kept.width, (block.widths != kept.width) & (block.widths > 0)
    columns = _columns(block.text, form, kept) if is_whole.any() else [_column(())] * len(kept.places)
    if any(len(column) != np.count_nonzero(is_whole) for column in columns):
        return None
    ragged = zip(block.lines[is_ragged].tolist(), block.widths[is_ragged].tolist(), strict=True)
    return RawBatch(
        lines=array("q", block.lines[is_whole].tobytes()),
        columns=columns,
        refused=[_ragged(line, cells, kept) for line, cells in ragged],
    )


def _columns(text: pa.Buffer, form: Form, kept: Columns) -> list[pa.Array]:
    """The cells as they are spelled, an empty one as a null; rows of another number of cells are left out."""
    wanted = [str(place) for place in kept.places]
    table = pyarrow.csv.read_csv(
        pa.BufferReader(text),
        read_options=pyarrow.csv.ReadOptions(
            use_threads=False,
            block_size=text.size + 1,
            column_names=[str(place) for place in range(kept.width)],
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=form.separator, newlines_in_values=True, invalid_row_handler=lambda _row: "skip"
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(wanted, pa.string()),
            include_columns=wanted,
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    return [column.combine_chunks() for column in table.columns]
