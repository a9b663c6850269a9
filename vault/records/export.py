"""Writing the owner's rows to a file of their own, stripe by stripe."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

import pyarrow as pa
import pyarrow.compute as pc

from vault.errors.families import Invalid
from vault.records.collections import CollectionFacts
from vault.records.reading import ColumnReader
from vault.records.row_texts import csv_rows, json_rows
from vault.store.new_file import new_file
from vault.views.records import ExportReport

_Write = Callable[[pa.RecordBatch], None]

# What a spreadsheet takes for a formula (OWASP, "CSV injection"), in the full-width forms too.
_FORMULA: Final = "^[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
# What steers a terminal; ends of lines and tabs are ordinary text.
_CONTROL: Final = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0080-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
_SHOWN: Final = "\N{REPLACEMENT CHARACTER}"


@dataclass(slots=True, kw_only=True)
class _Found:
    """How many cells another program may act on instead of showing them."""

    formulas: int = 0
    controls: int = 0


def export_rows(
    reader: ColumnReader, facts: CollectionFacts, target: Path, as_format: str,
    progress: Callable[[int, int], None] = lambda _done, _of: None, *, safe_for_spreadsheets: bool = False,
) -> ExportReport:  # fmt: skip
    """Write every row to a new file that only its owner can read (0600), and say what is in it.

    ``as_format`` is ``csv`` (RFC 4180, UTF-8; an empty text and a null are the same there) or ``jsonl``. A CSV file
    that is to be safe has an apostrophe before each text that a spreadsheet would take for a formula, and a mark in the
    place of what steers a terminal. Raises Invalid for another format, as ``new_file``, Damaged. A file that
    could not be finished is removed. ``progress`` is told the rows written.
    """
    check_form(as_format, safe_for_spreadsheets=safe_for_spreadsheets)
    names = [field.name for field in facts.fields]
    found = _Found()
    with new_file(target) as file:
        is_csv = as_format == "csv"
        write = (
            _csv_writer(file, names, found, is_safe=safe_for_spreadsheets) if is_csv else _json_writer(file)
        )
        done = 0
        for stripe in reader.stripes(names):
            progress(done, reader.rows)
            write(stripe)
            done += stripe.num_rows
        progress(done, reader.rows)
    return ExportReport(
        rows=reader.rows, formulas=found.formulas, controls=found.controls, is_safe=safe_for_spreadsheets
    )


def check_form(as_format: str, *, safe_for_spreadsheets: bool) -> None:
    """Raise Invalid for a form in which nothing is exported."""
    if as_format not in ("csv", "jsonl"):
        raise Invalid(reason=f"there is no export as {as_format}, only as csv or jsonl")
    if safe_for_spreadsheets and as_format != "csv":
        raise Invalid(reason="only a CSV file is made safe for spreadsheets")


def _csv_writer(file: TextIO, names: list[str], found: _Found, *, is_safe: bool) -> _Write:
    header = _checked(pa.array(names, pa.string()), found, is_safe=is_safe).to_pylist()
    # The header is quoted whole, so that no other separator can be read into a name.
    csv.writer(file, quoting=csv.QUOTE_ALL).writerow(header)
    file.flush()  # what follows goes past its buffer

    def write(stripe: pa.RecordBatch) -> None:
        checked = [_checked(column, found, is_safe=is_safe) for column in stripe.columns]
        file.buffer.writelines(csv_rows(checked))

    return write


def _checked(column: pa.Array, found: _Found, *, is_safe: bool) -> pa.Array:
    """Count what another program may act on, and disarm it if the file is to be safe."""
    if not pa.types.is_string(column.type):
        return column
    formulas = pc.fill_null(pc.match_substring_regex(column, _FORMULA), False)
    found.formulas += pc.sum(formulas).as_py() or 0
    found.controls += pc.sum(pc.match_substring_regex(column, _CONTROL)).as_py() or 0
    if not is_safe:
        return column
    armed = pc.replace_substring_regex(column, _CONTROL, _SHOWN)
    return pc.if_else(formulas, pc.binary_join_element_wise("'", armed, ""), armed)


def _json_writer(file: TextIO) -> _Write:
    def write(stripe: pa.RecordBatch) -> None:
        file.buffer.writelines(json_rows(stripe.schema.names, stripe.columns))

    return write
