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
    """The ChaCha20 keystream (RFC 8439) under a fresh 256-bit key of the operating system.

    Takes no seed and no key, cannot be copied or pickled, and serves only the process that made it: the
    batches and the noise of one job are disjoint stretches of it, and no stretch is used twice. Where one key
    is used up another fresh one takes over, so that a run never ends by the number of words it needs.
    """

    __slots__ = ("_cipher", "_left", "_process")

    def __init__(self) -> None:
        self._cipher: CipherContext | None = _fresh_cipher()
        self._left = STREAM_BYTES
        self._process = os.getpid()

    def words(self, count: int) -> NDArray[np.uint64]:
        """The next ``count`` words; raises RuntimeError when wiped or in another process."""
        size = WORD_BYTES * count
        stream = self._next(min(size, self._left))
        while len(stream) < size:
            self._cipher, self._left = _fresh_cipher(), STREAM_BYTES
            stream += self._next(min(size - len(stream), self._left))
        return np.frombuffer(stream, dtype="<u8")

    def wipe(self) -> None:
        """Forget the key; no word can be drawn any more."""
        self._cipher = None

    def _next(self, size: int) -> bytes:
        if self._cipher is None or os.getpid() != self._process:
            raise RuntimeError("this keystream is wiped or of another process")
        self._left -= size
        return self._cipher.update(bytes(size))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a keystream cannot be copied")


def _fresh_cipher() -> CipherContext:
    key = bytearray(os.urandom(32))
    cipher = Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor()
    key[:] = bytes(32)  # the cipher holds its own copy, which it erases when it is freed
    return cipher
