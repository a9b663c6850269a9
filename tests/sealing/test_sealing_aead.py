from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealing_oracle import open_blob, xchacha_decrypt, xchacha_encrypt
from sealing_samples import STEADY

from vault.errors.families import InternalError
from vault.errors.storage import Damaged
from vault.sealing.aead import OVERHEAD, open_sealed, seal
from vault.sealing.secret import Secret

KEY = Secret(bytes(range(0x80, 0xA0)))


def test_the_oracle_agrees_with_the_published_vector() -> None:
    """draft-irtf-cfrg-xchacha-03, appendix A.3.1."""
    plaintext = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
        b"sunscreen would be it."
    )
    aad = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    nonce = bytes(range(0x40, 0x58))
    sealed = bytes.fromhex(
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39"
        "ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
        "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49"
    )

    assert sealed == xchacha_encrypt(KEY.reveal(), nonce, plaintext, aad)
    assert plaintext == xchacha_decrypt(KEY.reveal(), nonce, sealed, aad)


@STEADY
@given(st.binary(max_size=300), st.binary(max_size=60))
def test_another_implementation_opens_what_we_seal(plaintext: bytes, aad: bytes) -> None:
    assert plaintext == open_blob(KEY.reveal(), seal(KEY, plaintext, aad), aad)


@STEADY
@given(st.binary(max_size=300), st.binary(max_size=60), st.binary(min_size=24, max_size=24))
def test_we_open_what_another_implementation_seals(plaintext: bytes, aad: bytes, nonce: bytes) -> None:
    prefix = bytes([1, 1])
    blob = prefix + nonce + xchacha_encrypt(KEY.reveal(), nonce, plaintext, prefix + aad)

    assert plaintext == open_sealed(KEY, blob, aad, what="it")


@STEADY
@given(st.binary(max_size=300), st.binary(max_size=60))
def test_what_is_sealed_opens_again_and_is_the_stated_overhead_longer(plaintext: bytes, aad: bytes) -> None:
    blob = seal(KEY, plaintext, aad)

    assert OVERHEAD == 42
    assert len(plaintext) + OVERHEAD == len(blob)
    assert plaintext == open_sealed(KEY, blob, aad, what="it")


def test_every_changed_bit_is_noticed() -> None:
    blob = seal(KEY, b"a record", b"context")
    for place in range(len(blob)):
        for bit in range(8):
            changed = bytearray(blob)
            changed[place] ^= 1 << bit
            with pytest.raises(Damaged, match=r"^a segment is damaged"):
                open_sealed(KEY, bytes(changed), b"context", what="a segment")


def test_every_shorter_or_longer_blob_is_refused() -> None:
    blob = seal(KEY, b"a record", b"context")
    for changed in [blob[:length] for length in range(len(blob))] + [blob + b"\0", b"\1\1" + blob]:
        with pytest.raises(Damaged):
            open_sealed(KEY, changed, b"context", what="a segment")


@pytest.mark.parametrize("aad", [b"", b"contexT", b"context\0", b"\1\1context"])
def test_another_context_does_not_open(aad: bytes) -> None:
    with pytest.raises(Damaged):
        open_sealed(KEY, seal(KEY, b"a record", b"context"), aad, what="a segment")


def test_another_key_does_not_open() -> None:
    with pytest.raises(Damaged):
        open_sealed(Secret(bytes(32)), seal(KEY, b"a record", b""), b"", what="a segment")


def test_sealing_twice_never_gives_the_same_nonce() -> None:
    assert len({seal(KEY, b"", b"")[2:26] for _ in range(500)}) == 500


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_a_mistake_of_ours(length: int) -> None:
    with pytest.raises(InternalError):
        seal(Secret(bytes(length)), b"", b"")
    with pytest.raises(InternalError):
        open_sealed(Secret(bytes(length)), seal(KEY, b"", b""), b"", what="it")
