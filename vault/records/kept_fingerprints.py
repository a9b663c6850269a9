"""Fingerprints as they are kept: sealed under their own key, bound to the file they are of.

print  = version 1 B (1 or 2) | content u64 | units | columns u16 | column* | the name of the kind of export, ASCII
column = name 8 B | pairs beside the unit | pairs beside other values
pairs  = sketch | chance in 1/255, rounded up, 1 B
sketch = size u32 | 128 buckets of 4 bits, 64 B
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from math import ceil
from typing import Final

from vault.errors.storage import Damaged
from vault.records.fingerprint import ColumnPrint, Fingerprint, Pairs
from vault.records.minhash import PACKED, Sketch
from vault.sealing.aead import open_sealed, seal
from vault.sealing.keytree import KeyTree, Purpose
from vault.sealing.secret import Secret

_WHAT: Final = "the fingerprint of an import"
_MAGIC: Final = b"lbx-fpr1"
_VERSIONS: Final = (1, 2)
_HEAD: Final = struct.Struct(f">BQI{PACKED}sH")
_COLUMN: Final = struct.Struct(f">8sI{PACKED}sBI{PACKED}sB")
_MOST: Final = 2**32 - 1
_STEPS: Final = 255


def fingerprint_key(keys: KeyTree) -> Secret:
    """The key under which fingerprints are made: without it two of them cannot be compared with any data."""
    return keys.subkey(Purpose.FINGERPRINT, b"features")


def seal_fingerprint(keys: KeyTree, one: Fingerprint, file_digest: bytes) -> bytes:
    """Seal a fingerprint for the file of this digest."""
    return seal(_sealing_key(keys), packed(one), _MAGIC + file_digest)


def open_fingerprint(keys: KeyTree, blob: bytes, file_digest: bytes) -> Fingerprint:
    """Open what `seal_fingerprint` sealed; raises Damaged."""
    return unpacked(open_sealed(_sealing_key(keys), blob, _MAGIC + file_digest, what=_WHAT))


def packed(one: Fingerprint) -> bytes:
    """A fingerprint as bytes."""
    facts = one.content, min(one.units.size, _MOST), one.units.marks, len(one.columns)
    head = _HEAD.pack(one.version, *facts)
    columns = b"".join(_COLUMN.pack(each.name, *_facts(each)) for each in one.columns)
    return head + columns + one.export.encode("ascii")


def unpacked(data: bytes) -> Fingerprint:
    """The fingerprint of such bytes; raises Damaged for any other."""
    if len(data) < _HEAD.size:
        raise Damaged(what=_WHAT)
    version, content, size, marks, columns = _HEAD.unpack_from(data)
    end = _HEAD.size + columns * _COLUMN.size
    if version not in _VERSIONS or len(data) < end or not data[end:].isascii():
        raise Damaged(what=_WHAT)
    return Fingerprint(
        content=content,
        units=Sketch(size=size, marks=marks),
        columns=tuple(_column(*facts) for facts in _COLUMN.iter_unpack(data[_HEAD.size : end])),
        version=version,
        export=data[end:].decode("ascii"),
    )


def _facts(column: ColumnPrint) -> Iterator[object]:
    for pairs in (column.beside_unit, column.beside_values):
        yield from (min(pairs.sketch.size, _MOST), pairs.sketch.marks, ceil(pairs.chance * _STEPS))


def _column(name: bytes, size: int, marks: bytes, chance: int, *others: object) -> ColumnPrint:
    return ColumnPrint(name=name, beside_unit=_pairs(size, marks, chance), beside_values=_pairs(*others))  # type: ignore[arg-type]


def _pairs(size: int, marks: bytes, chance: int) -> Pairs:
    return Pairs(sketch=Sketch(size=size, marks=marks), chance=chance / _STEPS)


def _sealing_key(keys: KeyTree) -> Secret:
    return keys.subkey(Purpose.FINGERPRINT, b"sealing")
