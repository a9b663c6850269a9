"""What counts as a person's confirmation of the exact bytes that are about to leave."""

from __future__ import annotations

import hashlib

import pytest

from vault.release import is_confirmed

DIGEST = hashlib.sha256(b"a release manifest").hexdigest()


@pytest.mark.parametrize("digits", [0, 1, 4, 7])
def test_fewer_than_eight_digits_confirm_nothing(digits: int) -> None:
    assert not is_confirmed(DIGEST, DIGEST[:digits])


@pytest.mark.parametrize("typed", [DIGEST[:8], DIGEST, f" {DIGEST[:12].upper()} "])
def test_the_beginning_of_the_digest_confirms(typed: str) -> None:
    assert is_confirmed(DIGEST, typed)


@pytest.mark.parametrize("typed", [DIGEST[1:9], DIGEST[:7] + "g", DIGEST + "0", "0" * 8])
def test_other_digits_confirm_nothing(typed: str) -> None:
    assert not is_confirmed(DIGEST, typed)
