"""A keyed digest of a multiset, which is brought up to date element by element.

MSet-Add-Hash of Clarke, Devadas, van Dijk, Gassend and Suh (ASIACRYPT 2003): the sum modulo 2^512 of a keyed hash of
each element. In which order elements come and go does not matter, and taking one out is subtracting it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from vault.sealing.secret import Secret, require_length

KEY_BYTES: Final = 32
DIGEST_BYTES: Final = 64
PERSONAL: Final = b"lockbox-rows-1"
_MODULUS: Final = 1 << (8 * DIGEST_BYTES)


class MultisetDigest:
    """A sum of elements under one 32-byte key; equal multisets, and in practice only those, have equal sums."""

    __slots__ = ("_keyed", "_sum")

    def __init__(self, key: Secret, start: bytes = bytes(DIGEST_BYTES)) -> None:
        key_bytes = require_length(key, KEY_BYTES, "a digest key")
        self._keyed = hashlib.blake2b(key=key_bytes, digest_size=DIGEST_BYTES, person=PERSONAL)
        self._sum = int.from_bytes(start, "big")

    def add(self, element: bytes) -> None:
        """Put one element in."""
        self._sum += self._number(element)

    def remove(self, element: bytes) -> None:
        """Take one element out."""
        self._sum -= self._number(element)

    def update(self, elements: Iterable[bytes]) -> None:
        """Put many elements in."""
        self._sum += sum(map(self._number, elements))

    def digest(self) -> bytes:
        """The sum as 64 bytes, big end first."""
        return (self._sum % _MODULUS).to_bytes(DIGEST_BYTES, "big")

    def _number(self, element: bytes) -> int:
        hashing = self._keyed.copy()
        hashing.update(element)
        return int.from_bytes(hashing.digest(), "big")
