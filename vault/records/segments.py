"""Sealed column segments: the values of one field in one stripe of rows, as one Arrow message.

plaintext = one Arrow record batch message without its schema (the type is the field's)
context   = magic 8 B | collection u32 | field u32 | stripe u32 | generation u64 | rows u32 | schema hash 8 B

The vault itself needs no place in the context: the field's key is random and wrapped under the vault's root.
Arrow parses bytes only after they proved authentic.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa

from vault.errors.storage import Damaged
from vault.records.arrow_types import arrow_type
from vault.records.field_keys import FieldPlace
from vault.sealing.aead import open_sealed, seal
from vault.sealing.secret import Secret
from vault.views.field_types import ColumnType

STRIPE_ROWS = 4096

_MAGIC = b"lbx-seg1"
_CONTEXT = struct.Struct(">8sIIIQI8s")


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPlace:
    """Where a segment stands: which rows of which field, and how often they were rewritten."""

    field: FieldPlace
    stripe: int
    generation: int
    rows: int


def seal_segment(key: Secret, values: pa.Array, place: SegmentPlace) -> bytes:
    """Seal at most ``STRIPE_ROWS`` values of the field's type, bound to their place."""
    batch = pa.record_batch([values], schema=_schema(place.field.name, place.field.type))
    return seal(key, batch.serialize().to_pybytes(), _context(place))


def open_segment(key: Secret, blob: bytes, place: SegmentPlace) -> pa.Array:
    """Open the values of one segment; raises Damaged for changed bytes, another key or another place."""
    what = f"part {place.stripe + 1} of the column {place.field.name}"
    plain = open_sealed(key, blob, _context(place), what=what)
    batch = pa.ipc.read_record_batch(pa.py_buffer(plain), _schema(place.field.name, place.field.type))
    if batch.num_rows != place.rows:
        raise Damaged(what=what)
    return batch.column(0)


@lru_cache(maxsize=256)
def _schema(name: str, known: ColumnType) -> pa.Schema:
    return pa.schema([(name, arrow_type(known))])


def _context(place: SegmentPlace) -> bytes:
    field = place.field
    return _CONTEXT.pack(
        *(_MAGIC, field.collection, field.field, place.stripe),
        *(place.generation, place.rows, field.schema_hash),
    )
