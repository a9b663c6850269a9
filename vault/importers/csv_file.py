"""CSV (RFC 4180) with a header; commas, semicolons, tabs or bars between the cells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final

from vault.errors.records import Unreadable
from vault.importers.column_wishes import ColumnWishes
from vault.importers.csv_blocks import row_batches
from vault.importers.csv_rows import Form, RowReader, first_line
from vault.importers.encoding import encoding_of
from vault.importers.source import File, Source, columns_of
from vault.importers.wishes import AS_FOUND, SEPARATORS, FileWishes, refuse_wishes

_NAMES: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LOOK_ROWS: Final = 40
_TOLD_BY_EXCEL: Final = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """The line of a row, how many cells it has, and how many up to its last that is not empty."""

    line: int
    width: int
    filled: int


def open_csv(file: File, wishes: ColumnWishes, said: FileWishes = AS_FOUND) -> Source:
    """Read the header of a CSV file; raises Unreadable for what is no CSV, also while rows are read."""
    refuse_wishes("CSV", {"flatten": said.flatten or None})
    is_numbered = any(word.startswith("#") for word in (*wishes.drop, *wishes.rename))
    form, notes = _form(file, said, may_be_padded=not is_numbered)
    _, header = next(RowReader(file, form).rows(), (1, []))
    columns = columns_of(header, file, wishes)
    return Source(
        names=columns.names,
        called=columns.called,
        joined=columns.joined,
        batches=lambda: row_batches(file, form, columns),
        has_types=False,
        encoding=said.encoding or ("" if file.data.isascii() else form.encoding),
        separator=form.separator,
        skipped=said.skip_lines or 0,
        notes=notes,
    )


def _form(file: File, said: FileWishes, *, may_be_padded: bool) -> tuple[Form, tuple[str, ...]]:
    encoding, notes = encoding_of(file, said.encoding)
    skipped = said.skip_lines or 0
    first = first_line(file, Form(encoding=encoding, separator=",", skipped=skipped))
    told = _told_separator(first)
    # a header that is quoted was written by a program, and by none that puts lines before it
    may_have_preamble = said.skip_lines is None and not told and not first.startswith('"')
    separator = said.separator or told
    separator = separator or _separator(file, encoding, skipped, may_have_preamble=may_have_preamble)
    form = Form(encoding=encoding, separator=separator, skipped=skipped + bool(told))
    if may_have_preamble:
        _refuse_preamble(file, form, may_be_padded=may_be_padded)
    if separator != "," and not said.separator:
        name = _NAMES.get(separator, f"the sign {separator}")
        notes = (*notes, f"The cells are taken to be separated by {name}.")
    return form, notes


def _told_separator(line: str) -> str:
    """The separator that a spreadsheet names in a line before the header."""
    found = _TOLD_BY_EXCEL.fullmatch(line)
    return found[1] if found else ""


def _refuse_preamble(file: File, form: Form, *, may_be_padded: bool) -> None:
    """Raise Unreadable where the table seems to begin below the first line; how far is said.

    A spreadsheet pads a title with empty cells; it `may_be_padded` unless somebody names columns by their numbers.
    """
    looked = _look(file, form)
    at = _first_wide([one.width for one in looked])
    if not at and may_be_padded:
        at = _first_filled([one.filled for one in looked])
    if not at:
        return
    line = looked[at].line
    lines = "1 line" if line == 2 else f"{line - 1} lines"
    raise file.unreadable(
        f"the table seems to begin below {lines} of something else; leave them out with --skip-lines {line - 1}, "
        "or read all with --skip-lines 0"
    )


def _first_wide(widths: list[int]) -> int:
    """The first row that has as many cells as most rows; 0 where nothing seems to stand above the table."""
    usual = max(set(widths), key=widths.count, default=0)
    return widths.index(usual) if usual > 1 and widths.count(usual) >= len(widths) / 2 else 0


def _first_filled(filled: list[int]) -> int:
    """The first row with as many cells before its last empty ones as most rows have, below one with a single cell."""
    usual = max(set(filled), key=filled.count, default=0)
    if usual < 2 or filled[0] > 1:
        return 0
    return next(place for place, one in enumerate(filled) if one >= usual)


def _separator(file: File, encoding: str, skipped: int, *, may_have_preamble: bool) -> str:
    """The separator that gives the most columns, best if it gives every row as many."""
    forms = [Form(encoding=encoding, separator=each, skipped=skipped) for each in SEPARATORS.values()]
    best = max(forms, key=lambda form: _fitness(_look(file, form), counts_below=may_have_preamble))
    return best.separator


def _fitness(looked: list[_Looked], *, counts_below: bool) -> tuple[bool, int, int]:
    """Whether the first rows all have as many cells, more than one; how many the header has; how many most have."""
    widths = [one.width for one in looked] or [0]
    usual = max(set(widths), key=lambda width: (widths.count(width), width)) if counts_below else 0
    return widths[0] > 1 and set(widths) == {widths[0]}, widths[0], usual


def _look(file: File, form: Form) -> list[_Looked]:
    """The first rows; one that is no row has no cells."""
    found: list[_Looked] = []
    try:
        for line, row in islice(RowReader(file, form).rows(), _LOOK_ROWS):
            filled = max((place for place, cell in enumerate(row, 1) if cell.strip()), default=0)
            found.append(_Looked(line=line, width=len(row), filled=filled))
    except Unreadable:
        found.append(_Looked(line=0, width=0, filled=0))
    return found
