"""A collection holds at most as many units as the rounding of their sum is proven for."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from learner.protocol import MAX_UNITS
from vault.errors.records import TooManyUnits
from vault.records.collections import CollectionFacts
from vault.records.reading import ColumnReader
from vault.sealing.keytree import KeyTree
from vault.store.tables import Collection
from vault.store.unit_of_work import UnitOfWork
from vault.views.field_types import UNIT_FIELD, UnitKind


def check_unit_count(
    uow: UnitOfWork, keys: KeyTree, name: str, home: Collection | None, units: pa.ChunkedArray
) -> None:
    """Raise TooManyUnits when the collection, or a new one, would have too many with the units of these rows.

    The limit is public, so that no job need be refused by the true number, which would tell it.
    """
    known = home.rows if home else 0
    if known + len(units) <= MAX_UNITS:
        return
    chunks = units.chunks
    if home is not None:
        reader = ColumnReader(uow, keys, home.id, frozenset({UNIT_FIELD}))
        chunks = [*reader.column(UNIT_FIELD).chunks, *chunks]
    if pc.count_distinct(pa.chunked_array(chunks)).as_py() > MAX_UNITS:
        raise TooManyUnits(collection=name, most=MAX_UNITS)


def units_together(
    uow: UnitOfWork, keys: KeyTree, home: CollectionFacts, units: pa.ChunkedArray, *, at_most: int
) -> int:
    """How many units a collection would have with those of these rows; `at_most` or more need not be exact."""
    if home.unit.kind is UnitKind.RECORD:
        return home.rows + len(units)
    of_rows: int = pc.count_distinct(units).as_py()
    if of_rows >= at_most:
        return of_rows
    reader = ColumnReader(uow, keys, home.id, frozenset({UNIT_FIELD}))
    every = pa.chunked_array([*reader.column(UNIT_FIELD).chunks, *units.chunks])
    found: int = pc.count_distinct(every).as_py()
    return found
