"""Randomness for keys, nonces and ids: the operating system's, through libsodium."""

from __future__ import annotations

from nacl.utils import random as sodium_random

from vault.sealing.secret import Secret

# 32 signs, so one byte modulo 32 is unbiased; without l and o, which look like 1 and 0.
SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"
GROUPS = 4
GROUP_LENGTH = 5


def random_bytes(length: int) -> bytes:
    """``length`` unpredictable bytes."""
    return sodium_random(length)


def random_id() -> str:
    """A fresh id: 32 hexadecimal digits, 128 random bits."""
    return random_bytes(16).hex()


def random_secret(length: int = 32) -> Secret:
    """A fresh secret of ``length`` bytes."""
    return Secret(random_bytes(length))


def generate_passphrase() -> str:
    """A passphrase of 100 random bits: four groups of five signs joined by dashes."""
    return "-".join(_passphrase_group() for _ in range(GROUPS))


def _passphrase_group() -> str:
    return "".join(SIGNS[byte % 32] for byte in random_bytes(GROUP_LENGTH))
