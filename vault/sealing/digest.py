"""Digests: keyed BLAKE2b for what must not be guessable, SHA-256 for what anybody may check."""

from __future__ import annotations

import hashlib

from nacl.bindings import crypto_generichash_blake2b_salt_personal

from vault.sealing.secret import Secret, require_length

DIGEST_BYTES = 32
KEY_BYTES = 32
PERSONAL = b"lockbox-digest-1"


def keyed_digest(key: Secret, *parts: bytes, personal: bytes = PERSONAL) -> bytes:
    """BLAKE2b-256 (RFC 7693) of the parts under a 32-byte key.

    Every part is preceded by its length as 8 bytes, big end first, so two different lists of parts never
    read the same. ``personal`` (at most 16 bytes) separates uses of one key.
    """
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    key_bytes = require_length(key, KEY_BYTES, "a digest key")
    return crypto_generichash_blake2b_salt_personal(
        message, digest_size=DIGEST_BYTES, key=key_bytes, person=personal
    )


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
