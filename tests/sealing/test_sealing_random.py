from __future__ import annotations

import math
import re
from collections import Counter

import pytest

from vault.errors.families import Invalid
from vault.sealing import random as sealing_random
from vault.sealing.passphrase import passphrase_secret
from vault.sealing.random import generate_passphrase, random_bytes, random_id, random_secret, word_list


def test_random_things_have_their_length_and_do_not_repeat() -> None:
    assert [len(random_bytes(length)) for length in (0, 1, 24)] == [0, 1, 24]
    assert len(random_secret()) == 32
    assert len(random_secret(16)) == 16
    assert len({random_id() for _ in range(1000)}) == 1000
    assert re.fullmatch(r"[0-9a-f]{32}", random_id())


def test_a_generated_passphrase_carries_at_least_100_bits_in_words_that_can_be_typed() -> None:
    words = generate_passphrase().split(" ")

    assert set(words) <= set(word_list())
    assert len(words) * math.log2(len(set(word_list()))) >= 100
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)?", word) for word in word_list())
    assert generate_passphrase() != generate_passphrase()


def test_every_word_of_a_generated_passphrase_is_equally_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    """All values of two bytes together give each word exactly eight times."""
    values = iter(range(2**16))
    monkeypatch.setattr(sealing_random, "random_bytes", lambda _: next(values).to_bytes(2))
    found = Counter(sealing_random._place() for _ in range(8 * len(word_list())))

    assert dict.fromkeys(range(len(word_list())), 8) == found


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
