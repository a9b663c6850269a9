"""The one source of randomness: fresh, never repeated, not to be copied."""

from __future__ import annotations

import copy
import os
import pickle
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from learner.dp import keystream
from learner.dp.keystream import Keystream

KEY = bytes(range(32))


def test_it_is_chacha20_of_the_operating_systems_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Key from the system, nonce and counter zero, words little endian, whatever the portions."""
    monkeypatch.setattr(os, "urandom", lambda size: KEY[:size])
    stream = Keystream()
    portions = np.concatenate([stream.words(count) for count in (1, 7, 0, 100)])
    expected = Cipher(ChaCha20(KEY, bytes(16)), mode=None).encryptor().update(bytes(8 * 108))
    assert expected == portions.astype("<u8").tobytes()


def test_no_word_comes_twice() -> None:
    """Batches and noise are disjoint stretches, within a job and between jobs."""
    words = np.concatenate([Keystream().words(1000), Keystream().words(1000)])
    assert len(np.unique(words)) == 2000


def test_its_key_is_wiped_as_soon_as_the_cipher_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The buffer the key was in holds zeros."""
    given: list[bytearray] = []

    def noticed(key: bytearray, nonce: bytes) -> ChaCha20:
        assert any(key)
        given.append(key)
        return ChaCha20(key, nonce)

    monkeypatch.setattr(keystream, "ChaCha20", noticed)
    Keystream()
    assert [bytearray(32)] == given


def test_it_takes_no_seed() -> None:
    """A production stream cannot be made to repeat."""
    maker: Any = Keystream
    with pytest.raises(TypeError):
        maker(b"seed")
    with pytest.raises(TypeError):
        maker(seed=1)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_it_cannot_be_copied(copied: Any) -> None:
    """A copy would give the same words again."""
    with pytest.raises(TypeError):
        copied(Keystream())


def test_nothing_comes_after_wiping() -> None:
    """Leaving the block forgets the key."""
    with Keystream() as stream:
        stream.words(1)
    with pytest.raises(RuntimeError):
        stream.words(1)


def test_another_process_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a fork parent and child would draw the same noise."""
    stream = Keystream()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(RuntimeError):
        stream.words(1)


@pytest.mark.parametrize("portions", [(27,), (10, 10, 7), (9, 2, 16), (0, 1, 26, 0)])
def test_a_key_that_is_used_up_is_followed_by_a_fresh_one(
    monkeypatch: pytest.MonkeyPatch, portions: tuple[int, ...]
) -> None:
    """A run of any length gets all its words, none of them from a counter that came round."""
    keys = [bytes([number]) * 32 for number in range(3)]
    unused = iter(keys)
    monkeypatch.setattr(keystream, "STREAM_BYTES", 80)
    monkeypatch.setattr(os, "urandom", lambda size: next(unused)[:size])
    stream = Keystream()
    given = np.concatenate([stream.words(count) for count in portions])
    expected = b"".join(
        Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor().update(bytes(80)) for key in keys
    )
    assert expected[: 27 * 8] == given.astype("<u8").tobytes()
    assert list(unused) == []


def test_a_wiped_stream_draws_no_fresh_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a key does not bring a forgotten stream back."""
    monkeypatch.setattr(keystream, "STREAM_BYTES", 80)
    stream = Keystream()
    stream.words(10)
    stream.wipe()
    with pytest.raises(RuntimeError):
        stream.words(1)
