"""CSV without a quote in it: each line is a row, and each separator ends a cell, so whole blocks are cut at once."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from vault.importers.counted import counted
from vault.importers.source import Columns, File, RawBatch
from vault.importers.values import LONGEST_TEXT
from vault.views.field_types import RefusedRow

BLOCK: Final = 1 << 20
"""Bytes."""
_ASCII_IN_ONE_BYTE: Final = frozenset(("ascii", "utf-8", "utf-8-sig", "cp1252", "latin-1", "iso8859-1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainLines:
    """Where the rows below the header begin, in bytes and in lines."""

    file: File
    encoding: str
    separator: str
    start: int
    line: int


def plain_lines(file: File, *, encoding: str, separator: str, skipped: int, width: int) -> PlainLines | None:
    """The file as plain lines; None where only a reader of CSV can cut it: by quotes, odd line ends or blank lines."""
    data = file.data
    is_plain = encoding in _ASCII_IN_ONE_BYTE and separator.isascii() and width > 1
    if not is_plain or b'"' in data or data.count(b"\r") != data.count(b"\r\n"):
        return None
    start = len(BOM_UTF8) if data.startswith(BOM_UTF8) else 0
    for _ in range(skipped):
        start = data.find(b"\n", start) + 1
        if not start:
            return None
    end = data.find(b"\n", start)
    if end < 0 or data[start:end] in (b"", b"\r"):
        return None
    return PlainLines(
        file=file,
        encoding=encoding.removesuffix("-sig"),
        separator=separator,
        start=end + 1,
        line=skipped + 2,
    )


def plain_batches(lines: PlainLines, kept: Columns) -> Iterator[RawBatch]:
    """The rows in blocks, as a reader of CSV would give them; raises Unreadable for a cell that is too long."""
    first = lines.line
    for block in _blocks(lines):
        texts = pa.array(block.split("\n"), type=pa.string())
        yield _batch(lines, kept, texts, first)
        first += len(texts)


def _blocks(lines: PlainLines) -> Iterator[str]:
    data, start = lines.file.data, lines.start
    while start < len(data):
        end = data.rfind(b"\n", start, start + BLOCK)
        if end < 0:
            end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        yield data[start:end].decode(lines.encoding).replace("\r", "")
        start = end + 1


def _batch(lines: PlainLines, kept: Columns, texts: pa.Array, first: int) -> RawBatch:
    found = pc.add(pc.count_substring(texts, lines.separator), 1)
    is_whole = pc.and_(pc.equal(found, kept.width), pc.not_equal(texts, ""))
    numbers = range(first, first + len(texts))
    cells = pc.list_flatten(pc.split_pattern(texts.filter(is_whole), lines.separator))
    _check_lengths(lines, texts, first)
    columns = [_column(cells, place, kept.width) for place in kept.places]
    if pc.all(is_whole, min_count=0).as_py():
        return RawBatch(lines=numbers, columns=columns)
    flags = is_whole.to_pylist()
    refused = [
        RefusedRow(line=line, reason=f"{counted(count, 'cell', 'cells')} where the header has {kept.width}")
        for line, text, count, flag in zip(numbers, texts.to_pylist(), found.to_pylist(), flags, strict=True)
        if text and not flag
    ]
    whole = [line for line, flag in zip(numbers, flags, strict=True) if flag]
    return RawBatch(lines=whole, columns=columns, refused=refused)


def _check_lengths(lines: PlainLines, texts: pa.Array, first: int) -> None:
    """Refuse a cell that a reader of CSV would refuse."""
    if (pc.max(pc.utf8_length(texts)).as_py() or 0) <= LONGEST_TEXT:
        return
    for number, text in enumerate(texts.to_pylist(), start=first):
        if max(map(len, text.split(lines.separator))) > LONGEST_TEXT:
            raise lines.file.unreadable(
                f"in the row of line {number} a quote is not closed or a cell is too long"
            )


def _column(cells: pa.Array, place: int, width: int) -> pa.Array:
    """Every so many-th cell; an empty one is a null: CSV has no other way to say "not known"."""
    texts = cells.take(pa.array(range(place, len(cells), width), type=pa.int64()))
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
