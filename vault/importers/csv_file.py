"""CSV (RFC 4180) with a header; commas, semicolons, tabs or bars between the cells."""

from __future__ import annotations

import re
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


def open_csv(file: File, wishes: ColumnWishes, said: FileWishes = AS_FOUND) -> Source:
    """Read the header of a CSV file; raises Unreadable for what is no CSV, also while rows are read."""
    refuse_wishes("CSV", {"flatten": said.flatten or None})
    form, notes = _form(file, said)
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


def _form(file: File, said: FileWishes) -> tuple[Form, tuple[str, ...]]:
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
        _refuse_preamble(file, form)
    if separator != "," and not said.separator:
        name = _NAMES.get(separator, f"the sign {separator}")
        notes = (*notes, f"The cells are taken to be separated by {name}.")
    return form, notes


def _told_separator(line: str) -> str:
    """The separator that a spreadsheet names in a line before the header."""
    found = _TOLD_BY_EXCEL.fullmatch(line)
    return found[1] if found else ""


def _refuse_preamble(file: File, form: Form) -> None:
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


def _separator(file: File, encoding: str, skipped: int, *, may_have_preamble: bool) -> str:
    """The separator that gives the most columns, best if it gives every row as many."""
    forms = [Form(encoding=encoding, separator=each, skipped=skipped) for each in SEPARATORS.values()]
    best = max(forms, key=lambda form: _fitness(_look(file, form), counts_below=may_have_preamble))
    return best.separator


def _fitness(looked: list[tuple[int, int]], *, counts_below: bool) -> tuple[bool, int, int]:
    """Whether the first rows all have as many cells, more than one; how many the header has; how many most have."""
    widths = [width for _, width in looked] or [0]
    usual = max(set(widths), key=lambda width: (widths.count(width), width)) if counts_below else 0
    return widths[0] > 1 and set(widths) == {widths[0]}, widths[0], usual


def _look(file: File, form: Form) -> list[tuple[int, int]]:
    """The lines of the first rows and how many cells they have, 0 for one that is no row."""
    found: list[tuple[int, int]] = []
    try:
        for line, row in islice(RowReader(file, form).rows(), _LOOK_ROWS):
            found.append((line, len(row)))
    except Unreadable:
        found.append((0, 0))
    return found
