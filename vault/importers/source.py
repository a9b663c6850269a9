"""What every format gives: column names and batches of raw columns."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from vault.errors.records import Unreadable
from vault.importers.column_wishes import ColumnWishes
from vault.importers.numbered_columns import Joined, proposed
from vault.importers.vector_values import are_numbers
from vault.records.schema import LONGEST_NAME
from vault.views.field_types import RefusedRow
from vault.views.names import has_invisible, plain_name

BATCH_ROWS = 8192
# Bounds that no honest personal export meets; they keep a hostile file from eating the memory.
MOST_ROWS = 10_000_000
MOST_COLUMNS = 512
_MOST_SAID = 20
_ARROW: dict[type, pa.DataType] = {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBatch:
    """Some rows: ``lines[i]`` is the line of row i, ``columns[j]`` an Arrow array with its value in column j.

    A list stands where the values of a column are of several kinds.
    """

    lines: Sequence[int]
    columns: Sequence[pa.Array | list[object]]
    refused: Sequence[RefusedRow] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An opened file, gone through once. ``has_types``: its numbers and truth values are such, not spelled as text.

    ``called`` are all its columns as the file calls them, also those that are left out or renamed.
    ``encoding`` is that of its text and ``separator`` the sign between its cells, empty where nothing decided them or
    the format has none; ``skipped`` are the lines before its header, where it has one. ``obstacles`` tells what is
    nested in columns of these names. ``joined`` are those that become one of vectors.
    """

    names: tuple[str, ...]
    batches: Callable[[], Iterator[RawBatch]]
    has_types: bool
    called: tuple[str, ...] = ()
    encoding: str = ""
    separator: str = ""
    skipped: int | None = None
    obstacles: Callable[[Collection[str]], list[str]] = lambda _names: []
    notes: tuple[str, ...] = ()
    joined: tuple[Joined, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """The bytes of a file and how to call it in an error.

    A known export is a stream: its ``path``, the ``member`` of a zip that holds it, the ``part`` that is wanted,
    which ``is_named`` where somebody said it, the digest of the ``whole`` file, and that of file and part. ``export``
    names the known one that a file is which is read as a plain table all the same.
    """

    name: str
    format: str
    data: bytes
    path: Path | None = None
    member: str = ""
    part: str = ""
    is_named: bool = False
    whole: bytes = b""
    digest: bytes = b""
    export: str = ""

    def of_part(self, part: str) -> File:
        """The same export, of which this part is wanted."""
        return replace(self, part=part, digest=hashlib.sha256(self.whole + part.encode()).digest())

    def unreadable(self, reason: str) -> Unreadable:
        """The error that says why this file is not taken."""
        return Unreadable(name=self.name, format=self.format, reason=reason)


def array_or_list(values: list[object]) -> pa.Array | list[object]:
    """The values as an array where they are of one kind that an array holds exactly."""
    kinds = {type(value) for value in values} - {type(None)}
    if kinds == {list}:
        return _lists(values)
    wanted = pa.null() if not kinds else _ARROW.get(next(iter(kinds))) if len(kinds) == 1 else None
    if wanted is None:
        return values
    try:
        return pa.array(values, type=wanted)
    except (OverflowError, UnicodeEncodeError, pa.ArrowInvalid):
        return values


def _lists(values: list[object]) -> pa.Array | list[object]:
    """Lists of nothing but numbers that a double holds exactly as an array of lists of doubles."""
    flat = list(chain.from_iterable(value for value in values if isinstance(value, list)))
    kinds = set(map(type, flat))
    if not kinds <= {float, int} or (int in kinds and not are_numbers(flat)):
        return values
    numbers = np.array(flat, dtype=np.float64)
    if not np.isfinite(numbers).all():
        return values
    ends = np.cumsum([len(value) if isinstance(value, list) else 0 for value in values], dtype=np.int32)
    is_missing = np.array([*(value is None for value in values), False])
    starts = pa.array(np.concatenate([np.zeros(1, np.int32), ends]), mask=is_missing)
    return pa.ListArray.from_arrays(starts, pa.array(numbers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns that are read, in order: where each stands in the file, and its name; and what becomes vectors."""

    places: tuple[int, ...]
    names: tuple[str, ...]
    called: tuple[str, ...]
    width: int
    joined: tuple[Joined, ...] = ()


def columns_of(
    raw_names: Iterable[object],
    file: File,
    wishes: ColumnWishes,
    *,
    obstacles: Callable[[], list[str]] = list,
) -> Columns:
    """The columns with their names without spaces around them, in normal form C; raises Unreadable where one cannot be.

    The number of a bad column is told, not the name: it may hold control characters; all of them are told at once, and
    then what other `obstacles` there are. Raises Invalid for a wish about a column that is not there, or about several.
    """
    called = [plain_name(str(raw)) for raw in raw_names]
    joined = wishes.joined_of(called, has_order=file.format != "jsonl")
    if len(called) - sum(len(one.columns) - 1 for one in joined) > MOST_COLUMNS:
        raise file.unreadable(f"it has more than {MOST_COLUMNS} columns{_fewer(called, joined)}")
    kept = [(place, name) for place, name in enumerate(wishes.names_of(called)) if name is not None]
    names = [name for _, name in kept]
    problems = [_problem(name, place + 1, names[:number]) for number, (place, name) in enumerate(kept)]
    problems += [_vector_problem(one.name) for one in joined]
    if told := [problem for problem in problems if problem]:
        more = [f"{len(told) - _MOST_SAID} more names cannot be kept"] if len(told) > _MOST_SAID else []
        raise file.unreadable("; ".join((*told[:_MOST_SAID], *more, *obstacles())))
    if not names:
        raise file.unreadable("it has no columns")
    return Columns(
        places=tuple(place for place, _ in kept),
        names=tuple(names),
        called=tuple(called),
        width=len(called),
        joined=joined,
    )


def _fewer(called: Sequence[str], joined: Sequence[Joined]) -> str:
    """Which columns of too many could become one."""
    taken = {column for one in joined for column in one.columns}
    for word, one in proposed([name for name in called if name not in taken]):
        return f"; the {len(one.columns):,} columns {one.span} become one of vectors with --vector {word}"
    return ""


def _problem(name: str, number: int, before: Sequence[str]) -> str:
    """Why a column cannot have this name, and the way out; empty for a good one."""
    way_out = f"; give it one with --rename '#{number}=NAME', or leave it out with --drop '#{number}'"
    problem = _name_problem(name)
    if problem:
        return f"the name of column {number} {problem}{way_out}"
    if name in before:
        return f"two columns have the name {name}{way_out.replace('it one', 'one another')}"
    return ""


def _vector_problem(name: str) -> str:
    problem = _name_problem(name)
    return f"the name of the vector {problem}" if problem else ""


def _name_problem(name: str) -> str:
    if not name:
        return "is empty"
    if len(name) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    if not name.isprintable():
        return "holds a control character"
    if has_invisible(name) or unicodedata.combining(name[0]):
        return "holds a character that cannot be seen"
    return (
        "begins with an underscore, which is kept for the vault's own columns" if name.startswith("_") else ""
    )
