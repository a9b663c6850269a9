"""Where all randomness of a training run comes from."""

from __future__ import annotations

import os
from types import TracebackType
from typing import NoReturn, Protocol, Self

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from numpy.typing import NDArray

WORD_BYTES = 8
STREAM_BYTES = 1 << 38  # the 32-bit block counter of ChaCha20 comes round after 2^32 blocks of 64 bytes


class Words(Protocol):
    """A source of independent, uniform 64-bit words."""

    def words(self, count: int) -> NDArray[np.uint64]:
        """The next ``count`` words; none is ever given twice."""


class Keystream:
    """The ChaCha20 keystream (RFC 8439) under a fresh 256-bit key of the operating system, read once.

    Takes no seed and no key, cannot be copied or pickled, and serves only the process that made it: the
    batches and the noise of one job are disjoint stretches of it, and no stretch is used twice.
    """

    __slots__ = ("_cipher", "_left", "_process")

    def __init__(self) -> None:
        key = bytearray(os.urandom(32))
        self._cipher: CipherContext | None = Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor()
        key[:] = bytes(32)  # the cipher holds its own copy, which it erases when it is freed
        self._left = STREAM_BYTES
        self._process = os.getpid()

    def words(self, count: int) -> NDArray[np.uint64]:
        """The next ``count`` words; raises RuntimeError when wiped, used up or in another process."""
        size = WORD_BYTES * count
        if self._cipher is None or size > self._left or os.getpid() != self._process:
            raise RuntimeError("this keystream is wiped, used up or of another process")
        self._left -= size
        return np.frombuffer(self._cipher.update(bytes(size)), dtype="<u8")

    def wipe(self) -> None:
        """Forget the key; no word can be drawn any more."""
        self._cipher = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a keystream cannot be copied")
