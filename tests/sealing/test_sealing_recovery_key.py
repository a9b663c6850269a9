from __future__ import annotations

import re
from binascii import crc_hqx
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealing_samples import STEADY

from vault.errors.keys import RecoveryKeyMistyped
from vault.sealing.recovery_key import ALPHABET, CRC_START, parse_recovery_key, recovery_key_text
from vault.sealing.secret import Secret

KEYS = st.binary(min_size=16, max_size=16)
SAMPLE = recovery_key_text(Secret(bytes(range(16))))


@STEADY
@given(KEYS)
def test_a_printed_key_reads_back(key: bytes) -> None:
    assert key == parse_recovery_key(recovery_key_text(Secret(key))).reveal()


@STEADY
@given(KEYS)
def test_a_printed_key_is_29_signs_in_groups_of_five(key: bytes) -> None:
    group = f"[{ALPHABET}]{{5}}"

    assert re.fullmatch(rf"({group}-){{5}}[{ALPHABET}]{{4}}", recovery_key_text(Secret(key)))


def test_the_text_of_a_key_is_frozen() -> None:
    """The sheet in the drawer must open the vault for ever."""
    assert recovery_key_text(Secret(bytes(range(16)))) == "000G4-0R40M-30E20-9185G-R38E1-WXKE"


def test_the_check_is_the_crc_of_ccitt() -> None:
    """Its published check value: 0x29B1 for the digits 1 to 9 (CRC-16/CCITT-FALSE)."""
    key = b"123456789".ljust(16, b"\0")
    number = 0
    for sign in recovery_key_text(Secret(key)).replace("-", ""):
        number = number << 5 | ALPHABET.index(sign)

    assert bytes.fromhex("29b1") == crc_hqx(b"123456789", CRC_START).to_bytes(2, "big")
    assert key + crc_hqx(key, CRC_START).to_bytes(2, "big") + b"\0" == (number << 7).to_bytes(19, "big")


@pytest.mark.parametrize(
    "spelling",
    [
        SAMPLE.lower(),
        SAMPLE.replace("-", ""),
        SAMPLE.replace("-", " "),
        f"  {SAMPLE}\r\n",
        SAMPLE.replace("-", " – "),
        SAMPLE.replace("-", "\u2011"),
        SAMPLE.replace("-", "\u2212"),
        SAMPLE.replace("-", "\u00ad"),
        SAMPLE.replace("-", "\u00a0"),
        "-".join(SAMPLE),
        SAMPLE.replace("0", "O").replace("1", "I"),
        SAMPLE.replace("0", "o").replace("1", "l"),
    ],
)
def test_case_spaces_dashes_and_look_alikes_do_not_matter(spelling: str) -> None:
    assert {"0", "1"} <= set(SAMPLE)
    assert bytes(range(16)) == parse_recovery_key(spelling).reveal()


def test_every_single_wrong_sign_is_noticed() -> None:
    for place, sign in enumerate(SAMPLE):
        for other in set(ALPHABET) - {sign}:
            if sign != "-":
                with pytest.raises(RecoveryKeyMistyped):
                    parse_recovery_key(SAMPLE[:place] + other + SAMPLE[place + 1 :])


@STEADY
@given(KEYS)
def test_every_swap_of_neighbours_is_noticed(key: bytes) -> None:
    signs = recovery_key_text(Secret(key)).replace("-", "")
    for place, (left, right) in enumerate(pairwise(signs)):
        if left != right:
            with pytest.raises(RecoveryKeyMistyped):
                parse_recovery_key(signs[:place] + right + left + signs[place + 2 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        SAMPLE[:-1],
        SAMPLE + "0",
        SAMPLE[:-1] + "U",
        SAMPLE[:-1] + "é",
        SAMPLE[:-1] + "٣",
        SAMPLE * 2,
        "0" * 10_000,
        " " * 10_000 + SAMPLE,
    ],
)
def test_a_text_of_another_length_or_alphabet_is_mistyped(text: str) -> None:
    with pytest.raises(RecoveryKeyMistyped):
        parse_recovery_key(text)


@STEADY
@given(st.text(max_size=40))
def test_no_text_at_all_gives_anything_but_mistyped(text: str) -> None:
    """A random text passes with probability below 2^-17, and only if it has exactly 29 fitting signs."""
    with pytest.raises(RecoveryKeyMistyped):
        parse_recovery_key(text)
