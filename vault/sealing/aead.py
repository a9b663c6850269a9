"""Authenticated encryption: one sealed blob, one key, one context.

    blob = version 1 B (1) | algorithm 1 B (1) | nonce 24 B | ciphertext | tag 16 B

Algorithm 1 is XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): its nonce is long enough to be drawn at random
for every blob. The two leading bytes are authenticated before the caller's context, so that a later algorithm
cannot be swapped in for this one.
"""

from __future__ import annotations

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_ABYTES,
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
)
from nacl.exceptions import CryptoError

from vault.errors.storage import Damaged
from vault.sealing.random import random_bytes
from vault.sealing.secret import Secret, require_length

KEY_BYTES = crypto_aead_xchacha20poly1305_ietf_KEYBYTES
NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES
PREFIX = bytes([1, 1])  # version, algorithm
OVERHEAD = len(PREFIX) + NONCE_BYTES + TAG_BYTES
_SEALED_AT = len(PREFIX) + NONCE_BYTES


def seal(key: Secret, plaintext: bytes, aad: bytes) -> bytes:
    """Encrypt under a 32-byte key, bound to ``aad``; the blob is OVERHEAD bytes longer than the plaintext."""
    nonce = random_bytes(NONCE_BYTES)
    sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(
        plaintext, PREFIX + aad, nonce, require_length(key, KEY_BYTES, "a sealing key")
    )
    return PREFIX + nonce + sealed


def open_sealed(key: Secret, blob: bytes, aad: bytes, *, what: str) -> bytes:
    """The plaintext of a blob; Damaged(what) when any byte of it, the key or the context differs.

    There is one answer for "corrupt", "tampered" and "wrong key": who calls knows that the key is right.
    """
    if len(blob) < OVERHEAD or not blob.startswith(PREFIX):
        raise Damaged(what=what)
    nonce, sealed = blob[len(PREFIX) : _SEALED_AT], blob[_SEALED_AT:]
    key_bytes = require_length(key, KEY_BYTES, "a sealing key")
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, PREFIX + aad, nonce, key_bytes)
    except CryptoError:
        raise Damaged(what=what) from None
