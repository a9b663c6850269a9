"""A second reader of the sealed formats that shares no code and no library with the first.

XChaCha20-Poly1305 is HChaCha20 (draft-irtf-cfrg-xchacha-03 section 2.2), written out here, in front of the
ChaCha20-Poly1305 of `cryptography`; Argon2id is that of `cryptography`; BLAKE2b that of `hashlib`.
"""

from __future__ import annotations

import hashlib
import struct

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

WORD = 0xFFFFFFFF


def hchacha20(key: bytes, nonce16: bytes) -> bytes:
    state = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce16))
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)):
            _quarter_round(state, a, b, c, d)
        for a, b, c, d in ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            _quarter_round(state, a, b, c, d)
    return struct.pack("<8I", *state[:4], *state[12:])


def xchacha_encrypt(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])).encrypt(bytes(4) + nonce[16:], plaintext, aad)


def xchacha_decrypt(key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])).decrypt(bytes(4) + nonce[16:], sealed, aad)


def open_blob(key: bytes, blob: bytes, aad: bytes) -> bytes:
    return xchacha_decrypt(key, blob[2:26], blob[26:], blob[:2] + aad)


def argon2id(passphrase: bytes, salt: bytes, passes: int, memory_kib: int) -> bytes:
    derivation = Argon2id(salt=salt, length=64, iterations=passes, lanes=1, memory_cost=memory_kib)
    return derivation.derive(passphrase)


def blake2b(key: bytes, parts: list[bytes], person: bytes) -> bytes:
    message = b"".join(struct.pack(">Q", len(part)) + part for part in parts)
    return hashlib.blake2b(message, digest_size=32, key=key, person=person).digest()


def _quarter_round(state: list[int], a: int, b: int, c: int, d: int) -> None:
    for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[x] = (state[x] + state[y]) & WORD
        mixed = state[z] ^ state[x]
        state[z] = (mixed << turn | mixed >> (32 - turn)) & WORD
