"""JSON Lines, one object a line, or one JSON list of objects; in UTF-8; single values only, nothing nested."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
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
from vault.strict_json import DuplicateKey, NotFinite, finite_loads, holds_unfinite, items_with_unfinite
from vault.views.field_types import LONGEST_VECTOR, RefusedRow

_LONGEST_LINE = 8 * 2**20
_LONGEST_LIST = 256 * 2**20
# Where each line has a name of its own, nearly all cells are missing, and yet each takes room.
_MOST_CELLS = 2**24
_MOST_IN_LISTS = 2**18
_NO_LIST = "it is no JSON list, or a name stands twice in an object of it"


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
    keys = _keys(file, rows(), MOST_COLUMNS + max(LONGEST_VECTOR, wishes.most_joined))
    columns = columns_of(keys, file, wishes, obstacles=lambda: obstacles_in(rows(), keys, keys))
    kept = [keys[place] for place in columns.places]
    return Source(
        names=columns.names,
        called=columns.called,
        joined=columns.joined,
        batches=lambda: _batches(rows(), kept),
        has_types=True,
        encoding=encoding,
        obstacles=lambda names: obstacles_in(rows(), keys, _keys_of(names, kept, columns.names)),
    )


def _keys_of(names: Collection[str], kept: Sequence[str], called: Sequence[str]) -> list[str]:
    return [key for key, name in zip(kept, called, strict=True) if name in names]


def _keys(file: File, rows: Rows, most: int) -> list[str]:
    keys: dict[str, None] = {}
    why, count = "", 0
    for line, row in rows:
        count += 1
        if isinstance(row, dict):
            keys.update(dict.fromkeys(row))
        else:
            why = why or f" that can be kept; line {line}: {row}"
        if len(keys) > most:
            raise file.unreadable(f"it uses more than {MOST_COLUMNS} names")
    if not keys:
        raise file.unreadable(f"no line holds a JSON object{why}")
    if count * len(keys) > _MOST_CELLS + len(file.data):
        raise file.unreadable(
            "most of its rows lack most of its names; write what belongs together to one file"
        )
    return list(keys)


def _batches(rows: Rows, keys: list[str]) -> Iterator[RawBatch]:
    while some := list(_some(rows)):
        whole = [(line, row) for line, row in some if isinstance(row, dict)]
        yield RawBatch(
            lines=[line for line, _ in whole],
            columns=[array_or_list([row.get(key) for _, row in whole]) for key in keys],
            refused=[RefusedRow(line=line, reason=row) for line, row in some if isinstance(row, str)],
        )


def _some(rows: Rows) -> Rows:
    """The next rows, fewer of them where they hold long lists: as objects those take thirty times their text."""
    room = _MOST_IN_LISTS
    for line, row in islice(rows, BATCH_ROWS):
        yield line, row
        room -= sum(len(value) for value in _values(row) if isinstance(value, list))
        if room < 0:
            return


def _values(row: dict[str, object] | str) -> Iterable[object]:
    return row.values() if isinstance(row, dict) else ()


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
        text = file.data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise file.unreadable(_NO_LIST) from error
    return partial(_items, file, text)


def _items(file: File, text: str) -> Rows:
    """One item after the other, so that not all of them are in memory at once."""
    try:
        for number, item in enumerate(items_with_unfinite(text), start=1):
            yield number, _item(item)
    except (ValueError, RecursionError) as error:
        raise file.unreadable(_NO_LIST) from error


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
