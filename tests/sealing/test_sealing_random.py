from __future__ import annotations

import math
import re

import pytest

from vault.errors.families import Invalid
from vault.sealing import random as sealing_random
from vault.sealing.passphrase import passphrase_secret
from vault.sealing.random import SIGNS, generate_passphrase, random_bytes, random_id, random_secret


def test_random_things_have_their_length_and_do_not_repeat() -> None:
    assert [len(random_bytes(length)) for length in (0, 1, 24)] == [0, 1, 24]
    assert len(random_secret()) == 32
    assert len(random_secret(16)) == 16
    assert len({random_id() for _ in range(1000)}) == 1000
    assert re.fullmatch(r"[0-9a-f]{32}", random_id())


def test_a_generated_passphrase_carries_at_least_90_bits_in_typeable_groups() -> None:
    passphrase = generate_passphrase()
    signs = passphrase.replace("-", "")

    assert re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", passphrase)
    assert len(signs) * math.log2(len(set(SIGNS))) >= 90
    assert not set("lo01") & set(SIGNS)


def test_every_sign_of_a_generated_passphrase_is_equally_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    """All 256 byte values together give each of the 32 signs exactly eight times."""
    every_byte = bytes(range(256))
    monkeypatch.setattr(sealing_random, "GROUPS", 1)
    monkeypatch.setattr(sealing_random, "random_bytes", lambda _: every_byte)
    passphrase = generate_passphrase()

    assert dict.fromkeys(SIGNS, 8) == {sign: passphrase.count(sign) for sign in SIGNS}


def test_one_passphrase_typed_on_two_keyboards_gives_the_same_bytes() -> None:
    composed, decomposed = "caf\u00e9 \u00e5", "cafe\u0301\u00a0a\u030a"

    assert composed.encode() == passphrase_secret(composed).reveal()
    assert passphrase_secret(composed).matches(passphrase_secret(decomposed))


def test_passphrases_that_differ_in_case_or_compatibility_forms_stay_different() -> None:
    assert not passphrase_secret("Open").matches(passphrase_secret("open"))
    assert not passphrase_secret("\ufb01x").matches(passphrase_secret("fix"))


@pytest.mark.parametrize("text", ["", "hunter\udcff"])
def test_an_empty_or_undecodable_passphrase_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        passphrase_secret(text)

    assert "hunter" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert text == "" or caught.value.__suppress_context__
