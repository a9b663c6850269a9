"""Find and describe collections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from vault.budget.joining import least_cap, members_of
from vault.errors.families import Invalid
from vault.errors.records import (
    CollectionErased,
    UnknownCollection,
    UnknownField,
)
from vault.records.schema import is_plain_name
from vault.records.sensitivity import guess_sensitivity
from vault.store import tables
from vault.store.unit_of_work import UnitOfWork
from vault.views.field_types import FieldSpec, FieldType, UnitKind, UnitSpec


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

    @property
    def is_erased(self) -> bool:
        """Whether only its name and its budget are left: a collection that was not erased has its unit at least."""
        return not self.system_fields


def find_collection(uow: UnitOfWork, name: str) -> CollectionFacts:
    """The collection of that name; raises UnknownCollection, and CollectionErased where only its budget is left."""
    row = live_row(uow, name)
    if row is None:
        raise UnknownCollection(name=name)
    return facts_of(uow, row)


def find_for(uow: UnitOfWork, name: str) -> CollectionFacts | None:
    """The collection that rows of this name would go to, None for a new one; raises CollectionErased and Invalid."""
    row = live_row(uow, name)
    if row is None:
        check_name(name)
    return None if row is None else facts_of(uow, row)


def known_or_gone(
    uow: UnitOfWork, name: str, *, unit: str, fields: Sequence[str], lifetime: str
) -> CollectionFacts:
    """A collection for a job that named it once, erased or not.

    Of one that is gone its name is known, and by the job its unit and some columns; what these were is guessed.
    """
    row = find_row(uow, name)
    facts = None if row is None else facts_of(uow, row)
    names = {field.name for field in facts.fields} if facts else set()
    lost = tuple(
        FieldSpec(name=field, type=FieldType.TEXT, sensitivity=guess_sensitivity(field))
        for field in fields
        if field not in names
    )
    if facts is not None:
        return replace(facts, fields=(*facts.fields, *lost))
    kind, _, column = unit.partition(":")
    return CollectionFacts(
        id=0,
        name=name,
        unit=UnitSpec(kind=UnitKind(kind), field=column or None),
        time_field=None,
        lifetime_epsilon=lifetime,
        created_at=datetime.min.replace(tzinfo=UTC),
        rows=0,
        fields=lost,
        system_fields=(),
    )


def check_fields(facts: CollectionFacts, names: frozenset[str]) -> None:
    """Raise UnknownField for the first name, in order, that is no column of the collection."""
    for name in sorted(names - {field.name for field in facts.fields}):
        raise UnknownField(collection=facts.name, name=name)


def list_collections(uow: UnitOfWork) -> list[CollectionFacts]:
    """Every collection that holds something, by name."""
    return [facts for facts in all_collections(uow) if not facts.is_erased]


def all_collections(uow: UnitOfWork) -> list[CollectionFacts]:
    """Every collection and every erased one whose budget was spent from, by name."""
    return [facts_of(uow, row) for row in uow.find(tables.Collection, order_by="name")]


def find_row(uow: UnitOfWork, name: str) -> tables.Collection | None:
    """The row of a collection by its name, erased or not."""
    return next(iter(uow.find(tables.Collection, name=name)), None)


def imports_of(uow: UnitOfWork, collection_id: int) -> frozenset[int]:
    """The numbers of the imports whose rows lie in a collection; no number is ever given again.

    An erased one may leave its numbers, but no rows under them.
    """
    found = uow.values(tables.ImportedFile, ("id", "row_count"), collection_id=collection_id)
    return frozenset(number for number, rows in found if rows)


def check_name(name: str) -> None:
    """Raise Invalid for what no collection can be called."""
    if not is_plain_name(name):
        raise Invalid(
            reason="a collection's name is 1 to 80 characters that can be seen, without spaces around them"
        )


def live_row(uow: UnitOfWork, name: str) -> tables.Collection | None:
    """The row of a collection that is there and not erased, or None; raises `CollectionErased`."""
    row = find_row(uow, name)
    if row is not None and facts_of(uow, row).is_erased:
        raise CollectionErased(name=name)
    return row


def facts_of(uow: UnitOfWork, row: tables.Collection) -> CollectionFacts:
    """A collection with its fields, from its row."""
    fields = uow.find(tables.Field, collection_id=row.id, order_by="position")
    return CollectionFacts(
        id=row.id,
        name=row.name,
        unit=unit_of(row),
        time_field=row.time_field,
        lifetime_epsilon=_cap(uow, row),
        created_at=row.created_at,
        rows=row.rows,
        fields=tuple(field_spec(field) for field in fields if not field.is_system),
        system_fields=tuple(field_spec(field) for field in fields if field.is_system),
    )


def unit_of(row: tables.Collection) -> UnitSpec:
    """The unit of a collection; of days its column holds the zone."""
    if row.unit is UnitKind.DAY:
        return UnitSpec(kind=row.unit, zone=row.unit_field)
    return UnitSpec(kind=row.unit, field=row.unit_field)


def _cap(uow: UnitOfWork, row: tables.Collection) -> str:
    """Its own lifetime ε, or the least of all that share one budget with it."""
    if row.filter_id is None:
        return row.lifetime_epsilon
    return f"{least_cap(members_of(uow, row.id), row.lifetime_epsilon):f}"


def field_spec(field: tables.Field) -> FieldSpec:
    """The field as it is described in the vault."""
    return FieldSpec(name=field.name, type=field.type, sensitivity=field.sensitivity)
