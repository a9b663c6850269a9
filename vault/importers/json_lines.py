"""JSON Lines, one object a line, or one JSON list of objects; in UTF-8; single values only, nothing nested."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TypeAlias

from vault.importers.column_wishes import ColumnWishes
from vault.importers.encoding import encoding_of
from vault.importers.source import (
    BATCH_ROWS,
    MOST_COLUMNS,
    File,
    RawBatch,
    Source,
    array_or_list,
    columns_of,
)
from vault.importers.wishes import AS_FOUND, FileWishes, refuse_wishes
from vault.strict_json import DuplicateKey, NotFinite, strict_loads
from vault.views.field_types import RefusedRow

_LONGEST_LINE = 8 * 2**20
_LONGEST_LIST = 256 * 2**20
# What is flattened repeats the outer names before each inner one; without bounds a short line would fill the memory.
_LONGEST_NAME, _MOST_NAMES = 1_000, 10_000
Rows: TypeAlias = Iterator[tuple[int, dict[str, object] | str]]
"""Rows with their lines: the object, or the reason why there is none."""


def open_json_lines(file: File, wishes: ColumnWishes, said: FileWishes = AS_FOUND) -> Source:
    """Find every name that a line of the file uses; raises Unreadable when no line holds an object."""
    refuse_wishes("JSON", {"skip-lines": said.skip_lines, "separator": said.separator})
    if said.encoding or file.data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding, _ = encoding_of(file, said.encoding)
        file = replace(file, data=file.data.decode(encoding).encode())
    rows = _items_of(file) if _is_list(file) else partial(_rows, file)
    if said.flatten:
        rows = partial(_flattened, rows)
    keys = _keys(file, rows())
    columns = columns_of(keys, file, wishes)
    kept = [keys[place] for place in columns.places]
    return Source(names=columns.names, batches=lambda: _batches(rows(), kept), has_types=True)


def _flattened(rows: Callable[[], Rows]) -> Rows:
    """The rows with what is nested taken apart: `a.b` is the value of b in a."""
    for line, row in rows():
        yield line, row if isinstance(row, str) else _flat(row)


def _flat(row: dict[str, object]) -> dict[str, object] | str:
    flat: dict[str, object] = {}
    waiting = list(row.items())[::-1]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            if len(name) > _LONGEST_NAME or len(flat) + len(waiting) + len(value) > _MOST_NAMES:
                return "a name that is nested in it is too long, or it has too many"
            waiting.extend([(f"{name}.{inner}", one) for inner, one in value.items()][::-1])
        elif name in flat:
            return "a name stands there twice"
        else:
            flat[name] = value
    return flat


def _keys(file: File, rows: Rows) -> list[str]:
    keys: dict[str, None] = {}
    for _, row in rows:
        if isinstance(row, dict):
            keys.update(dict.fromkeys(row))
        if len(keys) > MOST_COLUMNS:
            raise file.unreadable(f"it uses more than {MOST_COLUMNS} names")
    if not keys:
        raise file.unreadable("no line holds a JSON object")
    return list(keys)


def _batches(rows: Rows, keys: list[str]) -> Iterator[RawBatch]:
    while some := list(islice(rows, BATCH_ROWS)):
        whole = [(line, row) for line, row in some if isinstance(row, dict)]
        yield RawBatch(
            lines=[line for line, _ in whole],
            columns=[array_or_list([row.get(key) for _, row in whole]) for key in keys],
            refused=[RefusedRow(line=line, reason=row) for line, row in some if isinstance(row, str)],
        )


def _rows(file: File) -> Rows:
    """Every line that is not blank with its number: the object, or the reason why it is refused."""
    lines = io.BytesIO(file.data.removeprefix(codecs.BOM_UTF8))
    for number, line in enumerate(lines, start=1):
        if not line.isspace():
            yield number, _row(line)


def _is_list(file: File) -> bool:
    return file.data.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"["


def _items_of(file: File) -> Callable[[], Rows]:
    """The items of a file that is one JSON list, each counted as a line."""
    if len(file.data) > _LONGEST_LIST:
        raise file.unreadable(
            f"it is a list of over {_LONGEST_LIST // 2**20} MiB; write its objects one a line"
        )
    try:
        items = strict_loads(file.data.removeprefix(codecs.BOM_UTF8).decode())
    except (ValueError, RecursionError) as error:
        raise file.unreadable("it is no JSON list, or a name stands twice in an object of it") from error
    assert isinstance(items, list)  # it begins with a bracket
    rows = [item if isinstance(item, dict) else "not a JSON object" for item in items]
    return lambda: iter(enumerate(rows, start=1))


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
