"""Collections, read for showing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.records.collections import list_collections
from vault.store.times import stamp
from vault.views.collections import CollectionView, FieldView

if TYPE_CHECKING:
    from vault.records.collections import CollectionFacts
    from vault.store.unit_of_work import UnitOfWork


# collections and requesters ---------------------------------------------------------------------------------


def collection_views(uow: UnitOfWork) -> list[CollectionView]:
    """Every collection with its columns."""
    return [_collection(facts) for facts in list_collections(uow)]


def _collection(facts: CollectionFacts) -> CollectionView:
    return CollectionView(
        name=facts.name,
        rows=facts.rows,
        unit=facts.unit.kind.value,
        unit_field=facts.unit.of,
        time_field=facts.time_field,
        lifetime_epsilon=facts.lifetime_epsilon,
        created_at=stamp(facts.created_at),
        fields=tuple(
            FieldView(name=field.name, type=field.type.value, sensitivity=field.sensitivity.value)
            for field in facts.fields
        ),
    )
