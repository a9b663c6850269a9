"""What a column is, decided once from all of its cells: its type, its values, and the rows that do not fit.

A type that is guessed fits every cell and gives every value back; else the column is text. Rows are refused under a
type that a person gave, or that the collection has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isnan
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from vault.importers import cells as spelling
from vault.importers.source import are_doubles, array_or_list
from vault.importers.values import AS_TYPE, LONGEST_TEXT, misfit
from vault.records.arrow_types import ARROW_TYPES
from vault.views.field_types import FieldType

MISSING = ("NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "none", "?", "-", ".")
"""What stands for a missing value in a column that otherwise holds numbers."""
MOST_LABELS = 32
LEAST_ROWS_A_LABEL = 2
# Of a text column it is said that most of it looks like something else.
_MOSTLY = 0.95
_MOST_LABELS_SAID = 5
_NUMBERS = frozenset((FieldType.INT, FieldType.FLOAT))
_NARROWEST_FIRST = (FieldType.INT, FieldType.FLOAT, FieldType.BOOL, FieldType.TIMESTAMP)
_PATTERNS = {
    FieldType.INT: (spelling.INT, "whole numbers"),
    FieldType.FLOAT: (spelling.FLOAT, "numbers"),
    FieldType.BOOL: (spelling.BOOL, "truth values"),
    FieldType.TIMESTAMP: (spelling.TIME, "dates or times"),
}
_UNKEPT = {
    FieldType.FLOAT: "would come back from a number as it is",
    FieldType.TIMESTAMP: "is a day and a time that there are",
}
_DECIMAL_COMMA = r"^[+-]?[0-9.]*[0-9],[0-9]+$"
_LOCAL_DATE = r"^[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{2,4}(?:[ T].*)?$"

Raw: TypeAlias = pa.ChunkedArray | list[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnReading:
    """A column in its type: ``values`` has a null for every row of ``refused``, which says why."""

    type: FieldType
    values: pa.ChunkedArray
    refused: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_column(name: str, raw: Raw, given: FieldType | None, *, is_spelled: bool) -> ColumnReading:
    """Decide what a column is; `is_spelled` says that numbers and truth values are spelled as text in this format."""
    if isinstance(raw, list) and given in (None, FieldType.FLOAT) and are_doubles(raw):
        raw = pa.chunked_array([pa.array(raw, type=pa.float64())])
    if given is not None:
        return _as_given(name, raw, given)
    if isinstance(raw, list):
        return _of_several_kinds(name, raw, is_spelled=is_spelled)
    if not pa.types.is_string(raw.type):
        return _of_a_type(name, raw)
    if not _can_be_kept(raw):
        return _one_by_one(name, raw, FieldType.TEXT)
    return _guessed(name, raw, _NARROWEST_FIRST if is_spelled else (FieldType.TIMESTAMP,))


# a type that somebody gave ------------------------------------------------------------------------------------


def _as_given(name: str, raw: Raw, given: FieldType) -> ColumnReading:
    if isinstance(raw, list):
        return _one_by_one(name, raw, given)
    if pa.types.is_floating(raw.type) and given is FieldType.FLOAT:
        found = _of_floats(name, raw.cast(pa.float64()))
        return found if found.type is given else _one_by_one(name, raw, given)
    if raw.type == ARROW_TYPES[given] and (not pa.types.is_string(raw.type) or _can_be_kept(raw)):
        return ColumnReading(type=given, values=raw)
    values = _whole(raw, given) if pa.types.is_string(raw.type) and given in _PATTERNS else None
    if values is None:
        return _one_by_one(name, raw, given)
    return ColumnReading(type=given, values=values, notes=_missing_notes(name, raw, given))


def _one_by_one(name: str, raw: Raw, wanted: FieldType) -> ColumnReading:
    convert, refused = AS_TYPE[wanted], dict[int, str]()
    values: list[object] = []
    for place, value in enumerate(raw if isinstance(raw, list) else raw.to_pylist()):
        try:
            values.append(None if value is None or _is_missing(value, wanted) else convert(value))
        except ValueError:
            values.append(None)
            refused[place] = f"{name}: {misfit(value, wanted)}"
    return ColumnReading(
        type=wanted, values=pa.chunked_array([values], type=ARROW_TYPES[wanted]), refused=refused
    )


def _is_missing(value: object, wanted: FieldType) -> bool:
    if isinstance(value, float):
        return wanted in _NUMBERS and isnan(value)
    return wanted in _NUMBERS and isinstance(value, str) and value.strip() in MISSING


def _can_be_kept(texts: pa.ChunkedArray) -> bool:
    """Whether no text is too long or holds NUL."""
    longest = pc.max(pc.utf8_length(texts)).as_py() or 0
    return longest <= LONGEST_TEXT and not spelling.matching(texts, r"\x00")


def _of_several_kinds(name: str, values: list[object], *, is_spelled: bool) -> ColumnReading:
    """Nested values are refused, the others read without them; as text where they are of several kinds all the same."""
    refused = {
        place: f"{name}: {misfit(value, FieldType.TEXT)}"
        for place, value in enumerate(values)
        if isinstance(value, list | dict)
    }
    if refused:
        single = array_or_list([None if place in refused else one for place, one in enumerate(values)])
        raw = pa.chunked_array([single]) if isinstance(single, pa.Array) else single
        found = read_column(name, raw, None, is_spelled=is_spelled)
        return replace(found, refused=found.refused | refused)
    found = _one_by_one(name, values, FieldType.TEXT)
    kept = "it is kept as text"
    if all(isinstance(value, int | None) and not isinstance(value, bool) for value in values):
        return replace(
            found, notes=(f"The column {name} holds numbers of more than 64 bits: {kept}, exactly.",)
        )
    return replace(found, notes=(f"The column {name} holds values of several kinds: {kept}.",))


# a type that the format has -----------------------------------------------------------------------------------


def _of_a_type(name: str, raw: pa.ChunkedArray) -> ColumnReading:
    for is_such, wanted in (
        (pa.types.is_boolean, FieldType.BOOL),
        (pa.types.is_timestamp, FieldType.TIMESTAMP),
        (pa.types.is_date, FieldType.TIMESTAMP),
        (pa.types.is_integer, FieldType.INT),
    ):
        if is_such(raw.type) and (values := _cast(raw, ARROW_TYPES[wanted])) is not None:
            return ColumnReading(type=wanted, values=values)
    if pa.types.is_floating(raw.type):
        return _of_floats(name, raw.cast(pa.float64()))
    if pa.types.is_null(raw.type):
        return ColumnReading(
            type=FieldType.TEXT, values=raw.cast(pa.string()), notes=(f"The column {name} is empty.",)
        )
    return _of_decimals(name, raw)


def _of_floats(name: str, numbers: pa.ChunkedArray) -> ColumnReading:
    """Numbers, with NaN as missing; where there are infinities, text."""
    if pc.any(pc.is_inf(numbers)).as_py():
        note = f"The column {name} holds infinities, which no number that is kept can be: it is kept as text."
        return ColumnReading(
            type=FieldType.TEXT, values=_one_by_one(name, numbers, FieldType.TEXT).values, notes=(note,)
        )
    not_numbers = pc.sum(pc.is_nan(numbers)).as_py() or 0
    values = pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)
    notes = (f"In {name}, NaN ({_times(not_numbers)}) counts as missing.",) if not_numbers else ()
    return ColumnReading(type=FieldType.FLOAT, values=values, notes=notes)


def _of_decimals(name: str, raw: pa.ChunkedArray) -> ColumnReading:
    """Whole numbers where they are such and fit 64 bits, else doubles where those are exact, else text."""
    whole, texts = _cast(raw, pa.int64()), raw.cast(pa.string())
    if whole is not None:
        return ColumnReading(type=FieldType.INT, values=whole)
    numbers = _whole(texts, FieldType.FLOAT)
    if numbers is not None:
        return ColumnReading(type=FieldType.FLOAT, values=numbers)
    note = (
        f"The column {name} holds numbers of more digits than a number has here: it is kept as text, exactly."
    )
    return ColumnReading(type=FieldType.TEXT, values=texts, notes=(note,))


def _cast(raw: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray | None:
    try:
        return raw.cast(wanted)
    except pa.ArrowInvalid:
        return None


# a type that the cells spell ----------------------------------------------------------------------------------


def _guessed(name: str, raw: pa.ChunkedArray, candidates: Sequence[FieldType]) -> ColumnReading:
    if not len(_known(raw, FieldType.TEXT)):
        return ColumnReading(type=FieldType.TEXT, values=raw, notes=(f"The column {name} is empty.",))
    for wanted in candidates:
        values = _whole(raw, wanted)
        if values is not None and values.null_count < len(values):
            return ColumnReading(type=wanted, values=values, notes=_notes(name, raw, wanted))
    kind = FieldType.CATEGORY if is_category(raw) else FieldType.TEXT
    return ColumnReading(type=kind, values=raw, notes=_text_notes(name, raw, candidates))


def _whole(raw: pa.ChunkedArray, wanted: FieldType) -> pa.ChunkedArray | None:
    """Every cell in this type, the empty ones as nulls; None where one does not fit."""
    places = _is_known(raw, wanted)
    typed = spelling.AS_COLUMN[wanted](pc.filter(pc.utf8_trim_whitespace(raw), places))
    if typed is None:
        return None
    if pc.all(places, min_count=0).as_py():
        return typed
    # the n-th known place takes the n-th value; the others take none
    numbers = pc.subtract(pc.cumulative_sum(places.cast(pa.int64())), 1)
    return typed.take(pc.if_else(places, numbers, pa.scalar(None, pa.int64())))


def _is_known(raw: pa.ChunkedArray, wanted: FieldType) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim_whitespace(raw)
    none = pa.array(["", *MISSING] if wanted in _NUMBERS else [""])
    return pc.and_(pc.is_valid(raw), pc.invert(pc.is_in(trimmed, value_set=none)))


def _known(raw: pa.ChunkedArray, wanted: FieldType) -> pa.ChunkedArray:
    return pc.filter(pc.utf8_trim_whitespace(raw), _is_known(raw, wanted))


def is_category(column: pa.ChunkedArray) -> bool:
    """Whether a text column draws from at most 32 labels, each on two rows or more on average."""
    known = len(column) - column.null_count
    labels: int = pc.count_distinct(column, mode="only_valid").as_py()
    return 0 < labels <= MOST_LABELS and known >= LEAST_ROWS_A_LABEL * labels


# what the owner should know -----------------------------------------------------------------------------------


def _notes(name: str, raw: pa.ChunkedArray, wanted: FieldType) -> tuple[str, ...]:
    if wanted is not FieldType.TIMESTAMP:
        return _missing_notes(name, raw, wanted)
    known = _known(raw, wanted)
    told = []
    if spelling.matching(known, spelling.LOCAL_TIME):
        told.append(f"The times in {name} carry no zone: they are taken as UTC.")
    if spelling.matching(known, spelling.FINER):
        told.append(f"The times in {name} are finer than a microsecond: what is finer is left off.")
    return tuple(told)


def _missing_notes(name: str, raw: pa.ChunkedArray, wanted: FieldType) -> tuple[str, ...]:
    if wanted not in _NUMBERS:
        return ()
    trimmed = pc.utf8_trim_whitespace(raw)
    tokens = pc.value_counts(pc.filter(trimmed, pc.is_in(trimmed, value_set=pa.array(MISSING))))
    if not len(tokens):
        return ()
    said = [f"{one['values']} ({_times(one['counts'])})" for one in tokens.to_pylist()[:_MOST_LABELS_SAID]]
    return (f"In {name}, {' and '.join(said)} counts as missing.",)


def _text_notes(name: str, raw: pa.ChunkedArray, candidates: Sequence[FieldType]) -> tuple[str, ...]:
    known = _known(raw, FieldType.TEXT)
    for pattern, looks in (
        (_DECIMAL_COMMA, "numbers with a decimal comma"),
        (_LOCAL_DATE, "dates, but not of the form 2026-01-31"),
    ):
        if spelling.matching(known, pattern) >= _MOSTLY * len(known) and not spelling.all_match(
            known, spelling.TIME
        ):
            return (f"The column {name} looks like {looks}: it is kept as text.",)
    return _almost_notes(name, raw, candidates)


def _almost_notes(name: str, raw: pa.ChunkedArray, candidates: Sequence[FieldType]) -> tuple[str, ...]:
    """That most cells are of a type, and how many rows it would refuse."""
    for wanted in candidates:
        known = _known(raw, wanted)
        pattern, looks = _PATTERNS[wanted]
        fitting = spelling.matching(known, pattern)
        if len(known) > fitting >= _MOSTLY * len(known):
            return (
                f"{fitting:,} of {len(known):,} cells in {name} look like {looks}: it is kept as text. With the "
                f"type {wanted.value}, {_rows(len(known) - fitting)} would be refused.",
            )
        if fitting == len(known) and wanted in _UNKEPT:
            return (f"Not every value of {name} {_UNKEPT[wanted]}: it is kept as text.",)
    return ()


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
