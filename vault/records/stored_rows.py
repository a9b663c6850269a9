"""Next month's export holds last month's rows: those that are stored already are left out, and counted."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vault.errors.records import AllStored, SchemaMismatch
from vault.records.appending import fit_to_fields
from vault.records.reading import ColumnReader
from vault.records.schema import ParsedTable
from vault.sealing.keytree import KeyTree
from vault.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from vault.records.collections import CollectionFacts

Places = npt.NDArray[np.int64]
_PLACE: Final = "_place"  # no column of the owner begins with an underscore


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
        stored = pa.table([reader.column(name) for name in names], names=names)
    new = new_rows(fitted.table.select(names), stored)
    left_out = fitted.table.num_rows - len(new)
    if left_out and not len(new):
        raise AllStored(name=parsed.source, collection=home.name)
    note = f"{left_out:,} of {fitted.table.num_rows:,} rows are in {home.name} already and are left out."
    return replace(
        parsed,
        table=parsed.table.take(new),
        lines=parsed.lines.take(new),
        known_rows=left_out,
        notes=(*parsed.notes, *([note] if left_out else [])),
    )


def new_rows(rows: pa.Table, stored: pa.Table) -> pa.Array:
    """The places of the rows that are not stored yet; an empty cell is like an empty cell."""
    names = rows.column_names
    sides = [
        rows.append_column(_PLACE, pa.array(range(rows.num_rows), type=pa.int64())),
        stored.append_column(_PLACE, pa.array([-1], type=pa.int64()).take(pa.array([0] * stored.num_rows))),
    ]
    every = pa.concat_tables(sides)
    # Equal rows stand together, so the least place of a group says whether a stored row is among them.
    groups = every.group_by(names).aggregate([(_PLACE, "min"), (_PLACE, "list")])
    is_fresh = pc.greater_equal(groups[f"{_PLACE}_min"], 0)
    places = pc.list_flatten(groups.filter(is_fresh)[f"{_PLACE}_list"]).to_numpy()
    more = _more_than_stored(groups.filter(pc.invert(is_fresh))[f"{_PLACE}_list"])
    return pa.array(np.sort(np.concatenate([places, more])))


def _more_than_stored(groups: pa.ChunkedArray) -> Places:
    """Of equal rows those that the file has more of than are stored: two coffees are two rows."""
    is_stored = pc.equal(pc.list_flatten(groups), -1).to_numpy(zero_copy_only=False)
    lengths = pc.list_value_length(groups).to_numpy()
    stored = (
        np.add.reduceat(is_stored.astype(np.int64), np.cumsum(lengths) - lengths) if len(lengths) else lengths
    )
    found = [
        sorted(place for place in groups[int(group)].as_py() if place >= 0)[int(stored[group]) :]
        for group in np.flatnonzero(lengths > 2 * stored)
    ]
    return np.array([place for one in found for place in one], dtype=np.int64)
