"""A CSV file to predict for: its cells by column, and what does not fit, by line."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from vault.errors.families import Invalid
from vault.errors.records import FileMissing, Unreadable
from vault.importers.marks import MISSING, mark_of, number_of
from vault.importers.numbered_columns import joined_of, numbered
from vault.importers.vector_values import vector_of
from vault.requests.manifest import Feature
from vault.views.counting import counted

FILE_LIMIT: Final = 1 << 30
OTHER_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """The header and the rows of a file; ``lines`` is where each row begins.

    ``joined`` are vectors by their names, with the columns of their numbers in order.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    joined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def has(self, column: str) -> bool:
        """Whether there is such a column, or what becomes one of vectors."""
        return column in self.header or column in self.joined

    def texts(self, column: str) -> list[str | None]:
        """The cells of a column, None for an empty one and in all rows of a column that is not there."""
        if not self.has(column):
            return [None] * len(self.rows)
        if column in self.joined:
            return self._lists(self.joined[column])
        place = self.header.index(column)
        return [row[place] or None for row in self.rows]

    def _lists(self, columns: Sequence[str]) -> list[str | None]:
        """The cells of several columns as one list for each row, None where all of them are missing."""
        places = [self.header.index(column) for column in columns]
        rows = ([row[place] for place in places] for row in self.rows)
        return [None if all(map(_is_missing, cells)) else _spelled(cells) for cells in rows]

    def numbers(self, column: str) -> list[str | None]:
        """The same for a column of numbers; raises ``Invalid`` for the first cell that is none."""
        texts = [None if _is_missing(text) else text for text in self.texts(column)]
        known = {text: number_of(text) for text in set(texts) if text is not None}
        for text, line in zip(texts, self.lines, strict=True):
            if text is not None and math.isnan(known[text]):
                raise Invalid(reason=f"{self.name}, line {line}: {column} is {_no_number(text)}")
        return texts

    def words(self, column: str) -> list[str | None]:
        """The same for a column of texts; raises ``Invalid`` for the first cell that is a time."""
        texts = [None if _is_missing(text) else text for text in self.texts(column)]
        times = {
            text for text in set(texts) if text is not None and isinstance(mark_of(text.strip()), datetime)
        }
        for text, line in zip(texts, self.lines, strict=True):
            if text in times:
                raise Invalid(reason=f"{self.name}, line {line}: {column} is a time, which no text is")
        return texts

    def vectors(self, column: str, size: int) -> list[str | None]:
        """The same for a column of lists of so many numbers; raises ``Invalid`` for the first cell that is none."""
        texts = [None if _is_missing(text) else text for text in self.texts(column)]
        fitting = {text for text in set(texts) if text is None or vector_of(text, size) is not None}
        for text, line in zip(texts, self.lines, strict=True):
            if text not in fitting:
                raise Invalid(reason=f"{self.name}, line {line}: {column} is no list of {size:,} numbers")
        return texts


def read_cells(path: Path) -> Cells:
    """Read a CSV file in UTF-8 with a header and commas; raises ``FileMissing`` or ``Unreadable``."""
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise _unreadable(path, "it is larger than 1 GiB")
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise FileMissing(path=path) from error
    except OSError as error:
        raise Invalid(
            reason=f"{path.name} {'is not a file' if path.is_dir() else 'cannot be read'}"
        ) from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, "it is not UTF-8 text") from error
    return _parsed(path, text)


def with_vectors(
    cells: Cells, sizes: Mapping[str, int], required: Collection[str], said: Mapping[str, str]
) -> Cells:
    """The cells with numbered columns as the vectors that the model takes, of these sizes; raises ``Invalid``.

    They are found by the name of the vector as an import finds them, or as was ``said`` of it.
    """
    for name in said:
        if name not in sizes:
            raise Invalid(reason=f"the model takes no vector {name}{_vectors_are(sizes)}")
    wanted = {name: said.get(name, str(size)) for name, size in sizes.items() if not cells.has(name)}
    absent = [name for name in wanted if name not in said and not numbered(name, cells.header)]
    for name in absent:
        if name in required and len(cells.header) > 1:
            raise _no_vector(cells, name, sizes[name])
        del wanted[name]
    joined = {one.name: one.columns for one in joined_of(wanted, cells.header, has_order=True)}
    for name, columns in joined.items():
        if len(columns) != sizes[name]:
            raise Invalid(
                reason=f"{name} would have {len(columns):,} numbers, and the model takes {sizes[name]:,}"
            )
    return replace(cells, joined=joined)


def _no_vector(cells: Cells, name: str, size: int) -> Invalid:
    return Invalid(
        reason=f"{cells.name} has no column {name}, which the model needs: a list of {size:,} numbers, or {size:,} "
        f"columns {name} with a number, such as {name}_0; if they are called otherwise: --vector {name}=FIRST..LAST"
    )


def _vectors_are(sizes: Mapping[str, int]) -> str:
    return f", only {', '.join(sizes)}" if sizes else ""


def _spelled(cells: Sequence[str]) -> str:
    """Numbers as one list; a cell that is no single number makes it none."""
    return " ".join("?" if _is_missing(cell) or len(cell.split()) != 1 else cell for cell in cells)


def cells_of(cells: Cells, feature: Feature) -> list[str | None]:
    """The cells of a column, each as its transform can read it."""
    if feature.transform.kind == "vector":
        return cells.vectors(feature.name, feature.transform.size)
    if feature.transform.kind == "bytes":
        return cells.words(feature.name)
    return (cells.numbers if feature.transform.kind == "standard" else cells.texts)(feature.name)


def check_columns(cells: Cells, required: Iterable[str]) -> None:
    """Refuse a file without a column that the model needs."""
    for column in required:
        if not cells.has(column):
            raise Invalid(
                reason=f"{cells.name} has no column {column}, which the model needs{_between(cells.header)}"
            )


def _between(header: Sequence[str]) -> str:
    """What stands between the cells instead of commas, where a header is one cell."""
    found = [sign for sign in OTHER_SEPARATORS if len(header) == 1 and sign in header[0]]
    return (
        f": between its cells stand {OTHER_SEPARATORS[found[0]]}, and here commas are read" if found else ""
    )


def _parsed(path: Path, text: str) -> Cells:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, lines, line = list[tuple[str, ...]](), list[int](), 1
    try:
        for row in reader:
            if row:
                rows.append(tuple(row))
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        other = _between((text.partition("\n")[0],)) if line == 1 else ""
        raise _unreadable(path, f"line {line} is not a row of cells{other}") from error
    if not rows:
        raise _unreadable(path, "it has no header")
    _check_rows(path, rows, lines)
    return Cells(name=path.name, header=rows[0], rows=tuple(rows[1:]), lines=tuple(lines[1:]))


def _no_number(text: str) -> str:
    """What is wrong with a cell that is neither a number nor a time."""
    if not math.isnan(number_of(text.replace(",", ".", 1))):
        return "a number with a decimal comma, and here numbers have a decimal point"
    return "neither a number nor a time"


def _check_rows(path: Path, rows: Sequence[tuple[str, ...]], lines: Sequence[int]) -> None:
    header = rows[0]
    if len(set(header)) != len(header):
        raise _unreadable(path, "two of its columns have one name")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(header):
            reason = f"line {line} has {counted(len(row), 'cell')} where the header has {len(header)}"
            raise _unreadable(path, f"{reason}{_between(header)}")


def _unreadable(path: Path, reason: str) -> Unreadable:
    return Unreadable(name=path.name, format="CSV", reason=reason)


def _is_missing(text: str | None) -> bool:
    return text is None or not text.strip() or text.strip() in MISSING
