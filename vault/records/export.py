"""Writing the owner's rows to a file of their own, stripe by stripe."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import TextIO

import pyarrow as pa

from vault.errors.families import Invalid
from vault.errors.storage import DiskFull
from vault.records.cells import cell
from vault.records.collections import CollectionFacts
from vault.records.reading import ColumnReader

_Write = Callable[[pa.RecordBatch], None]


def export_rows(
    reader: ColumnReader, facts: CollectionFacts, target: Path, as_format: str,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> int:  # fmt: skip
    """Write every row to a new file that only its owner can read (0600), and return their number.

    ``as_format`` is ``csv`` (RFC 4180, UTF-8; an empty text and a null are the same there) or ``jsonl``. Raises
    Invalid for another format, a file that is there already or a folder that is not; DiskFull; Damaged. A
    file that could not be finished is removed. ``progress`` is told the rows written.
    """
    if as_format not in ("csv", "jsonl"):
        raise Invalid(reason=f"there is no export as {as_format}, only as csv or jsonl")
    names = [field.name for field in facts.fields]
    with _new_file(target) as file:
        write = _csv_writer(file, names) if as_format == "csv" else _json_writer(file)
        done = 0
        for stripe in reader.stripes(names):
            progress(done, reader.rows)
            write(stripe)
            done += stripe.num_rows
        progress(done, reader.rows)
    return reader.rows


def _csv_writer(file: TextIO, names: list[str]) -> _Write:
    # The header is quoted whole, so that no other separator can be read into a name.
    csv.writer(file, quoting=csv.QUOTE_ALL).writerow(names)
    writer = csv.writer(file)

    def write(stripe: pa.RecordBatch) -> None:
        columns = [[cell(value) for value in column.to_pylist()] for column in stripe.columns]
        writer.writerows(zip(*columns, strict=True))

    return write


def _json_writer(file: TextIO) -> _Write:
    def write(stripe: pa.RecordBatch) -> None:
        for row in stripe.to_pylist():
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False, default=_json_time) + "\n")

    return write


def _json_time(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError
    return cell(value)


@contextmanager
def _new_file(target: Path) -> Iterator[TextIO]:
    """A file that was not there before; removed again when the block fails."""
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise Invalid(reason=f"there is already a file {target}") from error
    except OSError as error:
        raise Invalid(reason=f"no file can be made at {target}") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in (ENOSPC, EDQUOT):
            raise DiskFull from error
        raise
