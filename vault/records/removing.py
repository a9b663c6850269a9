"""Taking the rows of the last import out again: the stripes before them stay as they are sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.records.field_keys import unwrap_key
from vault.records.reading import field_place, segment_place
from vault.records.segments import STRIPE_ROWS, open_segment
from vault.records.writing import reseal
from vault.store.tables import Field, Segment

if TYPE_CHECKING:
    from vault.sealing.keytree import KeyTree
    from vault.store.tables import Collection
    from vault.store.unit_of_work import UnitOfWork


def remove_last_rows(uow: UnitOfWork, keys: KeyTree, collection: Collection, count: int) -> None:
    """Delete the sealed values of the last rows of a collection; raises Damaged."""
    kept = collection.rows - count
    for field in uow.find(Field, collection_id=collection.id):
        for segment in uow.find(Segment, field_id=field.id, order_by="stripe"):
            if segment.stripe * STRIPE_ROWS >= kept:
                uow.delete(segment)
            elif segment.stripe == kept // STRIPE_ROWS:
                _shorten(keys, field, segment, kept % STRIPE_ROWS)
    collection.rows = kept


def _shorten(keys: KeyTree, field: Field, segment: Segment, rows: int) -> None:
    place = field_place(field)
    key = unwrap_key(keys, field.wrapped_key, place)
    values = open_segment(key, segment.blob, segment_place(place, segment))
    reseal(key, place, segment, values.slice(0, rows))
    key.wipe()
