"""The recovery key as printed on the owner's sheet.

128 random bits and a 16-bit check as 29 signs of Crockford's base32 in groups of five:
``7ZQ4K-0M9TD-…``. I and L read as 1, O as 0; case, spaces and dashes do not matter. The check is the CRC of
CCITT (polynomial 0x1021), which notices every single wrong sign and every swap of neighbours. It finds typing
mistakes and protects nothing; the vault itself decides whether the key is the right one.
"""

from __future__ import annotations

import unicodedata
from binascii import crc_hqx

from vault.errors.keys import RecoveryKeyMistyped
from vault.sealing.secret import Secret, require_length

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
READ_AS = str.maketrans("ILO", "110")
KEY_BYTES = 16
CHECK_BYTES = 2
SIGNS = 29  # 145 bits: 128 + 16 + one zero bit at the end
LONGEST_TEXT = 256
CRC_START = 0xFFFF


def recovery_key_text(key: Secret) -> str:
    """The 16-byte key as its printable text, check included."""
    key_bytes = require_length(key, KEY_BYTES, "a recovery key")
    number = int.from_bytes(key_bytes + _check(key_bytes), "big") << 1
    signs = "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(SIGNS)))
    return "-".join(signs[start : start + 5] for start in range(0, SIGNS, 5))


def parse_recovery_key(text: str) -> Secret:
    """The 16-byte key of a typed text; RecoveryKeyMistyped when the check does not fit."""
    signs = _signs(text)
    if len(signs) != SIGNS or not set(signs) <= set(ALPHABET):
        raise RecoveryKeyMistyped
    number = 0
    for sign in signs:
        number = number << 5 | ALPHABET.index(sign)
    joined = (number >> 1).to_bytes(KEY_BYTES + CHECK_BYTES, "big")
    key, check = joined[:KEY_BYTES], joined[KEY_BYTES:]
    if number & 1 or check != _check(key):
        raise RecoveryKeyMistyped
    return Secret(key)


def _signs(text: str) -> str:
    """The text without separators, in upper case, look-alikes replaced."""
    kept = "".join(sign for sign in text[: LONGEST_TEXT + 1] if not _is_separator(sign))
    return kept.upper().translate(READ_AS)


def _is_separator(sign: str) -> bool:
    # Pd: dashes; Cf: soft hyphens and invisible marks that come with copied text
    return sign.isspace() or sign == "\N{MINUS SIGN}" or unicodedata.category(sign) in {"Pd", "Cf"}


def _check(key: bytes) -> bytes:
    return crc_hqx(key, CRC_START).to_bytes(CHECK_BYTES, "big")
