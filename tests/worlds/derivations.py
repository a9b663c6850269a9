"""Keys of passphrases that tests type again and again, derived once for each salt at the cost of tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b

import pytest

from vault.sealing import slots
from vault.sealing.slots import TEST_COST

DERIVE = slots.crypto_pwhash_alg
_LIGHT = (TEST_COST.opslimit, TEST_COST.memory_kib * 1024)
_kept: dict[str, bytes] = {}


def derive(length: int, passphrase: bytes, salt: bytes, passes: int, memory: int, algorithm: int) -> bytes:
    """What the library derives, once for each salt; at any other cost than that of tests, anew each time."""
    if (passes, memory) != _LIGHT:
        return bytes(DERIVE(length, passphrase, salt, passes, memory, algorithm))
    asked = blake2b(passphrase, key=salt, salt=length.to_bytes(4) + algorithm.to_bytes(4)).hexdigest()
    if asked not in _kept:
        _kept[asked] = DERIVE(length, passphrase, salt, passes, memory, algorithm)
    return _kept[asked]


def derived_since(number: int) -> dict[str, str]:
    """All keys but so many of the first, for a process that has those."""
    return {asked: key.hex() for asked, key in list(_kept.items())[number:]}


def learn(derived: Mapping[str, str]) -> None:
    """Take what another process derived."""
    _kept.update((asked, bytes.fromhex(key)) for asked, key in derived.items())


@pytest.fixture(scope="session", autouse=True)
def _kept_derivations() -> Iterator[None]:
    """Keep them in the process of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slots, "crypto_pwhash_alg", derive)
        yield
