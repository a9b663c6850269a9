"""Next month's export holds last month's rows: those that are stored already are left out, and counted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from vault.errors.records import AllStored, SchemaMismatch
from vault.records.appending import fit_to_fields
from vault.records.reading import ColumnReader
from vault.records.schema import ParsedTable
from vault.sealing.keytree import KeyTree
from vault.store.unit_of_work import UnitOfWork
from vault.views.counting import counted

if TYPE_CHECKING:
    from vault.records.collections import CollectionFacts

Places = npt.NDArray[np.int64]


def without_stored(
    uow: UnitOfWork, keys: KeyTree, home: CollectionFacts | None, parsed: ParsedTable
) -> ParsedTable:
    """The rows that their collection does not hold yet, by their key; raises AllStored where there is none, Damaged."""
    if home is None or not home.rows or not parsed.key:
        return parsed
    try:
        fitted = fit_to_fields(parsed, home.fields, collection=home.name)
    except SchemaMismatch:
        return parsed  # the import says so itself
    names = list(parsed.key)
    with closing(ColumnReader(uow, keys, home.id, frozenset(names))) as reader:
        new = new_rows(fitted.table.select(names), reader.column)
    left_out = fitted.table.num_rows - len(new)
    if left_out and not len(new):
        raise AllStored(name=parsed.source, collection=home.name)
    are = "is" if left_out == 1 else "are"
    note = f"{left_out:,} of {counted(fitted.table.num_rows, 'row')} {are} in {home.name} already: left out."
    return replace(
        parsed,
        table=parsed.table.take(new),
        lines=parsed.lines.take(new),
        known_rows=left_out,
        notes=(*parsed.notes, *([note] if left_out else [])),
    )


def new_rows(rows: pa.Table, stored: Callable[[str], pa.ChunkedArray]) -> pa.Array:
    """The places of the rows that are not stored yet; an empty cell is like an empty cell.

    Of equal rows those are new that are more than are stored: two coffees are two rows. Column by column, so that only
    one of them is in memory twice.
    """
    count = rows.num_rows
    numbers: Places = np.zeros(0, dtype=np.int64)
    for name in rows.column_names:
        codes = _codes(rows[name], stored(name))
        # Two rows have one number where they had one before and hold the same here: exact, and below 2^63.
        pairs = codes if not len(numbers) else numbers * (int(codes.max(initial=0)) + 1) + codes
        numbers = np.unique(pairs, return_inverse=True)[1].astype(np.int64)
    order = np.argsort(numbers[:count], kind="stable")
    ordered = numbers[:count][order]
    known = np.bincount(numbers[count:], minlength=int(numbers.max(initial=0)) + 1)[ordered]
    firsts = np.searchsorted(ordered, ordered)
    return pa.array(np.sort(order[np.arange(count) - firsts >= known]))


def _codes(here: pa.ChunkedArray, there: pa.ChunkedArray) -> Places:
    """A number for every value of two columns, the same for the same value."""
    both = pa.chunked_array([*here.chunks, *there.cast(here.type).chunks], type=here.type).combine_chunks()
    codes: Places = both.dictionary_encode(null_encoding="encode").indices.to_numpy().astype(np.int64)
    return codes
