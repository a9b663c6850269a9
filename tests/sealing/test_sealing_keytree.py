from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealing_oracle import blake2b
from sealing_samples import STEADY

from vault.errors.families import InternalError
from vault.sealing.digest import keyed_digest, sha256_hex
from vault.sealing.keytree import KeyTree, Purpose
from vault.sealing.secret import Secret

KEY = bytes(range(32))


@STEADY
@given(st.lists(st.binary(max_size=40), max_size=4))
def test_the_keyed_digest_is_blake2b_of_length_prefixed_parts(parts: list[bytes]) -> None:
    assert blake2b(KEY, parts, b"lockbox-digest-1") == keyed_digest(Secret(KEY), *parts)


@STEADY
@given(st.lists(st.binary(max_size=9), max_size=4), st.lists(st.binary(max_size=9), max_size=4))
def test_two_lists_of_parts_have_one_digest_only_if_they_are_equal(a: list[bytes], b: list[bytes]) -> None:
    is_same = keyed_digest(Secret(KEY), *a) == keyed_digest(Secret(KEY), *b)

    assert (a == b) == is_same


def test_parts_cannot_be_shifted_across_their_border() -> None:
    key = Secret(KEY)
    digests = {
        keyed_digest(key, *parts) for parts in [(), (b"",), (b"", b""), (b"ab",), (b"a", b"b"), (b"", b"ab")]
    }

    assert len(digests) == 6


@pytest.mark.parametrize("length", [0, 16, 31, 64])
def test_a_digest_key_of_another_length_is_a_mistake_of_ours(length: int) -> None:
    """An empty key would silently make an unkeyed digest."""
    with pytest.raises(InternalError):
        keyed_digest(Secret(bytes(length)), b"a")
    with pytest.raises(InternalError):
        KeyTree(Secret(bytes(length)))


def test_sha256_of_the_published_vector() -> None:
    """FIPS 180-4 example: the message "abc"."""
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_subkey_is_blake2b_keyed_with_the_root() -> None:
    for purpose in Purpose:
        expected = blake2b(KEY, [purpose.value.encode(), b"context"], b"lockbox-keytree1")

        assert expected == KeyTree(Secret(KEY)).subkey(purpose, b"context").reveal()


def test_subkeys_are_frozen() -> None:
    """A vault made today must open with the program of next year."""
    tree = KeyTree(Secret(KEY))

    assert {purpose.value: tree.subkey(purpose).reveal().hex() for purpose in Purpose} == {
        "database": "fb8c829a1b404812c0d0f07968a18ad50d9785d354e901ad913946963a0b723a",
        "field-wrap": "3da88aa6f9fa1aef30b8787fee1a940a95b9fd657f0b8dbc8047c0232387b32f",
        "audit-signing": "95c038db6ee8d1d12e71df6b3ddf000d585dbb5fb2daa1b0b9b1bdc60302463c",
        "release-signing": "56d60ec148009c205ca95117664a469b2ce0940d453949e1cbb103be33d306e8",
        "state-mark": "1c540fa4dc3aff3ac9cf999b06f5e893083721037cef21375fa3a9de3d26aa80",
        "import-digest": "1234d48bc821c8bd6ec2c08ae262438692aa545bcae04f3a15920297920e69ac",
        "import-fingerprint": "75f5837b8db22ff832830f03d023570e8e91f823dad0efb814902ef0870db233",
        "row-digest": "c686b49b51958bda89cd0ac4baa0cd6fc624e5301c26c539bf0da6b06abba990",
        "requester-id": "1c45134c27ca14d88c17dd7f468dbe98335a73ca5ed3dfa412e5b24ccd3614cd",
    }


def test_every_purpose_and_context_has_its_own_key() -> None:
    tree = KeyTree(Secret(KEY))
    contexts = [b"", b"a", b"b", b"ab"]
    keys = {tree.subkey(purpose, context).reveal() for purpose in Purpose for context in contexts}
    keys.add(keyed_digest(Secret(KEY), b"database", b""))

    assert len(Purpose) * len(contexts) + 1 == len(keys)


def test_a_key_tree_shows_nothing_and_keeps_its_own_copy_of_the_root() -> None:
    root = Secret(KEY)
    tree = KeyTree(root)
    before = tree.subkey(Purpose.DATABASE)
    root.wipe()

    assert before.matches(tree.subkey(Purpose.DATABASE))
    assert KEY.hex() not in repr(tree)


def test_a_wiped_key_tree_derives_nothing() -> None:
    tree = KeyTree(Secret(KEY))
    tree.wipe()

    with pytest.raises(InternalError):
        tree.subkey(Purpose.DATABASE)
