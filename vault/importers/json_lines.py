"""JSON Lines, one object a line, or one JSON list of objects; in UTF-8; single values only, nothing nested."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice

from vault.importers.column_wishes import ColumnWishes
from vault.importers.encoding import encoding_of
from vault.importers.json_nested import Rows, flattened, obstacles_in
from vault.importers.source import (
    BATCH_ROWS,
    MOST_COLUMNS,
    File,
    RawBatch,
    Source,
    array_or_list,
    columns_of,
)
from vault.importers.values import NOT_FINITE
from vault.importers.wishes import AS_FOUND, FileWishes, refuse_wishes
from vault.strict_json import DuplicateKey, NotFinite, finite_loads, holds_unfinite, loads_with_unfinite
from vault.views.field_types import RefusedRow

_LONGEST_LINE = 8 * 2**20
_LONGEST_LIST = 256 * 2**20
# Where each line has a name of its own, nearly all cells are missing, and yet each takes room.
_MOST_CELLS = 2**24


def open_json_lines(file: File, wishes: ColumnWishes, said: FileWishes = AS_FOUND) -> Source:
    """Find every name that a line of the file uses; raises Unreadable when no line holds an object."""
    refuse_wishes("JSON", {"skip-lines": said.skip_lines, "separator": said.separator})
    encoding = ""
    if said.encoding or file.data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding, _ = encoding_of(file, said.encoding)
        file = replace(file, data=file.data.decode(encoding).encode())
    rows = _items_of(file) if _is_list(file) else partial(_rows, file)
    if said.flatten:
        rows = partial(flattened, rows)
    keys = _keys(file, rows())
    columns = columns_of(keys, file, wishes, obstacles=lambda: obstacles_in(rows(), keys, keys))
    kept = [keys[place] for place in columns.places]
    return Source(
        names=columns.names,
        called=columns.called,
        batches=lambda: _batches(rows(), kept),
        has_types=True,
        encoding=encoding,
        obstacles=lambda: obstacles_in(rows(), keys, kept),
    )


def _keys(file: File, rows: Rows) -> list[str]:
    keys: dict[str, None] = {}
    why, count = "", 0
    for line, row in rows:
        count += 1
        if isinstance(row, dict):
            keys.update(dict.fromkeys(row))
        else:
            why = why or f" that can be kept; line {line}: {row}"
        if len(keys) > MOST_COLUMNS:
            raise file.unreadable(f"it uses more than {MOST_COLUMNS} names")
    if not keys:
        raise file.unreadable(f"no line holds a JSON object{why}")
    if count * len(keys) > _MOST_CELLS + len(file.data):
        raise file.unreadable(
            "most of its rows lack most of its names; write what belongs together to one file"
        )
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
        items = loads_with_unfinite(file.data.removeprefix(codecs.BOM_UTF8).decode())
    except (ValueError, RecursionError) as error:
        raise file.unreadable("it is no JSON list, or a name stands twice in an object of it") from error
    assert isinstance(items, list)  # it begins with a bracket
    rows = [_item(item) for item in items]
    return lambda: iter(enumerate(rows, start=1))


def _item(item: object) -> dict[str, object] | str:
    if not isinstance(item, dict):
        return "not a JSON object"
    return NOT_FINITE if holds_unfinite(item) else item


def _row(line: bytes) -> dict[str, object] | str:
    if len(line) > _LONGEST_LINE:
        return "the line is too long"
    try:
        row = finite_loads(line.decode())
    except DuplicateKey:
        return "a name stands there twice"
    except NotFinite:
        return NOT_FINITE
    except UnicodeDecodeError:
        return "not UTF-8"
    except (ValueError, RecursionError):
        return "not a JSON object"
    return row if isinstance(row, dict) else "not a JSON object"
