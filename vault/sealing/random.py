"""Randomness for keys, nonces and ids: the operating system's, through libsodium."""

from __future__ import annotations

from functools import cache
from typing import Final

from nacl.utils import random as sodium_random

from vault.sealing.secret import Secret

WORDS: Final = 8
LIST_LENGTH: Final = 7776
"""Words of the long list of the EFF, which were chosen to be typed and told apart; eight of them are 103 bits."""

_BITS: Final = LIST_LENGTH.bit_length()


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
    """A passphrase of more than 100 random bits: eight words of a list, with spaces between them."""
    return " ".join(word_list()[_place()] for _ in range(WORDS))


@cache
def word_list() -> tuple[str, ...]:
    """The words that passphrases are made of."""
    from importlib.resources import files

    text = (files("xkcdpass") / "static" / "eff-long").read_text(encoding="utf-8")
    words = tuple(text.split())
    assert len(set(words)) == LIST_LENGTH  # of the package, which is part of the installation
    return words


def _place() -> int:
    """A place in the list, each as likely as any other: a number beyond it is drawn again."""
    while True:
        found = int.from_bytes(random_bytes(2)) >> (16 - _BITS)
        if found < LIST_LENGTH:
            return found
