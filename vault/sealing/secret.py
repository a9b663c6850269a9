"""Key material as a type that cannot be printed, pickled, copied or compared by accident."""

from __future__ import annotations

import hmac
from typing import NoReturn, final

from vault.errors.families import InternalError


@final
class Secret:
    """Bytes that stay out of texts, files and comparisons.

    Holds its own copy of ``data``; the buffer the caller gave stays as it was. Python and the crypto library
    make further short-lived copies, so ``wipe`` shortens the life of a key but only the end of the process
    promises that it is gone.
    """

    __slots__ = ("_data", "_is_wiped")

    def __init__(self, data: bytes | bytearray) -> None:
        self._data = bytearray(data)
        self._is_wiped = False

    def reveal(self) -> bytes:
        """The bytes themselves; InternalError after ``wipe``."""
        if self._is_wiped:
            raise InternalError(what="a wiped secret was used")
        return bytes(self._data)

    def matches(self, other: Secret) -> bool:
        """Whether both hold the same bytes, compared in constant time."""
        return hmac.compare_digest(self.reveal(), other.reveal())

    def wipe(self) -> None:
        """Overwrite the bytes with zeros; the secret is of no use afterwards."""
        self._data[:] = bytes(len(self._data))
        self._is_wiped = True

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"Secret({len(self)} bytes)"

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("secrets are compared with .matches()")

    __hash__ = None  # type: ignore[assignment]  # a hash would be a fingerprint of the key

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")


def require_length(key: Secret, length: int, what: str) -> bytes:
    """The bytes of a key of exactly ``length`` bytes; InternalError for any other length.

    libsodium takes an empty BLAKE2b key as "no key", and SQLCipher takes a short raw key as a passphrase.
    """
    if len(key) != length:
        raise InternalError(what=f"{what} must have {length} bytes")
    return key.reveal()
