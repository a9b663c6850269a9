"""The values of a column in one type, and the rows that do not fit: all cells at once, or one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from math import isnan
from typing import Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from vault.importers import cells as spelling
from vault.importers import column_notes
from vault.importers.known_cells import NUMBERS, placed_cells
from vault.importers.local_times import NONE as NO_CHANGES
from vault.importers.local_times import ClockChanges
from vault.importers.marks import MISSING
from vault.importers.odd_lists import OddLists
from vault.importers.values import NeverShown, as_timestamp, converter, misfit
from vault.importers.wishes import CellWishes
from vault.records.arrow_types import arrow_type
from vault.views.field_types import ColumnType, FieldType

AS_SPELLED: Final = CellWishes()

Raw: TypeAlias = pa.ChunkedArray | list[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnReading:
    """A column in its type: ``values`` has a null for every row of ``refused``, which says why.

    ``decimal`` is the sign before the decimals of its numbers where they are spelled with one, ``sign`` that of money
    or percent which all of them carry, ``order`` what its dates
    are made of where they are spelled, ``clock`` the places of times at a change of the clock, ``odd_lists`` why its
    lists are no vectors.
    """

    type: ColumnType
    values: pa.ChunkedArray
    refused: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    decimal: str = ""
    sign: str = ""
    order: str = ""
    clock: ClockChanges = NO_CHANGES
    odd_lists: OddLists | None = None


def one_by_one(name: str, raw: Raw, wanted: ColumnType, form: CellWishes) -> ColumnReading:
    """Every value by itself in this type; those that do not fit are refused."""
    convert, refused, missing = converter(wanted), dict[int, str](), Counter[str]()
    if wanted is FieldType.TIMESTAMP:
        convert = partial(as_timestamp, zone=zone_of(raw, form))
    values: list[object] = []
    for place, value in enumerate(raw if isinstance(raw, list) else raw.to_pylist()):
        word = missing_word(value, wanted)
        missing.update([word] if word else [])
        try:
            values.append(None if value is None or word else convert(value))
        except ValueError as error:
            values.append(None)
            refused[place] = f"{name}: {error if isinstance(error, NeverShown) else misfit(value, wanted)}"
    return ColumnReading(
        type=wanted,
        values=pa.chunked_array([values], type=arrow_type(wanted)),
        refused=refused,
        notes=column_notes.of_words(name, missing),
    )


def zone_of(raw: Raw, form: CellWishes) -> str:
    """The zone of local times; a column of nothing but days has none, and each is its midnight in UTC."""
    if not form.zone or isinstance(raw, list) or not pa.types.is_string(raw.type):
        return form.zone
    return form.zone if spelling.matching(raw, spelling.CLOCK) else ""


def missing_word(value: object, wanted: ColumnType) -> str:
    """The word that stands for a missing number; empty for what holds something."""
    if wanted not in NUMBERS:
        return ""
    if isinstance(value, float):
        return "NaN" if isnan(value) else ""
    return value.strip() if isinstance(value, str) and value.strip() in MISSING else ""


def whole(raw: pa.ChunkedArray, wanted: FieldType, form: CellWishes) -> pa.ChunkedArray | None:
    """Every cell in this type, the empty ones as nulls; None where one does not fit."""
    if len(raw) > spelling.FIRST and whole(raw.slice(0, spelling.FIRST), wanted, AS_SPELLED) is None:
        return None  # a cell that does not fit in no zone fits in none
    places, cells = placed_cells(raw, wanted)
    is_time = wanted is FieldType.TIMESTAMP
    typed = spelling.as_times(cells, zone_of(raw, form)) if is_time else spelling.AS_COLUMN[wanted](cells)
    if typed is None or places is None:
        return typed
    # the n-th known place takes the n-th value; the others take none
    numbers = pc.subtract(pc.cumulative_sum(places.cast(pa.int64())), 1)
    return typed.take(pc.if_else(places, numbers, pa.scalar(None, pa.int64())))
