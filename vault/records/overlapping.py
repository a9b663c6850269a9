"""Which collections tell about the people of a file that is to be imported, erased ones included.

Fingerprints are compared with fingerprints. One cannot see a month of days in ten years of them; so with a collection
that is there, what both have of the same units is compared besides, read from its records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from vault.budget.joining import filter_of, members_of
from vault.errors.families import Invalid
from vault.errors.records import AnswerForHalf, ColumnsClosed, UnknownCollection
from vault.records.collections import facts_of, find_row
from vault.records.fingerprint import Fingerprint, fingerprint, name_digest, units_of
from vault.records.kept_fingerprints import fingerprint_key, open_fingerprint
from vault.records.minhash import containment
from vault.records.normalised import Keys
from vault.records.overlap import LEAST_UNITS, Likeness, likeness
from vault.records.reading import ColumnReader
from vault.store import tables
from vault.views.field_types import UnitKind, UnitSpec
from vault.views.records import Overlap, OverlapReason

if TYPE_CHECKING:
    from vault.records.collections import CollectionFacts
    from vault.records.schema import Export
    from vault.sealing.keytree import KeyTree
    from vault.store.unit_of_work import UnitOfWork

SAME, OTHER = "same", "other"
"""What is said of a collection: the same people, or other ones."""
_NEAR: Final = 4  # two fingerprints of sizes no farther apart than this many times tell all there is to tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """The rows of a file as they would be sealed, how they are grouped, and their fingerprint."""

    table: pa.Table
    unit: UnitSpec
    time_field: str | None
    print: Fingerprint
    export: Export | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A collection with its fingerprints, and whether it is a table of the same kind of export as the rows."""

    row: tables.Collection
    facts: CollectionFacts
    prints: Sequence[Fingerprint]
    is_kin: bool


def incoming(
    keys: KeyTree, table: pa.Table, unit: UnitSpec, time_field: str | None, export: Export | None = None
) -> Incoming:
    """Rows with their fingerprint."""
    name = export.name if export else ""
    made = fingerprint(fingerprint_key(keys), table, unit, time_field, export=name)
    return Incoming(table=table, unit=unit, time_field=time_field, print=made, export=export)


def overlaps(
    uow: UnitOfWork, keys: KeyTree, rows: Incoming, home: tables.Collection | None, people: Mapping[str, str]
) -> tuple[Overlap, ...]:
    """Each collection with a budget of its own that tells about the people of these rows, or of which it was said.

    `people` is what the owner said: the name of a collection, and `same` or `other`. Without a word those are joined
    that hold the same people beyond doubt, and those that are tables of the same kind of export; who says of one of
    these that it holds other people has two such exports, and of none of them it is taken for granted. Raises
    `UnknownCollection`, `ColumnsClosed` and `Invalid`.
    """
    _check(uow, people)
    if not rows.table.num_rows:
        return ()  # nobody is in it, and nobody is like somebody
    here = None if home is None else filter_of(home)
    others = [
        _known(uow, keys, rows, row)
        for row in uow.find(tables.Collection, order_by="name")
        if filter_of(row) != here
    ]
    has_two = any(one.is_kin and people.get(one.row.name) == OTHER for one in others)
    found = [
        (one.row, _overlap(uow, keys, rows, one, people.get(one.row.name), takes_kin=not has_two))
        for one in others
    ]
    joined = [row for row, one in found if one is not None and one.joins]
    for row in joined if home is None else [*joined, home]:
        _refuse_half_answer(uow, row, people)
    return tuple(one for _, one in found if one is not None)


def _known(uow: UnitOfWork, keys: KeyTree, rows: Incoming, row: tables.Collection) -> _Known:
    facts = facts_of(uow, row)
    prints = prints_of(uow, keys, facts)
    is_kin = rows.export is not None and _is_kin(keys, rows.export, facts, prints)
    return _Known(row=row, facts=facts, prints=prints, is_kin=is_kin)


def _is_kin(keys: KeyTree, export: Export, facts: CollectionFacts, prints: Sequence[Fingerprint]) -> bool:
    """Whether a collection is a table of this kind of export, erased or not: by its name, or by its columns.

    What was imported before that name was kept, and what came in as a plain table, has nothing but the columns.
    """
    key = fingerprint_key(keys)
    apart = {name_digest(key, name) for name in (facts.time_field, facts.unit.field) if name}
    wanted = {frozenset(name_digest(key, name) for name in one) - apart for one in export.tables}
    return any(
        each.export == export.name or frozenset(one.name for one in each.columns) - apart in wanted
        for each in prints
    )


def state_of(uow: UnitOfWork) -> tuple[object, ...]:
    """What changes with everything that an overlap is decided from."""
    collections = [(row.id, row.filter_id, row.next_row, row.rows) for row in uow.find(tables.Collection)]
    files = [(row.id, hash(row.fingerprint)) for row in uow.find(tables.ImportedFile)]
    return (*collections, *files)


def prints_of(uow: UnitOfWork, keys: KeyTree, facts: CollectionFacts) -> list[Fingerprint]:
    """The fingerprint of each file of a collection; of records from before there were any, one of them all."""
    files = uow.find(tables.ImportedFile, collection_id=facts.id)
    prints = [open_fingerprint(keys, file.fingerprint, file.digest) for file in files if file.fingerprint]
    if facts.rows and len(prints) < len(files):
        export = next((each.export for each in prints if each.export), "")
        return [_of_records(uow, keys, facts, export)]
    return prints


def _check(uow: UnitOfWork, people: Mapping[str, str]) -> None:
    for name, word in people.items():
        if word not in (SAME, OTHER):
            raise Invalid(reason=f"{word} is none of {SAME}, {OTHER}")
        if find_row(uow, name) is None:
            raise UnknownCollection(name=name)


def _refuse_half_answer(uow: UnitOfWork, row: tables.Collection, people: Mapping[str, str]) -> None:
    """Raise `AnswerForHalf` where these rows would join a budget, and were said to be others than one member's."""
    for one in members_of(uow, row.id):
        if one.name != row.name and people.get(one.name) == OTHER:
            raise AnswerForHalf(name=one.name, other=row.name)


def _overlap(
    uow: UnitOfWork, keys: KeyTree, rows: Incoming, one: _Known, said: str | None, *, takes_kin: bool
) -> Overlap | None:
    name = one.row.name
    reason = _reason(uow, keys, rows, one.facts, one.prints)
    if reason is OverlapReason.COLUMNS_CLOSED and said == OTHER:
        raise ColumnsClosed(name=name)
    if reason in (None, OverlapReason.PERHAPS) and one.is_kin:
        reason = OverlapReason.SAME_EXPORT
    if reason is None and said == SAME:
        reason = OverlapReason.SAID
    if reason is None:
        return None
    joins = _joins(reason, said, takes_kin=takes_kin)
    unit = _other_unit(uow, keys, rows, one.row) if joins else None
    return Overlap(
        collection=name,
        reason=reason,
        is_erased=one.facts.is_erased,
        joins=joins,
        other_unit=unit.described() if unit else "",
        way_out=unit.options() if unit else "",
    )


def _joins(reason: OverlapReason, said: str | None, *, takes_kin: bool) -> bool:
    if reason is OverlapReason.COLUMNS_CLOSED or said == SAME:
        return True
    is_sure = reason is OverlapReason.SAME_PEOPLE or (takes_kin and reason is OverlapReason.SAME_EXPORT)
    return is_sure and said is None


def _other_unit(uow: UnitOfWork, keys: KeyTree, rows: Incoming, row: tables.Collection) -> UnitSpec | None:
    """The unit of a member of this budget that is another one than that of the rows, erased members included."""
    members = (facts_of(uow, one) for one in members_of(uow, row.id))
    return next((one.unit for one in members if not _is_one_unit(uow, keys, rows, one)), None)


def _is_one_unit(uow: UnitOfWork, keys: KeyTree, rows: Incoming, facts: CollectionFacts) -> bool:
    """Whether both count by the same: of columns with different names, whether they hold the same units."""
    if rows.unit.kind is not facts.unit.kind:
        return False
    if rows.unit.kind is UnitKind.DAY:
        return rows.unit.zone == facts.unit.zone
    names = {(unit.field or "").casefold() for unit in (rows.unit, facts.unit)}
    if len(names) == 1:
        return True
    prints = prints_of(uow, keys, facts)
    own = {version: _print_of(keys, rows, version).units for version in {each.version for each in prints}}
    return any(containment(own[each.version], each.units) >= LEAST_UNITS for each in prints)


def _reason(
    uow: UnitOfWork, keys: KeyTree, rows: Incoming, facts: CollectionFacts, prints: Sequence[Fingerprint]
) -> OverlapReason | None:
    own = {version: _print_of(keys, rows, version) for version in {each.version for each in prints}}
    found = {likeness(own[each.version], each): each for each in prints}
    if Likeness.SAME in found:
        is_closed = found[Likeness.SAME].is_destroyed
        return OverlapReason.COLUMNS_CLOSED if is_closed else OverlapReason.SAME_PEOPLE
    closer = _by_records(uow, keys, rows, facts) if facts.rows and _is_far(rows, facts, prints) else None
    if closer is Likeness.SAME:
        return OverlapReason.SAME_PEOPLE
    return OverlapReason.PERHAPS if Likeness.PERHAPS in {*found, closer} else None


def _print_of(keys: KeyTree, rows: Incoming, version: int) -> Fingerprint:
    """The fingerprint of the rows as an older version made it, to be compared with what that version kept."""
    if version == rows.print.version:
        return rows.print
    return fingerprint(fingerprint_key(keys), rows.table, rows.unit, rows.time_field, version)


def _is_far(rows: Incoming, facts: CollectionFacts, prints: Sequence[Fingerprint]) -> bool:
    few, many = sorted((max(1, rows.table.num_rows), facts.rows))
    return len(prints) > 1 or many > _NEAR * few


def _by_records(uow: UnitOfWork, keys: KeyTree, rows: Incoming, facts: CollectionFacts) -> Likeness | None:
    """Compare what both have of the same units; None where the units alone say that it is not worth a look."""
    key, names = fingerprint_key(keys), _unit_columns(facts)
    theirs = units_of(key, _sealed(uow, keys, facts, names), facts.unit, facts.time_field) if names else None
    own = units_of(key, rows.table, rows.unit, rows.time_field)
    if own is None or theirs is None:
        return None
    shared = np.intersect1d(own, theirs)
    if len(shared) < LEAST_UNITS * min(len(np.unique(own)), len(np.unique(theirs))):
        return None
    sealed = _of_units(_sealed(uow, keys, facts, _names(facts)), theirs, shared)
    return likeness(
        fingerprint(key, _of_units(rows.table, own, shared), rows.unit, rows.time_field),
        fingerprint(key, sealed, facts.unit, facts.time_field),
    )


def _of_units(table: pa.Table, units: Keys, wanted: Keys) -> pa.Table:
    return table.filter(pa.array(np.isin(units, wanted)))


def _unit_columns(facts: CollectionFacts) -> list[str]:
    """What says whose a row is; nothing where that would have to be found out from all columns."""
    column = facts.unit.field if facts.unit.kind is UnitKind.COLUMN else facts.time_field
    return [column] if column else []


def _of_records(uow: UnitOfWork, keys: KeyTree, facts: CollectionFacts, export: str) -> Fingerprint:
    table = _sealed(uow, keys, facts, _names(facts))
    return fingerprint(fingerprint_key(keys), table, facts.unit, facts.time_field, export=export)


def _sealed(uow: UnitOfWork, keys: KeyTree, facts: CollectionFacts, names: Sequence[str]) -> pa.Table:
    with closing(ColumnReader(uow, keys, facts.id, frozenset(names))) as reader:
        return pa.table([reader.column(name) for name in names], names=list(names))


def _names(facts: CollectionFacts) -> list[str]:
    return [field.name for field in facts.fields]
