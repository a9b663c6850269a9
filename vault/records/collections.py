"""Collections: importing a parsed file into one, and finding them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from vault.acts import Act, parse_stamp, stamp
from vault.audit.entries import EntryType, Json, count_bucket
from vault.errors import AlreadyImported, Invalid, NothingToImport, UnknownCollection
from vault.records.appending import fitted
from vault.records.schema import (
    FieldSpec,
    FieldType,
    ParsedTable,
    RefusedRow,
    Sensitivity,
    UnitKind,
    UnitSpec,
    default_unit,
    guess_time_field,
    is_plain_name,
)
from vault.records.units import UnitRows, check_unit, system_fields, with_units
from vault.records.writing import add_fields, append_rows
from vault.store import tables
from vault.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionFacts:
    """One collection; ``fields`` are the owner's columns in order, ``system_fields`` those the vault added."""

    id: int
    name: str
    unit: UnitSpec
    time_field: str | None
    lifetime_epsilon: str
    created_at: datetime
    rows: int
    fields: tuple[FieldSpec, ...]
    system_fields: tuple[FieldSpec, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did: rows sealed now, rows refused, and the rows of the collection afterwards."""

    collection: str
    is_new: bool
    rows: int
    refused: tuple[RefusedRow, ...]
    total_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportChoice:
    """How the rows of a file are grouped into units and where their times come from."""

    unit: UnitSpec
    time_field: str | None


def import_table(
    act: Act,
    *,
    name: str,
    parsed: ParsedTable,
    unit: UnitSpec,
    time_field: str | None,
    lifetime_epsilon: str,
    file_digest: bytes,
) -> ImportReport:
    """Seal the rows of a file into a new collection, or behind those of one that has the same columns.

    ``file_digest`` is the keyed digest of the file; ``lifetime_epsilon`` counts for a new collection only. Raises
    AlreadyImported, NothingToImport, SchemaMismatch, Invalid for a unit, name or epsilon that cannot be.
    """
    _refuse_known_file(act.uow, file_digest)
    row = _collection_row(act.uow, name)
    facts = None if row is None else _facts(act.uow, row)
    if facts is not None:
        parsed = fitted(parsed, facts.fields, name, same_unit=(facts.unit, facts.time_field) == (unit, time_field))
    units = with_units(parsed, unit, time_field, first_row=row.next_row if row else 0)
    if units.table.num_rows == 0:
        raise NothingToImport
    if row is None:
        row = _new_collection(act, name, parsed.fields, ImportChoice(unit=unit, time_field=time_field), lifetime_epsilon)
    append_rows(act.uow, act.keys, row, units.table)
    _record(act, row, parsed, units, file_digest)
    return ImportReport(
        collection=name,
        is_new=facts is None,
        rows=units.table.num_rows,
        refused=units.refused,
        total_rows=row.rows,
    )
