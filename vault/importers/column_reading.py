"""What a column is, decided once from all of its cells: its type, its values, and the rows that do not fit.

A type that is guessed fits every cell and gives every value back; else the column is text. Rows are refused under a
type that a person gave, or that the collection has.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from vault.errors.families import Invalid
from vault.importers import cells as spelling
from vault.importers import column_notes
from vault.importers.column_numbers import as_plain_numbers, decimal_of, doubtful_points, told_notation
from vault.importers.column_values import (
    AS_SPELLED,
    ColumnReading,
    Raw,
    one_by_one,
    whole,
)
from vault.importers.known_cells import NUMBERS, is_empty, known_cells
from vault.importers.local_times import NONE as NO_CHANGES
from vault.importers.local_times import clock_changes
from vault.importers.odd_lists import odd_lists
from vault.importers.said_of_cells import as_texts, dates_in_order, why_no_date, why_undecided, without_nulls
from vault.importers.source import array_or_list
from vault.importers.typed_columns import of_a_type, of_floats
from vault.importers.values import LISTED, LONGEST_TEXT, misfit
from vault.importers.vector_values import are_doubles
from vault.importers.vectors import Vectors, vectors_as, vectors_of
from vault.importers.wishes import CellWishes
from vault.importers.written_dates import ISO, as_iso, order_of
from vault.importers.written_numbers import SIGNS, which_have_decimals
from vault.records.arrow_types import arrow_type
from vault.views.field_types import ColumnType, FieldType, VectorType

MOST_LABELS = 32
_FIRST_LABELS = 4096
LEAST_ROWS_A_LABEL = 2
_NARROWEST_FIRST = (FieldType.INT, FieldType.FLOAT, FieldType.BOOL, FieldType.TIMESTAMP)


def read_column(
    name: str, raw: Raw, given: ColumnType | None, *, is_spelled: bool, form: CellWishes = AS_SPELLED
) -> ColumnReading:
    """Decide what a column is; `is_spelled` says that numbers and truth values are spelled as text in this format.

    Raises Invalid for dates of a form that they do not have.
    """
    raw, said = without_nulls(name, raw, form.nulls)
    order = form.dates.get(name)
    found = (
        _read(name, raw, given, form, is_spelled=is_spelled) if not order else _dated(name, raw, given, form)
    )
    return replace(found, notes=(*said, *found.notes))


def _read(
    name: str, raw: Raw, given: ColumnType | None, form: CellWishes, *, is_spelled: bool
) -> ColumnReading:
    if isinstance(given, VectorType) or _are_lists(raw):
        return _of_vectors(name, raw, given, form, is_spelled=is_spelled)
    if isinstance(raw, list) and given in (None, FieldType.FLOAT) and are_doubles(raw):
        raw = pa.chunked_array([pa.array(raw, type=pa.float64())])
    if given is not None:
        return _as_given(name, raw, given, form)
    if isinstance(raw, list):
        return _of_several_kinds(name, raw, form, is_spelled=is_spelled)
    if not pa.types.is_string(raw.type):
        return of_a_type(name, raw, form)
    if not _can_be_kept(raw):
        return one_by_one(name, raw, FieldType.TEXT, form)
    return _guessed(name, raw, _NARROWEST_FIRST if is_spelled else _spelled_by_texts(raw), form)


def _spelled_by_texts(raw: pa.ChunkedArray) -> Sequence[FieldType]:
    """What texts may be in a format that has numbers: a digit is one of those, and spells no truth value."""
    has_digits = spelling.matching(pc.utf8_trim_whitespace(raw), "^[01]$")
    return _NARROWEST_FIRST[3:] if has_digits else _NARROWEST_FIRST[2:]


def _dated(name: str, raw: Raw, given: ColumnType | None, form: CellWishes) -> ColumnReading:
    """Dates or times in the form that was said; a row of another is refused."""
    if given not in (None, FieldType.TIMESTAMP):
        raise Invalid(reason=f"the column {name} has a form of dates and the type {given.value}")
    order = form.dates[name]
    plain = as_texts(raw) if order == ISO else dates_in_order(name, raw, order)
    found = replace(_times_as_given(name, plain, form), order=order)
    other, why = f"{name}: {misfit('', FieldType.TIMESTAMP)}", why_no_date(name, order)
    reasons = {place: why if reason == other else reason for place, reason in found.refused.items()}
    return found if order == ISO else replace(found, refused=reasons)


# lists --------------------------------------------------------------------------------------------------------


def _are_lists(raw: Raw) -> bool:
    if isinstance(raw, list):
        return any(isinstance(value, list) for value in raw)
    return bool(pa.types.is_list(raw.type))


def _of_vectors(
    name: str, raw: Raw, given: ColumnType | None, form: CellWishes, *, is_spelled: bool
) -> ColumnReading:
    """Vectors where every value is a list of as many numbers; else single values, each list of which is refused."""
    raw = _as_lists(raw)
    if isinstance(raw, list):
        return _as_items(name, raw, given, form, is_spelled=is_spelled)
    if isinstance(given, VectorType):
        return _vectors_as_given(name, vectors_as(raw, given))
    found = vectors_of(raw) if given is None else None
    if found is None:
        return _as_items(name, raw, given, form, is_spelled=is_spelled)
    note = f"Each value of {name} is a list of {found.type.size:,} numbers: it is kept as a vector."
    return ColumnReading(type=found.type, values=found.values, notes=(note,))


def _as_lists(raw: Raw) -> Raw:
    """The column as an array of lists of numbers where it is one, else as single values."""
    if not isinstance(raw, list):
        return raw if pa.types.is_list(raw.type) else raw.to_pylist()
    whole_column = array_or_list(raw)
    is_array = isinstance(whole_column, pa.Array) and pa.types.is_list(whole_column.type)
    return pa.chunked_array([whole_column]) if is_array else raw


def _vectors_as_given(name: str, found: Vectors) -> ColumnReading:
    why = f"{name}: {misfit(None, found.type)}"
    return ColumnReading(type=found.type, values=found.values, refused=dict.fromkeys(found.others, why))


def _as_items(
    name: str, values: Raw, given: ColumnType | None, form: CellWishes, *, is_spelled: bool
) -> ColumnReading:
    """Single values: each list is refused, and said is why it is no vector."""
    if given is None and not isinstance(values, list):
        places, why = pc.indices_nonzero(pc.is_valid(values)).to_pylist(), f"{name}: {LISTED}"
        nothing = pa.chunked_array([pa.nulls(len(values), pa.string())])
        found = ColumnReading(type=FieldType.TEXT, values=nothing, refused=dict.fromkeys(places, why))
        return replace(found, odd_lists=odd_lists(values))
    items = values if isinstance(values, list) else values.to_pylist()
    if given is not None:
        return one_by_one(name, items, given, form)
    return replace(_of_several_kinds(name, items, form, is_spelled=is_spelled), odd_lists=odd_lists(items))


# a type that somebody gave ------------------------------------------------------------------------------------


def _as_given(name: str, raw: Raw, given: FieldType, form: CellWishes) -> ColumnReading:
    if isinstance(raw, list):
        return one_by_one(name, raw, given, form)
    if pa.types.is_floating(raw.type) and given is FieldType.FLOAT:
        found = of_floats(name, raw.cast(pa.float64()))
        return found if found.type is given else one_by_one(name, raw, given, form)
    if raw.type == arrow_type(given) and (not pa.types.is_string(raw.type) or _can_be_kept(raw)):
        return ColumnReading(type=given, values=raw)
    if not pa.types.is_string(raw.type) or given not in spelling.AS_COLUMN:
        told = column_notes.of_float_names(name, raw) if given not in spelling.AS_COLUMN else ()
        return replace(one_by_one(name, raw, given, form), notes=told)
    return (_numbers_as_given if given in NUMBERS else _others_as_given)(name, raw, given, form)


def _numbers_as_given(name: str, raw: pa.ChunkedArray, given: FieldType, form: CellWishes) -> ColumnReading:
    doubtful = doubtful_points(raw, form)
    if doubtful is not None:
        return _without_doubtful(name, raw, given, form, doubtful)
    plain, notation = as_plain_numbers(raw, form, is_given=True)
    found = _typed(name, plain, given, form)
    if notation is not None and found.refused and given is FieldType.FLOAT:
        told = _told_otherwise(name, raw, found.refused, notation.decimal)
        found = replace(found, refused=found.refused | told)
    decimal = decimal_of(plain, given, notation)
    notes = (*told_notation(name, notation), *found.notes)
    return replace(found, notes=notes, decimal=decimal, sign=notation.sign if notation else "")


def _told_otherwise(
    name: str, raw: pa.ChunkedArray, refused: Collection[int], decimal: str
) -> dict[int, str]:
    """Why rows are refused whose numbers have the other decimal sign, where all numbers of the column can have it."""
    other = "." if decimal == "," else ","
    places, cells = list(refused), pc.utf8_trim_whitespace(raw)
    found = which_have_decimals(cells.take(places), known_cells(raw, FieldType.FLOAT), other)
    if found is None:
        return {}
    why = (
        f"{name}: {misfit('', FieldType.FLOAT)} with a decimal {SIGNS[decimal]}; if it is one with a decimal "
        f"{SIGNS[other]}: --decimal {column_notes.column_word(name, other)}"
    )
    return {place: why for place, fits in zip(places, found.to_pylist(), strict=True) if fits}


def _others_as_given(name: str, raw: pa.ChunkedArray, given: FieldType, form: CellWishes) -> ColumnReading:
    if given is not FieldType.TIMESTAMP:
        return _typed(name, raw, given, form)
    plain, order = _as_plain_dates(name, raw)
    found = _times_as_given(name, plain, form)
    if order_of(known_cells(raw, given)) == "":  # dates of which none says which number is the day
        found = replace(found, refused=dict.fromkeys(found.refused, why_undecided(name)))
    told = (column_notes.of_order(name, order),) if order else ()
    return replace(found, notes=(*told, *found.notes), order=order or _iso_of(raw))


def _times_as_given(name: str, plain: pa.ChunkedArray, form: CellWishes) -> ColumnReading:
    """Dates and times in the form of ISO 8601."""
    found = _typed(name, plain, FieldType.TIMESTAMP, form)
    told = column_notes.of_times(name, plain, form.zone)
    return replace(found, notes=(*told, *found.notes), clock=clock_changes(plain, form.zone))


def _iso_of(raw: pa.ChunkedArray) -> str:
    return ISO if spelling.matching(pc.utf8_trim_whitespace(raw), spelling.TIME) else ""


def _typed(name: str, plain: pa.ChunkedArray, given: FieldType, form: CellWishes) -> ColumnReading:
    """The cells in their plain form in this type: all at once, or one by one where some do not fit."""
    values = whole(plain, given, form)
    if values is None:
        return one_by_one(name, plain, given, form)
    return ColumnReading(type=given, values=values, notes=column_notes.of_missing(name, plain, given))


def _without_doubtful(
    name: str, raw: pa.ChunkedArray, given: FieldType, form: CellWishes, doubtful: pa.ChunkedArray
) -> ColumnReading:
    """The column with each row refused of which nobody can tell how large its number is."""
    certain = pc.if_else(doubtful, pa.scalar(None, raw.type), raw)
    found = _as_given(name, certain, given, replace(form, doubts_points=False))
    places = [place for place, flag in enumerate(doubtful.to_pylist()) if flag]
    why = f"{name}: {column_notes.OF_A_POINT}"
    return replace(found, refused=found.refused | dict.fromkeys(places, why))


def _can_be_kept(texts: pa.ChunkedArray) -> bool:
    """Whether no text is too long or holds NUL."""
    longest = pc.max(pc.utf8_length(texts)).as_py() or 0
    return longest <= LONGEST_TEXT and not spelling.matching(texts, r"\x00")


def _of_several_kinds(
    name: str, values: list[object], form: CellWishes, *, is_spelled: bool
) -> ColumnReading:
    """Nested values are refused, the others read without them; as text where they are of several kinds all the same."""
    refused = {
        place: f"{name}: {misfit(value, FieldType.TEXT)}"
        for place, value in enumerate(values)
        if isinstance(value, list | dict)
    }
    if refused:
        single = array_or_list([None if place in refused else one for place, one in enumerate(values)])
        raw = pa.chunked_array([single]) if isinstance(single, pa.Array) else single
        found = _read(name, raw, None, form, is_spelled=is_spelled)
        return replace(found, refused=found.refused | refused)
    found = one_by_one(name, values, FieldType.TEXT, form)
    kept = "it is kept as text"
    if all(isinstance(value, int | None) and not isinstance(value, bool) for value in values):
        return replace(
            found, notes=(f"The column {name} holds numbers of more than 64 bits: {kept}, exactly.",)
        )
    return replace(found, notes=(f"The column {name} holds values of several kinds: {kept}.",))


# a type that the cells spell ----------------------------------------------------------------------------------


def _guessed(
    name: str, raw: pa.ChunkedArray, candidates: Sequence[FieldType], form: CellWishes
) -> ColumnReading:
    if is_empty(raw):
        return ColumnReading(type=FieldType.TEXT, values=raw, notes=(column_notes.of_nothing(name),))
    others = [each for each in candidates if each not in NUMBERS]
    if FieldType.INT in candidates and doubtful_points(raw, form) is not None:
        found = _first_fit(name, raw, others, form)
    elif form.decimal and FieldType.INT in candidates:
        found = _numbers_of(name, raw, form) or _first_fit(name, raw, others, form)
    else:
        found = _first_fit(name, raw, candidates, form) or _as_people_write(name, raw, candidates, form)
    if found is not None:
        return found
    kind = FieldType.CATEGORY if is_category(raw) else FieldType.TEXT
    clock = clock_changes(_as_plain_dates(name, raw)[0], form.zone) if form.zone else NO_CHANGES
    told = () if clock.never else column_notes.of_text(name, raw, candidates, form, kind)
    return ColumnReading(type=kind, values=raw, notes=told, clock=replace(clock, twice=()))


def _first_fit(
    name: str, raw: pa.ChunkedArray, candidates: Sequence[FieldType], form: CellWishes
) -> ColumnReading | None:
    for wanted in candidates:
        values = whole(raw, wanted, form)
        if values is not None and values.null_count < len(values):
            return ColumnReading(
                type=wanted,
                values=values,
                notes=column_notes.of_values(name, raw, wanted, values, form.zone),
                decimal=decimal_of(raw, wanted, None),
                order=ISO if wanted is FieldType.TIMESTAMP else "",
                clock=clock_changes(raw, form.zone) if wanted is FieldType.TIMESTAMP else NO_CHANGES,
            )
    return None


def _as_people_write(
    name: str, raw: pa.ChunkedArray, candidates: Sequence[FieldType], form: CellWishes
) -> ColumnReading | None:
    """Numbers with a decimal comma and the like, and dates whose order every cell together decides."""
    if FieldType.INT in candidates:
        found = _numbers_of(name, raw, form)
        if found is not None:
            return found
    plain, order = _as_plain_dates(name, raw)
    found = _first_fit(name, plain, (FieldType.TIMESTAMP,), form) if order else None
    return found and replace(found, notes=(column_notes.of_order(name, order), *found.notes), order=order)


def _as_plain_dates(name: str, raw: pa.ChunkedArray) -> tuple[pa.ChunkedArray, str]:
    """The column with its dates in the form of ISO 8601, and their order; as it is where nothing decides that."""
    known = known_cells(raw, FieldType.TIMESTAMP)
    order = None if spelling.all_match(known, spelling.TIME) else order_of(known)
    if not order or as_iso(known, order) is None:
        return raw, ""
    return dates_in_order(name, raw, order), order


def _numbers_of(name: str, raw: pa.ChunkedArray, form: CellWishes) -> ColumnReading | None:
    """Numbers of a notation that every cell together decides, or that was said."""
    plain, notation = as_plain_numbers(raw, form)
    found = None if notation is None else _first_fit(name, plain, _NARROWEST_FIRST[:2], form)
    if found is None or notation is None:
        return None
    decimal = decimal_of(plain, found.type, notation)
    notes = (*told_notation(name, notation), *found.notes)
    return replace(found, notes=notes, decimal=decimal, sign=notation.sign if notation else "")


def is_category(column: pa.ChunkedArray) -> bool:
    """Whether a text column draws from at most 32 labels, each on two rows or more on average."""
    if pc.count_distinct(column.slice(0, _FIRST_LABELS), mode="only_valid").as_py() > MOST_LABELS:
        return False
    known = len(column) - column.null_count
    labels: int = pc.count_distinct(column, mode="only_valid").as_py()
    return 0 < labels <= MOST_LABELS and known >= LEAST_ROWS_A_LABEL * labels
