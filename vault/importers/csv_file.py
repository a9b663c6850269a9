"""CSV (RFC 4180) with a header; commas, semicolons, tabs or bars between the cells."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from vault.errors.records import Unreadable
from vault.importers.column_wishes import ColumnWishes
from vault.importers.counted import counted
from vault.importers.encoding import encoding_of
from vault.importers.plain_lines import plain_batches, plain_lines
from vault.importers.source import BATCH_ROWS, Columns, File, RawBatch, Source, columns_of
from vault.importers.values import LONGEST_TEXT
from vault.importers.wishes import AS_FOUND, SEPARATORS, FileWishes, refuse_wishes
from vault.views.field_types import RefusedRow

_NAMES: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LOOK_ROWS: Final = 40
_TOLD_BY_EXCEL: Final = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """How a file is cut into rows and cells."""

    encoding: str
    separator: str
    skipped: int = 0


def open_csv(file: File, wishes: ColumnWishes, said: FileWishes = AS_FOUND) -> Source:
    """Read the header of a CSV file; raises Unreadable for what is no CSV, also while rows are read."""
    refuse_wishes("CSV", {"flatten": said.flatten or None})
    form, notes = _form(file, said)
    _, header = next(_rows(file, form), (1, []))
    columns = columns_of(header, file, wishes)
    return Source(
        names=columns.names,
        called=columns.called,
        batches=lambda: _batches(file, form, columns),
        has_types=False,
        encoding=said.encoding or ("" if file.data.isascii() else form.encoding),
        separator=form.separator,
        skipped=said.skip_lines or 0,
        notes=notes,
    )


def _form(file: File, said: FileWishes) -> tuple[_Form, tuple[str, ...]]:
    encoding, notes = encoding_of(file, said.encoding)
    skipped = said.skip_lines or 0
    first = next(iter(_text(file, _Form(encoding=encoding, separator=",", skipped=skipped))), "")
    told = _told_separator(first)
    # a header that is quoted was written by a program, and by none that puts lines before it
    may_have_preamble = said.skip_lines is None and not told and not first.startswith('"')
    separator = said.separator or told
    separator = separator or _separator(file, encoding, skipped, may_have_preamble=may_have_preamble)
    form = _Form(encoding=encoding, separator=separator, skipped=skipped + bool(told))
    if may_have_preamble:
        _refuse_preamble(file, form)
    if separator != "," and not said.separator:
        name = _NAMES.get(separator, f"the sign {separator}")
        notes = (*notes, f"The cells are taken to be separated by {name}.")
    return form, notes


def _told_separator(line: str) -> str:
    """The separator that a spreadsheet names in a line before the header."""
    found = _TOLD_BY_EXCEL.fullmatch(line)
    return found[1] if found else ""


def _refuse_preamble(file: File, form: _Form) -> None:
    """Raise Unreadable where the table seems to begin below the first line; how far is said."""
    looked = _look(file, form)
    widths = [width for _, width in looked]
    usual = max(set(widths), key=widths.count, default=0)
    if not looked or usual < 2 or widths[0] == usual or widths.count(usual) < len(widths) / 2:
        return
    line = looked[widths.index(usual)][0]
    lines = "1 line" if line == 2 else f"{line - 1} lines"
    raise file.unreadable(
        f"the table seems to begin below {lines} of something else; leave them out with --skip-lines {line - 1}, "
        "or read all with --skip-lines 0"
    )


def _batches(file: File, form: _Form, kept: Columns) -> Iterator[RawBatch]:
    width = kept.width
    plain = plain_lines(
        file, encoding=form.encoding, separator=form.separator, skipped=form.skipped, width=width
    )
    if plain is not None:
        yield from plain_batches(plain, kept)
        return
    rows = _rows(file, form, is_one_column=width == 1)
    next(rows)
    while some := list(islice(rows, BATCH_ROWS)):
        whole = [(line, row) for line, row in some if len(row) == width]
        refused = [
            RefusedRow(line=line, reason=f"{counted(len(row), 'cell', 'cells')} where the header has {width}")
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


def _text(file: File, form: _Form) -> io.TextIOWrapper:
    """The text behind the lines that are skipped."""
    text = io.TextIOWrapper(io.BytesIO(file.data), encoding=form.encoding, newline="")
    for _ in range(form.skipped):
        if not text.readline():
            break
    return text


def _rows(file: File, form: _Form, *, is_one_column: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Every row with the line it starts on; a quoted cell may run over several lines.

    A blank line is no row, but where there is one column and a row follows: there it is an empty cell.
    """
    csv.field_size_limit(LONGEST_TEXT)  # of the whole process, and readers of other files set their own
    reader = csv.reader(_text(file, form), delimiter=form.separator, strict=True)
    line, blank = 1 + form.skipped, list[int]()
    try:
        for row in reader:
            if row:
                yield from ((number, [""]) for number in blank)
                blank.clear()
                yield line, row
            elif is_one_column:
                blank.append(line)
            line = reader.line_num + 1 + form.skipped
    except csv.Error as error:
        raise file.unreadable(
            f"in the row of line {line} a quote is not closed or a cell is too long"
        ) from error


def _separator(file: File, encoding: str, skipped: int, *, may_have_preamble: bool) -> str:
    """The separator that gives the most columns, best if it gives every row as many."""
    forms = [_Form(encoding=encoding, separator=each, skipped=skipped) for each in SEPARATORS.values()]
    best = max(forms, key=lambda form: _fitness(_look(file, form), counts_below=may_have_preamble))
    return best.separator


def _fitness(looked: list[tuple[int, int]], *, counts_below: bool) -> tuple[bool, int, int]:
    """Whether the first rows all have as many cells, more than one; how many the header has; how many most have."""
    widths = [width for _, width in looked] or [0]
    usual = max(set(widths), key=lambda width: (widths.count(width), width)) if counts_below else 0
    return widths[0] > 1 and set(widths) == {widths[0]}, widths[0], usual


def _look(file: File, form: _Form) -> list[tuple[int, int]]:
    """The lines of the first rows and how many cells they have, 0 for one that is no row."""
    found: list[tuple[int, int]] = []
    try:
        for line, row in islice(_rows(file, form), _LOOK_ROWS):
            found.append((line, len(row)))
    except Unreadable:
        found.append((0, 0))
    return found
