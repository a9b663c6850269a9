"""The rows of a CSV file one by one, as Python's own reader cuts them, from any row on."""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vault.importers.source import File
from vault.importers.values import LONGEST_TEXT

Row = tuple[int, list[str]]
# Where a byte below 128 stands, there stands its sign of ASCII, and no other way of writing the same text.
_ASCII_IN_ONE_BYTE: Final = frozenset(
    (
        "ascii",
        "utf-8",
        "utf-8-sig",
        "latin-1",
        "iso8859-1",
        "iso8859_2",
        "iso8859-2",
        "iso8859_15",
        "iso8859-15",
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "koi8_r",
        "koi8-r",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a file is cut into rows and cells."""

    encoding: str
    separator: str
    skipped: int = 0

    @property
    def encoding_below(self) -> str:
        """That of the text below its first sign, which may be a mark."""
        return self.encoding.removesuffix("-sig")

    @property
    def has_bytes(self) -> bool:
        """Whether lines and cells end at a byte that stands for nothing else."""
        return self.encoding in _ASCII_IN_ONE_BYTE and self.separator.isascii()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The first byte of a row, and its line."""

    byte: int
    line: int


TOP: Final = Place(byte=0, line=1)


class RowReader:
    """Goes through the rows from a place on."""

    def __init__(self, file: File, form: Form, start: Place = TOP) -> None:
        """At the top of a file the lines that are skipped are gone through."""
        is_top = start == TOP
        self._file, self._form = file, form
        self._text = _opened(file.data, form.encoding if is_top else form.encoding_below, start.byte)
        has_mark = is_top and form.encoding != form.encoding_below and file.data.startswith(BOM_UTF8)
        self._byte, self._line = start.byte + (len(BOM_UTF8) if has_mark else 0), start.line
        for _ in range(form.skipped if is_top else 0):
            if not next(self._lines(), ""):
                break
            self._line += 1

    def rows(self, *, is_one_column: bool = False) -> Iterator[Row]:
        """Every row with the line it starts on; a quoted cell may run over several lines.

        A blank line is no row, but where there is one column and a row follows: there it is an empty cell. Raises
        Unreadable for what is no CSV.
        """
        csv.field_size_limit(LONGEST_TEXT)  # of the whole process, and readers of other files set their own
        reader = csv.reader(self._lines(), delimiter=self._form.separator, strict=True)
        first, blank = self._line, list[int]()
        try:
            for row in reader:
                line, self._line = self._line, first + reader.line_num
                if row:
                    yield from ((number, [""]) for number in blank)
                    blank.clear()
                    yield line, row
                elif is_one_column:
                    blank.append(line)
        except csv.Error as error:
            raise self._file.unreadable(
                f"in the row of line {self._line} a quote is not closed or a cell is too long"
            ) from error

    def place(self) -> Place:
        """Where the next row begins, in a form that has bytes."""
        return Place(byte=self._byte, line=self._line)

    def _lines(self) -> Iterator[str]:
        for line in self._text:
            if self._form.has_bytes:
                self._byte += len(line) if line.isascii() else len(line.encode(self._form.encoding_below))
            yield line


def first_line(file: File, form: Form) -> str:
    """The line below those that are skipped."""
    text = _opened(file.data, form.encoding, 0)
    for _ in range(form.skipped):
        if not text.readline():
            break
    return text.readline()


def _opened(data: bytes, encoding: str, byte: int) -> io.TextIOWrapper:
    stream = io.BytesIO(data)  # shares the bytes
    stream.seek(byte)
    return io.TextIOWrapper(stream, encoding=encoding, newline="")
