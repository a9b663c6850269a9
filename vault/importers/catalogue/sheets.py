"""Tables written as CSV by one maker, in one or more sections, found by the names of their columns."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from vault.importers.catalogue.cell_texts import Unfit, minutes, moment, number, whole
from vault.importers.catalogue.moments import DAY, Clock
from vault.importers.catalogue.reading import Reading
from vault.importers.catalogue.schema import KnownColumn
from vault.importers.catalogue.streams import whole as whole_file
from vault.importers.counted import counted
from vault.records.schema import is_plain_name
from vault.views.field_types import FieldType

_SEPARATORS: Final = ",;\t"
_LINES_LOOKED_AT: Final = 40
_LONGEST_CELL: Final = 2**20
_MOST_SHOWN: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table by its headers: ``needs`` tell it from others, ``columns`` say where each column of the part comes from.

    The time under ``when`` gives the day; ``fixed`` are columns that say the same in every row. A table ``is_closed``
    that has no other headers than these: with another one it is somebody's own.
    """

    part: str
    when: str
    needs: frozenset[str]
    columns: Mapping[str, str]
    decimal: str = "."
    day_first: bool | None = None
    fixed: Mapping[str, object] = field(default_factory=dict)
    is_closed: bool = False

    @property
    def taken(self) -> frozenset[str]:
        """The headers that are read."""
        return frozenset((self.when, *self.columns.values()))

    def is_of(self, cells: Sequence[str]) -> bool:
        """Whether these are its headers."""
        there = set(cells)
        return self.needs <= there and (not self.is_closed or there - {""} <= self.taken)


def decoded(data: bytes) -> str:
    """Text in UTF-8 or UTF-16, else in the encoding of Western Europe that old programs write."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # a head that ends within a sign is UTF-8 all the same
        if error.end == len(data) and error.reason == "unexpected end of data":
            return data[: error.start].decode("utf-8-sig")
        return data.decode("cp1252", errors="replace")


def find_sheet(head: bytes, sheets: Sequence[Sheet]) -> Sheet | None:
    """The first of these tables whose headers stand in one of the first lines."""
    for line in decoded(head).splitlines()[:_LINES_LOOKED_AT]:
        for separator in _SEPARATORS:
            if line.count(separator) and (found := _sheet_of(_cells(line, separator), sheets)):
                return found
    return None


def read_sheets(reading: Reading, sheets: Sequence[Sheet]) -> None:
    """Read every section of a file that is one of these tables; other lines are passed over."""
    text = decoded(whole_file(reading.file, reading.progress))
    clock, without_day, names, passed = Clock(), 0, dict[str, None](), list[int]()
    for line, sheet, cells in _rows(reading, text, sheets, passed):
        if reading.wants(sheet.part):
            names.update(dict.fromkeys(name for name in cells if name not in sheet.taken))
        if not cells.get(sheet.when):
            without_day += 1
            continue
        reading.seen[sheet.part] += 1
        if reading.wants(sheet.part):
            try:
                reading.rows.add(line, _row(reading, sheet, cells, clock))
            except Unfit as error:
                reading.rows.refuse(line, str(error))
    reading.notes.extend(_notes(without_day, names, passed))


def _notes(without_day: int, names: Iterable[str], passed: Sequence[int]) -> Iterator[str]:
    """What of the file is left out."""
    if without_day:
        yield f"{counted(without_day, 'row has', 'rows have')} no day yet, such as payments on the way: left out."
    shown = [name for name in names if is_plain_name(name)]
    if shown:
        more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
        yield f"Not taken from this file: {', '.join(shown[:_MOST_SHOWN])}{more}."
    if passed:
        stand = counted(len(passed), "line stands", "lines stand")
        yield f"{stand} in no table that is known, and nothing of them is taken; the first is line {passed[0]:,}."


def _rows(
    reading: Reading, text: str, sheets: Sequence[Sheet], passed: list[int]
) -> Iterator[tuple[int, Sheet, dict[str, str]]]:
    """Every row of a table that is known; the lines of other tables are `passed`."""
    sheet: Sheet | None = None
    names: list[str] = []
    for separator, line, cells in _lines(reading, text, sheets):
        found = _sheet_of(cells, sheets)
        if found is not None:
            sheet, names = found, cells
        elif not any(cells):
            sheet = None
        elif sheet is not None and len(cells) == len(names):
            yield line, sheet, dict(zip(reversed(names), reversed(cells), strict=True))
        elif sheet is not None and len(cells) > 1:
            reading.rows.refuse(
                line, f"{counted(len(cells), 'cell', 'cells')} instead of {len(names)}, between {separator}"
            )
        elif sheet is None and sum(map(bool, cells)) > 1:
            passed.append(line)


def _lines(reading: Reading, text: str, sheets: Sequence[Sheet]) -> Iterator[tuple[str, int, list[str]]]:
    """Every row of cells, by the separator that the first header has."""
    separator = next((one for one in _SEPARATORS if _has_header(text, one, sheets)), ",")
    csv.field_size_limit(_LONGEST_CELL)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in rows:
            yield separator, rows.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise reading.file.unreadable(f"line {rows.line_num:,} is damaged, or far too long") from error


def _has_header(text: str, separator: str, sheets: Sequence[Sheet]) -> bool:
    head = io.StringIO(text[: 2**16]).read().splitlines()[:_LINES_LOOKED_AT]
    return any(_sheet_of(_cells(line, separator), sheets) for line in head)


def _cells(line: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    except csv.Error:
        return []


def _sheet_of(cells: Sequence[str], sheets: Sequence[Sheet]) -> Sheet | None:
    return next((sheet for sheet in sheets if sheet.is_of(cells)), None)


def _row(reading: Reading, sheet: Sheet, cells: Mapping[str, str], clock: Clock) -> tuple[object, ...]:
    day = moment(clock, cells.get(sheet.when), sheet.when, day_first=sheet.day_first).day
    others = reading.part.columns[1:]
    return (day * DAY, *(_cell(column, sheet, cells, clock) for column in others))


def _cell(column: KnownColumn, sheet: Sheet, cells: Mapping[str, str], clock: Clock) -> object:
    if column.name in sheet.fixed:
        return sheet.fixed[column.name]
    text = cells.get(sheet.columns.get(column.name, ""), "")
    if column.type is FieldType.TIMESTAMP:
        return moment(clock, text, column.name, day_first=sheet.day_first).at
    if column.type is FieldType.INT:
        return whole(text, column.name, decimal=sheet.decimal)
    if column.type is FieldType.FLOAT:
        is_length = column.measure == "min" and ":" in text
        return minutes(text, column.name) if is_length else number(text, column.name, decimal=sheet.decimal)
    return text or None
