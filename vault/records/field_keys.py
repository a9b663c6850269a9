"""One random key per field, wrapped under the vault's root; without the wrapped key a field is shredded."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from vault.sealing.aead import open_sealed, seal
from vault.sealing.keytree import KeyTree, Purpose
from vault.sealing.random import random_secret
from vault.sealing.secret import Secret
from vault.views.field_types import ColumnType

_MAGIC = b"lbx-key1"
_CONTEXT = struct.Struct(">8sII8s")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPlace:
    """Which field a key or a segment belongs to, by number, name and type."""

    collection: int
    field: int
    name: str
    type: ColumnType

    @property
    def schema_hash(self) -> bytes:
        """8 bytes that tie sealed bytes to a name and a type.

        Fields whose names are exchanged in the database do not open under each other's consent, and the bytes of
        one type are never read as another.
        """
        return hashlib.sha256(f"{self.type}\n{self.name}".encode()).digest()[:8]


def new_field_key() -> Secret:
    """A fresh key for the segments of one field."""
    return random_secret()


def wrap_key(keys: KeyTree, key: Secret, place: FieldPlace) -> bytes:
    """Seal a field's key under the root, bound to the field's place."""
    return seal(keys.subkey(Purpose.FIELD_WRAP), key.reveal(), _context(place))


def unwrap_key(keys: KeyTree, wrapped: bytes, place: FieldPlace) -> Secret:
    """Open a field's key; raises Damaged under another root, for another field and for changed bytes."""
    what = f"the key of the column {place.name}"
    return Secret(open_sealed(keys.subkey(Purpose.FIELD_WRAP), wrapped, _context(place), what=what))


def _context(place: FieldPlace) -> bytes:
    return _CONTEXT.pack(_MAGIC, place.collection, place.field, place.schema_hash)
