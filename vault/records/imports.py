"""Seal the rows of a file into a collection, all or nothing."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from vault.audit.entries import EntryType
from vault.audit.timeline import timeline
from vault.audit.transaction import AuditedTransaction
from vault.budget.joining import join
from vault.errors.budget import UnitsDiffer
from vault.errors.families import Invalid
from vault.errors.records import (
    AlreadyImported,
    ImportedByAnotherUnit,
    NoRows,
    NothingToImport,
    SchemaMismatch,
    UnitDiffers,
)
from vault.records.appending import fit_to_fields
from vault.records.collections import CollectionFacts, check_name, facts_of, live_row
from vault.records.kept_fingerprints import seal_fingerprint
from vault.records.overlapping import Incoming, incoming, overlaps
from vault.records.repeats import warnings_of_repeats
from vault.records.schema import Export, ParsedTable, default_unit, guess_time_field
from vault.records.unit_limit import check_unit_count
from vault.records.units import UnitRows, system_fields, with_units
from vault.records.writing import add_fields, append_rows
from vault.sealing.keytree import KeyTree
from vault.store import tables
from vault.store.unit_of_work import UnitOfWork
from vault.strict_number import NotPlain, strict_decimal
from vault.views.field_types import UNIT_FIELD, FieldSpec, UnitSpec
from vault.views.records import ImportReport, Overlap


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportChoice:
    """How the rows of a file are grouped into units and where their times come from."""

    unit: UnitSpec
    time_field: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Whose rows these are: their fingerprint, and the collections that tell about the same people."""

    rows: Incoming
    overlaps: tuple[Overlap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """Rows, and the collection that they go to or that they make.

    ``file_digest`` is the keyed digest of the file; ``lifetime_epsilon`` counts for a new collection only; ``people``
    was found before or is found now.
    """

    name: str
    parsed: ParsedTable
    choice: ImportChoice
    lifetime_epsilon: str
    file_digest: bytes
    people: People | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """An import against which nothing stands: its rows as they are sealed, and the collection that is there already."""

    parsed: ParsedTable
    units: UnitRows
    row: tables.Collection | None
    home: CollectionFacts | None


def import_table(
    act: AuditedTransaction, wanted: Import, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> ImportReport:
    """Seal the rows of a file into a new collection, or behind those of one that has the same columns.

    Raises as `check_import`, and Invalid for a name or an epsilon that cannot be.
    """
    checked = _checked(act.uow, act.keys, wanted)
    name, units = wanted.name, checked.units
    warnings = (
        ()
        if checked.parsed.key
        else warnings_of_repeats(act.uow, act.keys, _own(checked.parsed, units), checked.home)
    )
    people = wanted.people or find_people(
        act.uow, act.keys, name, units.table, wanted.choice, export=wanted.parsed.export
    )
    _check_units(people)
    target = checked.row or _new_collection(act, name, checked.parsed, wanted.choice, wanted.lifetime_epsilon)
    append_rows(act.uow, act.keys, target, units.table, progress)
    joined = _join(act.uow, target, people)
    _record(act, target, checked.parsed, units, wanted.file_digest, people)
    return ImportReport(
        collection=name,
        is_new=checked.row is None,
        rows=units.table.num_rows,
        refused=units.refused,
        total_rows=target.rows,
        warnings=warnings,
        joined=joined,
        known_rows=checked.parsed.known_rows,
    )


def check_import(uow: UnitOfWork, keys: KeyTree, wanted: Import) -> None:
    """Raise AlreadyImported, NothingToImport, TooManyUnits, SchemaMismatch, UnitsDiffer, or Invalid for its unit."""
    _checked(uow, keys, wanted)
    if wanted.people is not None:
        _check_units(wanted.people)


def _checked(uow: UnitOfWork, keys: KeyTree, wanted: Import) -> _Checked:
    refuse_known_file(uow, wanted.file_digest, wanted.parsed.source, str(wanted.choice.unit))
    parsed, choice = wanted.parsed, wanted.choice
    row = live_row(uow, wanted.name)
    home = None if row is None else facts_of(uow, row)
    if home is not None:
        parsed = _fitted(home, parsed, choice)
    units = with_units(parsed, choice.unit, choice.time_field, first_row=row.next_row if row else 0)
    if units.table.num_rows == 0:
        raise _nothing(parsed.source, units)
    check_unit_count(uow, keys, wanted.name, row, units.table[UNIT_FIELD])
    return _Checked(parsed=parsed, units=units, row=row, home=home)


def find_people(
    uow: UnitOfWork,
    keys: KeyTree,
    name: str,
    table: pa.Table,
    choice: ImportChoice,
    said: Mapping[str, str] | None = None,
    *,
    export: Export | None = None,
    known: Incoming | None = None,
) -> People:
    """Whose rows these are, given what the owner said; a fingerprint that is known is not made again."""
    rows = known or incoming(keys, table, choice.unit, choice.time_field, export)
    return People(rows=rows, overlaps=overlaps(uow, keys, rows, live_row(uow, name), said or {}))


def repeats(
    uow: UnitOfWork, keys: KeyTree, name: str, parsed: ParsedTable, choice: ImportChoice
) -> tuple[str, ...]:
    """Warnings about rows of a file that are sealed already; none for a file that could not be imported as it is."""
    row = live_row(uow, name)
    if row is None or parsed.key:
        return ()  # those of a known export are left out
    home = facts_of(uow, row)
    try:
        parsed = _fitted(home, parsed, choice)
    except SchemaMismatch:
        return ()
    units = with_units(parsed, choice.unit, choice.time_field, first_row=0)
    return warnings_of_repeats(uow, keys, _own(parsed, units), home)


def _own(parsed: ParsedTable, units: UnitRows) -> pa.Table:
    return units.table.select([field.name for field in parsed.fields])


def _check_units(people: People) -> None:
    """Refuse to make one budget of several units: no cap would hold for any of them."""
    for one in people.overlaps:
        if one.joins and one.other_unit:
            way_out = (
                f"import these rows with {one.way_out}, or say --other-people {shlex.quote(one.collection)}"
            )
            raise UnitsDiffer(collection=one.collection, unit=one.other_unit, way_out=way_out)


def _join(uow: UnitOfWork, target: tables.Collection, people: People) -> tuple[str, ...]:
    """Make one budget of those that tell about the same people, and return their names."""
    names = tuple(one.collection for one in people.overlaps if one.joins)
    found = [row.id for name in names for row in uow.find(tables.Collection, name=name)]
    if found:
        join(uow, [target.id, *found])
    return names


def choose(
    uow: UnitOfWork,
    name: str,
    fields: Sequence[FieldSpec],
    *,
    unit: str | None = None,
    time_field: str | None = None,
    zone: str = "",
) -> ImportChoice:
    """What was asked for; what was not, as the collection has it, or guessed for a new one, with days of this zone.

    ``unit`` is text as ``UnitSpec.parse`` reads it. Raises Invalid for columns that are not there.
    """
    row = live_row(uow, name)
    known = None if row is None else facts_of(uow, row)
    if time_field is None:
        time_field = guess_time_field(fields) if known is None else known.time_field
    if unit is not None:
        spec = UnitSpec.parse(unit, [field.name for field in fields], zone or None)
    else:
        spec = default_unit(fields, time_field, zone) if known is None else known.unit
    return ImportChoice(unit=spec, time_field=time_field)


def _nothing(source: str, units: UnitRows) -> NothingToImport:
    """Why a file gives no row: the first that is refused, or that it has none."""
    for row in units.refused:
        return NothingToImport(name=source, reason=f"line {row.line}: {row.reason}")
    return NoRows(name=source)


def refuse_known_file(uow: UnitOfWork, digest: bytes, name: str, unit: str | None = None) -> None:
    """Raise AlreadyImported for a file of this digest that is in the vault.

    ``unit`` is what was asked for, if anything was: by another one it is said what it would take to have that.
    """
    for known in uow.find(tables.ImportedFile, digest=digest):
        home = uow.get(tables.Collection, known.collection_id)
        collection = home.name if home else ""
        called = _called_then(uow, collection, known) or name
        date = known.imported_at.date().isoformat()
        spec = facts_of(uow, home).unit if home else None
        if unit is not None and spec is not None and unit != str(spec):
            raise ImportedByAnotherUnit(date=date, name=called, collection=collection, unit=spec.described())
        raise AlreadyImported(date=date, name=called, collection=collection)


def _called_then(uow: UnitOfWork, collection: str, known: tables.ImportedFile) -> str:
    """What a file was called when it was imported, by the entry of the trail; empty where that cannot be told."""
    facts = {"collection": collection, "rows": known.row_count}
    for line in timeline(uow):
        said = {one.name: one.value for one in line.opened}
        is_then = line.entry.ts[:16] == known.imported_at.isoformat()[:16]
        if line.entry.kind is EntryType.RECORD_IMPORT and is_then and facts.items() <= said.items():
            return str(said["source"])
    return ""


def check_unit(facts: CollectionFacts, choice: ImportChoice) -> None:
    """Raise UnitDiffers for rows that would count by another unit than the collection has."""
    if choice.unit != facts.unit:
        raise UnitDiffers(collection=facts.name, unit=facts.unit.described())


def _fitted(facts: CollectionFacts, parsed: ParsedTable, choice: ImportChoice) -> ParsedTable:
    check_unit(facts, choice)
    if choice.time_field != facts.time_field:
        source = f"come from the column {facts.time_field}" if facts.time_field else "are not known"
        raise SchemaMismatch(collection=facts.name, reason=f"the times of its rows {source}")
    return fit_to_fields(parsed, facts.fields, collection=facts.name)


def _new_collection(
    act: AuditedTransaction,
    name: str,
    parsed: ParsedTable,
    choice: ImportChoice,
    lifetime_epsilon: str,
) -> tables.Collection:
    check_name(name)
    row = tables.Collection(
        name=name,
        unit=choice.unit.kind,
        unit_field=choice.unit.of,
        time_field=choice.time_field,
        lifetime_epsilon=_checked_epsilon(lifetime_epsilon),
        created_at=act.at,
        known_as=parsed.known_as,
    )
    act.uow.add(row)
    own = parsed.fields
    add_fields(act.uow, act.keys, row, (*own, *system_fields(own, choice.unit, choice.time_field)))
    return row


def _checked_epsilon(text: str) -> str:
    try:
        epsilon = strict_decimal(text)
    except NotPlain:
        epsilon = Decimal(0)
    if not epsilon:
        raise Invalid(reason="the lifetime epsilon is a number above 0, such as 8")
    return text


def _record(
    act: AuditedTransaction,
    row: tables.Collection,
    parsed: ParsedTable,
    units: UnitRows,
    digest: bytes,
    people: People,
) -> None:
    count = units.table.num_rows
    act.uow.add(
        tables.ImportedFile(
            collection_id=row.id,
            digest=digest,
            row_count=count,
            refused_count=len(units.refused),
            imported_at=act.at,
            fingerprint=seal_fingerprint(act.keys, people.rows.print, digest),
        )
    )
    act.record(
        EntryType.RECORD_IMPORT,
        hidden={
            "collection": row.name,
            "source": parsed.source,
            "schema": [[field.name, field.type.value] for field in parsed.fields],
            "rows": count,
            "refused": len(units.refused),
            # Always both, so that nobody sees from the entry whether there was anything to answer.
            "joined": [one.collection for one in people.overlaps if one.joins],
            "apart": [one.collection for one in people.overlaps if not one.joins],
        },
    )
