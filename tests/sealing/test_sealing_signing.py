from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from sealing_samples import STEADY

from vault.errors.families import InternalError
from vault.sealing.secret import Secret
from vault.sealing.signing import SigningKey, fingerprint, is_signed_by

SEEDS = st.binary(min_size=32, max_size=32)
# RFC 8032 section 7.1, tests 1 to 3: seed, public key, message, signature
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_signatures_are_those_of_the_rfc(seed: str, public: str, message: str, signature: str) -> None:
    key = SigningKey.from_seed(Secret(bytes.fromhex(seed)))

    assert public == key.public.hex()
    assert signature == key.sign(bytes.fromhex(message)).hex()
    assert is_signed_by(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


@STEADY
@given(SEEDS, st.binary(max_size=200))
def test_another_implementation_signs_alike_and_accepts_ours(seed: bytes, message: bytes) -> None:
    key, other = SigningKey.from_seed(Secret(seed)), Ed25519PrivateKey.from_private_bytes(seed)

    assert other.public_key().public_bytes_raw() == key.public
    assert other.sign(message) == key.sign(message)
    Ed25519PublicKey.from_public_bytes(key.public).verify(key.sign(message), message)
    assert is_signed_by(key.public, message, other.sign(message))


def test_every_changed_bit_of_key_message_and_signature_is_noticed() -> None:
    key = SigningKey.generate()
    parts = [key.public, b"a checkpoint", key.sign(b"a checkpoint")]
    for which, part in enumerate(parts):
        for place in range(len(part) * 8):
            changed = bytearray(part)
            changed[place // 8] ^= 1 << place % 8
            public, message, signature = [*parts[:which], bytes(changed), *parts[which + 1 :]]

            assert not is_signed_by(public, message, signature)


@pytest.mark.parametrize("length", [0, 31, 33, 63, 65, 128])
def test_malformed_keys_and_signatures_sign_nothing(length: int) -> None:
    key = SigningKey.generate()

    assert not is_signed_by(key.public, b"m", bytes(length))
    assert not is_signed_by(bytes(length), b"m", key.sign(b"m"))


def test_bytes_cannot_move_between_key_signature_and_message() -> None:
    """The pieces are joined for libsodium; where they meet must not be up to the sender."""
    key = SigningKey.generate()
    signature = key.sign(b"message")

    assert is_signed_by(key.public, b"message", signature)
    assert not is_signed_by(key.public, signature[-1:] + b"message", signature[:-1])
    assert not is_signed_by(key.public, b"essage", signature + b"m")
    assert not is_signed_by(key.public + b"\0", b"message", signature)


@pytest.mark.parametrize("public", [bytes(32), b"\1" + bytes(31)])
def test_a_key_of_small_order_signs_nothing(public: bytes) -> None:
    """Such a key would accept one signature for many messages."""
    signature = b"\1" + bytes(63)

    assert not is_signed_by(public, b"anything", signature)


def test_the_seed_gives_the_same_key_again_and_is_a_copy() -> None:
    key = SigningKey.generate()
    seed = key.seed()
    again = SigningKey.from_seed(seed)
    seed.wipe()

    assert key.public == again.public
    assert key.sign(b"m") == again.sign(b"m")
    assert key.public != SigningKey.generate().public


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_of_another_length_is_a_mistake_of_ours(length: int) -> None:
    with pytest.raises(InternalError):
        SigningKey.from_seed(Secret(bytes(length)))


def test_a_fingerprint_is_the_start_of_sha256_in_groups_of_four() -> None:
    digits = hashlib.sha256(b"k" * 32).hexdigest()

    assert f"{digits[:4]} {digits[4:8]} {digits[8:12]} {digits[12:16]}" == fingerprint(b"k" * 32)


def test_a_signing_key_shows_only_its_fingerprint() -> None:
    key = SigningKey.generate()

    assert f"SigningKey({fingerprint(key.public)})" == repr(key)
