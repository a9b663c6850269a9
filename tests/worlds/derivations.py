"""Keys of passphrases that tests type again and again, derived once in a process for each salt at the cost of tests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest

from vault.sealing import slots
from vault.sealing.slots import TEST_COST

DERIVE = slots.crypto_pwhash_alg
_kept = lru_cache(maxsize=1000)(DERIVE)
_LIGHT = (TEST_COST.opslimit, TEST_COST.memory_kib * 1024)


def derive(length: int, passphrase: bytes, salt: bytes, passes: int, memory: int, algorithm: int) -> bytes:
    """What the library derives, once for each salt; at any other cost than that of tests, anew each time."""
    how: Any = _kept if (passes, memory) == _LIGHT else DERIVE
    derived: bytes = how(length, passphrase, salt, passes, memory, algorithm)
    return derived


@pytest.fixture(scope="session", autouse=True)
def _kept_derivations() -> Iterator[None]:
    """Keep them in the process of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slots, "crypto_pwhash_alg", derive)
        yield
