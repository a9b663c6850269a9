"""Ed25519 signatures (RFC 8032) and the short fingerprint people compare."""

from __future__ import annotations

from typing import Self

from nacl.bindings import (
    crypto_sign,
    crypto_sign_BYTES,
    crypto_sign_open,
    crypto_sign_PUBLICKEYBYTES,
    crypto_sign_seed_keypair,
    crypto_sign_SEEDBYTES,
)
from nacl.exceptions import BadSignatureError

from vault.sealing.digest import sha256_hex
from vault.sealing.random import random_secret
from vault.sealing.secret import Secret, require_length

SEED_BYTES = crypto_sign_SEEDBYTES
PUBLIC_BYTES = crypto_sign_PUBLICKEYBYTES
SIGNATURE_BYTES = crypto_sign_BYTES


class SigningKey:
    """A key pair, kept as its 32-byte seed; make one with ``from_seed`` or ``generate``."""

    __slots__ = ("_seed", "public")

    def __init__(self, *, seed: Secret, public: bytes) -> None:
        self._seed = seed
        self.public = public

    @classmethod
    def from_seed(cls, seed: Secret) -> Self:
        """The key pair of a 32-byte seed; InternalError for another length."""
        seed_bytes = require_length(seed, SEED_BYTES, "a signing seed")
        public, _ = crypto_sign_seed_keypair(seed_bytes)
        return cls(seed=Secret(seed_bytes), public=public)

    @classmethod
    def generate(cls) -> Self:
        """A fresh key pair."""
        return cls.from_seed(random_secret(SEED_BYTES))

    def seed(self) -> Secret:
        """A copy of the seed, to be written to a key file."""
        return Secret(self._seed.reveal())

    def sign(self, message: bytes) -> bytes:
        """The 64-byte detached signature of the message."""
        return crypto_sign(message, self._seed.reveal() + self.public)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"SigningKey({fingerprint(self.public)})"


def is_signed_by(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is that of the message by this public key; False for anything malformed."""
    if len(public) != PUBLIC_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True


def fingerprint(public: bytes) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a public key, in groups of four."""
    digits = sha256_hex(public)
    return " ".join(digits[start : start + 4] for start in range(0, 16, 4))
