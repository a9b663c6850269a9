"""The numbers of a column in the plain form: in which notation they are written, and where nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from vault.importers import cells as spelling
from vault.importers.known_cells import NUMBERS, is_known, known_cells
from vault.importers.written_numbers import (
    Notation,
    as_plain,
    like_numbers,
    may_be_numbers,
    notation_of,
    points_in_doubt,
)
from vault.views.field_types import ColumnType, FieldType

if TYPE_CHECKING:
    from vault.importers.wishes import CellWishes


def told_notation(name: str, notation: Notation | None) -> tuple[str, ...]:
    """What is said of numbers in a notation."""
    if notation is None or notation == Notation(decimal="."):
        return ()
    return (f"The numbers in {name} {notation.words()}.",)


def decimal_of(plain: pa.ChunkedArray, kind: ColumnType, notation: Notation | None) -> str:
    """The sign before the decimals of a column of numbers; empty where it has neither decimals nor groups."""
    if kind not in NUMBERS or not (
        pc.any(pc.match_substring(plain, ".")).as_py() or (notation and notation.group)
    ):
        return ""
    return notation.decimal if notation else "."


def doubtful_points(raw: pa.ChunkedArray, form: CellWishes) -> pa.ChunkedArray | None:
    """Which cells are one number or one a thousand times as large; None where that is decided or was said."""
    if form.decimal or not pc.any(pc.match_substring(raw, "."), min_count=0).as_py():
        return None
    cells = pc.utf8_trim_whitespace(raw)
    found = points_in_doubt(cells, known_cells(raw, FieldType.FLOAT), doubts_points=form.doubts_points)
    return None if found is None else pc.fill_null(found, False)


def as_plain_numbers(
    raw: pa.ChunkedArray, form: CellWishes, *, is_given: bool = False
) -> tuple[pa.ChunkedArray, Notation | None]:
    """The column with its numbers in the plain form, and how they were written; as it is where nothing decides that.

    Under a type that was given the cells that are numbers decide it, whatever the others are.
    """
    if not is_given and not may_be_numbers(known_cells(raw.slice(0, spelling.FIRST), FieldType.FLOAT)):
        return raw, None
    known = known_cells(raw, FieldType.FLOAT)
    if not form.decimal and spelling.all_match(known, spelling.FLOAT):
        return raw, None
    if is_given and not spelling.all_match(known, spelling.FLOAT):
        known = like_numbers(known)
    notation = notation_of(known, form.decimal, doubts_commas=form.doubts_commas)
    if notation is None and form.decimal and is_given:
        notation = Notation.usual(form.decimal)
    if notation is None or (not form.decimal and spelling.all_match(known, spelling.FLOAT)):
        return raw, None
    plain = pc.if_else(is_known(raw, FieldType.FLOAT), as_plain(pc.utf8_trim_whitespace(raw), notation), raw)
    return plain, notation
