"""Reading columns: a reader opens the fields it was given and cannot open any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, Self

import pyarrow as pa

from vault.errors.families import InternalError
from vault.errors.records import UnknownField
from vault.errors.storage import Damaged
from vault.records.arrow_types import arrow_type
from vault.records.field_keys import FieldPlace, unwrap_key
from vault.records.segments import STRIPE_ROWS, SegmentPlace, open_segment
from vault.sealing.keytree import KeyTree
from vault.sealing.secret import Secret
from vault.store.tables import Collection, Field, Segment
from vault.store.unit_of_work import UnitOfWork

_PLACED: Final = ("stripe", "generation", "row_count", "blob")


@dataclass(frozen=True, slots=True, kw_only=True)
class _OpenField:
    place: FieldPlace
    key: Secret


class ColumnReader:
    """The columns of one collection that somebody may read.

    It unwraps the keys of ``allowed`` only, so a mistake in a query cannot open another field. System columns
    are allowed by name like any other. Raises UnknownField for an allowed name that is no field, Damaged for
    a key that does not open.
    """

    def __init__(self, uow: UnitOfWork, keys: KeyTree, collection_id: int, allowed: frozenset[str]) -> None:
        collection = uow.get(Collection, collection_id)
        if collection is None:
            raise InternalError(what="a collection without a row was to be read")
        self._uow = uow
        self._collection = collection
        self._fields = _open_fields(uow, keys, collection, allowed)

    @classmethod
    def of_owner(cls, uow: UnitOfWork, keys: KeyTree, collection_id: int) -> Self:
        """The owner's own reader: every field, the system columns too."""
        names = frozenset(field.name for field in uow.find(Field, collection_id=collection_id))
        return cls(uow, keys, collection_id, names)

    @property
    def allowed(self) -> frozenset[str]:
        """The fields this reader opens."""
        return frozenset(self._fields)

    @property
    def rows(self) -> int:
        """The number of rows of the collection."""
        return self._collection.rows

    def column(self, name: str) -> pa.ChunkedArray:
        """All values of a field, one chunk a stripe.

        Raises InternalError for a field outside ``allowed``; Damaged for segments changed, moved or missing.
        """
        field = self._field(name)
        found = self._segments(field)
        if [(place.stripe, place.rows) for place, _ in found] != stripe_sizes(self.rows):
            raise Damaged(what=f"the column {name}")
        chunks = [open_segment(field.key, blob, place) for place, blob in found]
        return pa.chunked_array(chunks, type=arrow_type(field.place.type))

    def stripes(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Some columns side by side, at most 4096 rows at a time; raises like ``column``."""
        fields = [self._field(name) for name in names]
        for field in fields:
            self._check_length(field)
        for stripe, _ in stripe_sizes(self.rows):
            yield self.stripe(names, stripe)

    def stripe(self, names: Sequence[str], stripe: int) -> pa.RecordBatch:
        """Some columns of one stripe side by side; raises like ``column``."""
        fields = [self._field(name) for name in names]
        rows = min(STRIPE_ROWS, self.rows - stripe * STRIPE_ROWS)
        return pa.record_batch([self._stripe(field, stripe, rows) for field in fields], names=list(names))

    def close(self) -> None:
        """Overwrite the keys; the reader is of no use afterwards."""
        for field in self._fields.values():
            field.key.wipe()

    def _field(self, name: str) -> _OpenField:
        if name not in self._fields:
            raise InternalError(what="a column outside the allowed ones was asked for")
        return self._fields[name]

    def _check_length(self, field: _OpenField) -> None:
        if self._uow.count(Segment, field_id=field.place.field) != len(stripe_sizes(self.rows)):
            raise Damaged(what=f"the column {field.place.name}")

    def _stripe(self, field: _OpenField, stripe: int, rows: int) -> pa.Array:
        found = self._segments(field, stripe=stripe)
        if [place.rows for place, _ in found] != [rows]:
            raise Damaged(what=f"the column {field.place.name}")
        return open_segment(field.key, found[0][1], found[0][0])

    def _segments(self, field: _OpenField, **equals: object) -> list[tuple[SegmentPlace, bytes]]:
        """The sealed segments of a field with their places, in order; cheaper than their rows."""
        found = self._uow.values(Segment, _PLACED, field_id=field.place.field, **equals)
        return [
            (SegmentPlace(field=field.place, stripe=stripe, generation=generation, rows=rows), blob)
            for stripe, generation, rows, blob in sorted(found, key=itemgetter(0))
        ]


def stripe_sizes(rows: int) -> list[tuple[int, int]]:
    """The number and size of every stripe of so many rows: all full but the last."""
    starts = range(0, rows, STRIPE_ROWS)
    return [(stripe, min(STRIPE_ROWS, rows - start)) for stripe, start in enumerate(starts)]


def field_place(field: Field) -> FieldPlace:
    """The place that the field's key and segments are bound to."""
    return FieldPlace(collection=field.collection_id, field=field.id, name=field.name, type=field.type)


def segment_place(field: FieldPlace, segment: Segment) -> SegmentPlace:
    """The place that the segment is bound to, as its row says."""
    return SegmentPlace(
        field=field, stripe=segment.stripe, generation=segment.generation, rows=segment.row_count
    )


def _open_fields(
    uow: UnitOfWork, keys: KeyTree, collection: Collection, allowed: frozenset[str]
) -> Mapping[str, _OpenField]:
    rows = {field.name: field for field in uow.find(Field, collection_id=collection.id)}
    for name in sorted(allowed - rows.keys()):
        raise UnknownField(collection=collection.name, name=name)
    places = {name: field_place(rows[name]) for name in allowed}
    return {
        name: _OpenField(place=place, key=unwrap_key(keys, rows[name].wrapped_key, place))
        for name, place in places.items()
    }
