"""JSON Lines: one object a line, in UTF-8; single values only, nothing nested."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from itertools import islice

from vault.importers.source import (
    BATCH_ROWS,
    MOST_COLUMNS,
    File,
    RawBatch,
    Source,
    array_or_list,
    column_names,
)
from vault.strict_json import DuplicateKey, NotFinite, strict_loads
from vault.views.field_types import RefusedRow

_LONGEST_LINE = 8 * 2**20


def open_json_lines(file: File) -> Source:
    """Find every name that a line of the file uses; raises Unreadable when no line holds an object."""
    keys = _keys(file)
    names = column_names(keys, file)
    return Source(names=names, batches=lambda: _batches(file, keys), has_types=True)


def _keys(file: File) -> list[str]:
    keys: dict[str, None] = {}
    for _, row in _rows(file):
        if isinstance(row, dict):
            keys.update(dict.fromkeys(row))
        if len(keys) > MOST_COLUMNS:
            raise file.unreadable(f"it uses more than {MOST_COLUMNS} names")
    if not keys:
        raise file.unreadable("no line holds a JSON object; a list of objects must be written one a line")
    return list(keys)


def _batches(file: File, keys: list[str]) -> Iterator[RawBatch]:
    rows = _rows(file)
    while some := list(islice(rows, BATCH_ROWS)):
        whole = [(line, row) for line, row in some if isinstance(row, dict)]
        yield RawBatch(
            lines=[line for line, _ in whole],
            columns=[array_or_list([row.get(key) for _, row in whole]) for key in keys],
            refused=[RefusedRow(line=line, reason=row) for line, row in some if isinstance(row, str)],
        )


def _rows(file: File) -> Iterator[tuple[int, dict[str, object] | str]]:
    """Every line that is not blank with its number: the object, or the reason why it is refused."""
    lines = io.BytesIO(file.data.removeprefix(codecs.BOM_UTF8))
    for number, line in enumerate(lines, start=1):
        if not line.isspace():
            yield number, _row(line)


def _row(line: bytes) -> dict[str, object] | str:
    if len(line) > _LONGEST_LINE:
        return "the line is too long"
    try:
        row = strict_loads(line.decode())
    except DuplicateKey:
        return "a name stands there twice"
    except NotFinite:
        return "not a finite number"
    except UnicodeDecodeError:
        return "not UTF-8"
    except (ValueError, RecursionError):
        return "not a JSON object"
    return row if isinstance(row, dict) else "not a JSON object"
