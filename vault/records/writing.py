"""Appending rows: the last stripe is filled up and sealed anew, then new stripes follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import pyarrow as pa

from vault.records.field_keys import FieldPlace, new_field_key, unwrap_key, wrap_key
from vault.records.reading import field_place, segment_place
from vault.records.segments import STRIPE_ROWS, SegmentPlace, open_segment, seal_segment
from vault.sealing.keytree import KeyTree
from vault.sealing.secret import Secret
from vault.store.tables import Collection, Field, Segment
from vault.store.unit_of_work import UnitOfWork
from vault.views.field_types import SYSTEM_FIELDS, FieldSpec

_AT_ONCE: Final = 64
"""Segments of a column that are written at once."""


def add_fields(uow: UnitOfWork, keys: KeyTree, collection: Collection, fields: Sequence[FieldSpec]) -> None:
    """Make the fields of a new collection, each with a key of its own."""
    for position, spec in enumerate(fields):
        field = Field(
            collection_id=collection.id,
            position=position,
            name=spec.name,
            type=spec.type,
            sensitivity=spec.sensitivity,
            is_system=spec.name in SYSTEM_FIELDS,
            wrapped_key=b"",
        )
        uow.add(field)  # gives the number that the key is bound to
        field.wrapped_key = wrap_key(keys, new_field_key(), field_place(field))


def append_rows(
    uow: UnitOfWork, keys: KeyTree, collection: Collection, table: pa.Table,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> None:  # fmt: skip
    """Seal the rows of ``table`` behind those that are there; it has a column for every field.

    ``progress`` is told the values sealed.
    """
    fields = uow.find(Field, collection_id=collection.id)
    values = table.num_rows * len(fields)
    for number, field in enumerate(fields):
        progress(number * table.num_rows, values)
        place = field_place(field)
        key = unwrap_key(keys, field.wrapped_key, place)
        _append_column(uow, key, place, collection.rows, table[field.name])
        key.wipe()
    progress(values, values)
    collection.rows += table.num_rows
    collection.next_row += table.num_rows


def _append_column(
    uow: UnitOfWork, key: Secret, place: FieldPlace, rows: int, values: pa.ChunkedArray
) -> None:
    stripe = rows // STRIPE_ROWS
    waiting = values
    for tail in uow.find(Segment, field_id=place.field, stripe=stripe):
        room = STRIPE_ROWS - tail.row_count
        old = open_segment(key, tail.blob, segment_place(place, tail))
        whole = pa.chunked_array([old, *values.slice(0, room).chunks], type=values.type)
        reseal(key, place, tail, whole.combine_chunks())
        waiting, stripe = values.slice(room), stripe + 1
    starts = range(0, len(waiting), STRIPE_ROWS)
    for first in range(0, len(starts), _AT_ONCE):
        some = enumerate(starts[first : first + _AT_ONCE], start=stripe + first)
        uow.add_all(
            [_segment(key, place, number, waiting.slice(start, STRIPE_ROWS)) for number, start in some]
        )


def reseal(key: Secret, place: FieldPlace, segment: Segment, values: pa.Array) -> None:
    """Seal a segment anew under the next generation, so that the old blob does not open in its place."""
    segment.generation += 1
    segment.row_count = len(values)
    segment.blob = seal_segment(key, values, segment_place(place, segment))


def _segment(key: Secret, place: FieldPlace, stripe: int, values: pa.ChunkedArray) -> Segment:
    at = SegmentPlace(field=place, stripe=stripe, generation=1, rows=len(values))
    return Segment(
        collection_id=place.collection,
        field_id=place.field,
        stripe=stripe,
        generation=at.generation,
        row_count=at.rows,
        blob=seal_segment(key, values.combine_chunks(), at),
    )
