"""Looking at rows: a page of them, or those that hold a text; no more than the stripes it takes is opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vault.errors.families import Invalid
from vault.errors.records import NoSuchField, UnknownField
from vault.records.cells import cell, shown
from vault.records.collections import CollectionFacts
from vault.records.reading import ColumnReader, stripe_sizes
from vault.records.segments import STRIPE_ROWS
from vault.views.field_types import TIME_FIELD, ColumnType, FieldSpec, FieldType, VectorType
from vault.views.records import Page, RowFilter

MOST_ROWS = 500
LONGEST_SEARCH = 200
LONGEST_CELL = 1000

# Signs that the text of a value of this type can have: a search with any other finds nothing in the column.
_SIGNS: dict[ColumnType, frozenset[str]] = {
    FieldType.INT: frozenset("-0123456789"),
    FieldType.FLOAT: frozenset("-+.0123456789einfa"),
    FieldType.BOOL: frozenset("truefals"),
    FieldType.TIMESTAMP: frozenset("-:.0123456789tz"),
}


def check_page(wanted: RowFilter, *, first: int, limit: int) -> None:
    """Raise Invalid for a page that cannot be asked for."""
    if not 1 <= limit <= MOST_ROWS:
        raise Invalid(reason=f"a page has 1 to {MOST_ROWS} rows")
    if first < 0:
        raise Invalid(reason="a page begins at row 0 or later")
    if len(wanted.text) > LONGEST_SEARCH or not wanted.text.isprintable():
        raise Invalid(reason=f"a search is at most {LONGEST_SEARCH} printable characters")
    if wanted.column and not wanted.text:
        raise Invalid(reason="a column is named for a text to be searched in it")


def fits(facts: CollectionFacts, wanted: RowFilter) -> bool:
    """Whether a collection has the column that is searched, and times where a time is asked for."""
    return (not wanted.column or wanted.column in _names(facts)) and (
        not wanted.has_time or facts.time_field is not None
    )


def searched(every: Sequence[CollectionFacts], wanted: RowFilter) -> list[str]:
    """The collections that are searched; raises `NoSuchField` where none has the column."""
    if wanted.column and every and all(wanted.column not in _names(one) for one in every):
        raise NoSuchField(name=wanted.column)
    return [one.name for one in every if fits(one, wanted)]


def _names(facts: CollectionFacts) -> set[str]:
    return {field.name for field in facts.fields}


def check_fits(facts: CollectionFacts, wanted: RowFilter) -> None:
    """Raise UnknownField for a column that is not there, Invalid where nothing says when a row happened."""
    if wanted.column and wanted.column not in _names(facts):
        raise UnknownField(collection=facts.name, name=wanted.column)
    if not fits(facts, wanted):
        raise Invalid(reason=f"no column of {facts.name} says when a row happened")


def page(reader: ColumnReader, facts: CollectionFacts, wanted: RowFilter, *, first: int, limit: int) -> Page:
    """The rows from ``first`` on, of all or of those that are meant.

    Texts longer than a thousand characters end in an ellipsis, and what steers a terminal is a dot; the search
    looks at all of them. Raises Damaged.
    """
    matches, places = reader.rows, [*range(first, min(first + limit, reader.rows))]
    if not wanted.is_all:
        matches, places = _find(reader, facts.fields, wanted, first=first, limit=limit)
    names = [field.name for field in facts.fields]
    return Page(
        collection=facts.name,
        columns=tuple(names),
        rows=tuple(_rows(reader, names, places)),
        row_numbers=tuple(place + 1 for place in places),
        first=first,
        total=reader.rows,
        matches=matches,
        search=wanted.text,
        has_time=wanted.has_time,
    )


def _rows(reader: ColumnReader, names: Sequence[str], places: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """The texts of some rows, given in order, each stripe opened once."""
    for stripe in sorted({place // STRIPE_ROWS for place in places}):
        inside = [place % STRIPE_ROWS for place in places if place // STRIPE_ROWS == stripe]
        taken = reader.stripe(names, stripe).take(pa.array(inside, type=pa.int64()))
        columns = [[shown(value, LONGEST_CELL) for value in column.to_pylist()] for column in taken.columns]
        yield from zip(*columns, strict=True)


# search ---------------------------------------------------------------------------------------------------


def _find(
    reader: ColumnReader, fields: Sequence[FieldSpec], wanted: RowFilter, *, first: int, limit: int
) -> tuple[int, list[int]]:
    """How many rows are meant, and which of them are on the page; one stripe is in memory at a time."""
    text = wanted.text.lower()
    able = [
        field
        for field in fields
        if set(text) <= _SIGNS.get(field.type, set(text)) and wanted.column in ("", field.name)
    ]
    matches: int = 0
    places: list[int] = []
    for stripe, rows in stripe_sizes(reader.rows) if able else ():
        meant = _in_time(reader, stripe, wanted) if wanted.has_time else np.ones(rows, dtype=bool)
        if text and meant.any():
            meant &= _with_text(reader, able, stripe, text)
        found = np.flatnonzero(meant)
        on_page = found[max(0, first - matches) : max(0, first + limit - matches)]
        places += [stripe * STRIPE_ROWS + int(place) for place in on_page]
        matches += len(found)
    return matches, places


def _with_text(reader: ColumnReader, able: Sequence[FieldSpec], stripe: int, text: str) -> np.ndarray:
    values = reader.stripe([field.name for field in able], stripe)
    holds = np.zeros(values.num_rows, dtype=bool)
    for field, column in zip(able, values.columns, strict=True):
        holds |= _holds(field.type, column, text)
    return holds


def _in_time(reader: ColumnReader, stripe: int, wanted: RowFilter) -> np.ndarray:
    """Which rows happened in the time that was asked for; one without a time did not."""
    times = reader.stripe([TIME_FIELD], stripe).column(0)
    meant = np.ones(len(times), dtype=bool)
    for bound, compare in ((wanted.since, pc.greater_equal), (wanted.before, pc.less)):
        if bound is not None:
            held = pc.fill_null(compare(times, pa.scalar(bound, times.type)), False)
            meant &= held.to_numpy(zero_copy_only=False)
    return meant


def _holds(known: ColumnType, column: pa.Array, text: str) -> np.ndarray:
    """Which values hold a text in lower case, as ``cell`` would write them."""
    if known in (FieldType.FLOAT, FieldType.BOOL) or isinstance(known, VectorType):
        return np.array([text in cell(value) for value in column.to_pylist()], dtype=bool)
    texts = _time_texts(column) if known is FieldType.TIMESTAMP else column.cast(pa.string())
    found = pc.match_substring(texts, text, ignore_case=True)
    held: np.ndarray = pc.fill_null(found, False).to_numpy(zero_copy_only=False)
    return held


def _time_texts(column: pa.Array) -> pa.Array:
    """As ``cell`` writes times: without a fraction where it is none."""
    plain = column.cast(pa.timestamp("us")).cast(pa.string())
    dated = pc.replace_substring(plain, " ", "T")
    return pc.binary_join_element_wise(pc.replace_substring_regex(dated, r"\.000000$", ""), "Z", "")
