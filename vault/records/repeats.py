"""Detect rows of a file that are already stored in the collection they go to.

Rows are compared whole and in memory, as they would be sealed: a file that differs in spaces, order or quotes alone
is the same rows. Nothing of the comparison is stored.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from vault.records.arrow_types import by_number
from vault.records.reading import ColumnReader
from vault.sealing.keytree import KeyTree
from vault.store.unit_of_work import UnitOfWork
from vault.views.field_types import UnitKind

if TYPE_CHECKING:
    from vault.records.collections import CollectionFacts

_FROM_FILE, _SEALED = "_file", "_sealed"


def warnings_of_repeats(
    uow: UnitOfWork, keys: KeyTree, rows: pa.Table, home: CollectionFacts | None
) -> tuple[str, ...]:
    """A sentence where rows of the owner's columns are in their collection already; raises Damaged."""
    if home is None or not home.rows or _names(home) != set(rows.column_names):
        return ()
    known = known_rows(rows, _sealed(uow, keys, home))
    which = f"{known} of these rows {'is' if known == 1 else 'are'} in the collection already"
    return (f"{which}; {_harm(home)}.",) if known else ()


def known_rows(rows: pa.Table, sealed: pa.Table) -> int:
    """How many of the rows are the same as a sealed one in every column; an empty cell is like an empty cell."""
    names = rows.column_names
    pairs = [_comparable(rows[name], sealed[name]) for name in names]
    sides = [
        _side(pa.table([left for left, _ in pairs], names=names), is_sealed=False),
        _side(pa.table([right for _, right in pairs], names=names), is_sealed=True),
    ]
    names = [name for name in sides[0].column_names if name not in (_FROM_FILE, _SEALED)]
    groups = pa.concat_tables(sides).group_by(names).aggregate([(_FROM_FILE, "sum"), (_SEALED, "max")])
    both = groups.filter(pc.equal(groups[f"{_SEALED}_max"], 1))
    return pc.sum(both[f"{_FROM_FILE}_sum"]).as_py() or 0


def _side(table: pa.Table, *, is_sealed: bool) -> pa.Table:
    table = by_number(table)
    for name, value in ((_FROM_FILE, not is_sealed), (_SEALED, is_sealed)):
        table = table.append_column(name, pa.repeat(pa.scalar(int(value), pa.int64()), table.num_rows))
    return table


def _comparable(left: pa.ChunkedArray, right: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Two columns in one type: another byte in a file may have made whole numbers of it, or texts."""
    if left.type == right.type:
        return left, right
    numbers = all(pa.types.is_integer(each.type) or pa.types.is_floating(each.type) for each in (left, right))
    common = pa.float64() if numbers else pa.string()
    return left.cast(common, safe=False), right.cast(common, safe=False)


def _sealed(uow: UnitOfWork, keys: KeyTree, facts: CollectionFacts) -> pa.Table:
    names = sorted(_names(facts))
    with closing(ColumnReader(uow, keys, facts.id, frozenset(names))) as reader:
        return pa.table([reader.column(name) for name in names], names=names)


def _names(facts: CollectionFacts) -> set[str]:
    return {field.name for field in facts.fields}


def _harm(home: CollectionFacts) -> str:
    """What a row does that is told twice: alone it is hidden less well, within one unit it weighs more."""
    if home.unit.kind is UnitKind.RECORD:
        return "what is told twice is hidden less well"
    return "they stay hidden within their unit, but would count twice"
