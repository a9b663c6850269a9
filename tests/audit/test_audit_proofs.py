from __future__ import annotations

import base64

import pytest
from audit_home import is_signed
from audit_samples import ORIGIN
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from vault.audit.checkpoint import open_checkpoint, sign_checkpoint, vkey
from vault.audit.merkle import Tree, leaf_hash, verify_inclusion
from vault.audit.proofs import (
    consistency_file,
    inclusion_file,
    read_consistency,
    read_inclusion,
)
from vault.errors.audit import LogBroken

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
VKEY = vkey(ORIGIN, PUBLIC)
ENTRIES = [b"entry %d" % index for index in range(11)]
TREE = Tree(leaf_hash(entry) for entry in ENTRIES)
NOTE = sign_checkpoint(ORIGIN, 11, TREE.root(), KEY.sign, PUBLIC)
RECEIPT = inclusion_file(6, TREE.inclusion_proof(6), NOTE)


def check_receipt(entry: bytes, data: bytes) -> int:
    """How large the trail is that a receipt, with no other file, shows the entry to be in."""
    proof = read_inclusion(data)
    head = open_checkpoint(proof.note, VKEY, is_signed)
    leaf, hashes = leaf_hash(entry), proof.hashes
    if not verify_inclusion(leaf=leaf, index=proof.number, size=head.size, proof=hashes, root=head.root):
        raise LogBroken(reason="the proof leads elsewhere")
    return head.size


def test_an_inclusion_file_is_a_c2sp_tlog_proof():
    hashes = [base64.b64encode(each).decode() for each in TREE.inclusion_proof(6)]

    assert ["c2sp.org/tlog-proof@v1", "index 6", *hashes, ""] == RECEIPT.decode().split("\n")[:7]
    assert RECEIPT.endswith(b"\n\n" + NOTE)
    assert read_inclusion(RECEIPT).hashes == tuple(TREE.inclusion_proof(6))


def test_a_consistency_file_begins_with_the_old_size():
    data = consistency_file(4, TREE.consistency_proof(4), NOTE)
    hashes = [base64.b64encode(each).decode() for each in TREE.consistency_proof(4)]

    assert ["old 4", *hashes, ""] == data.decode().split("\n")[: len(hashes) + 2]
    assert (read_consistency(data).number, read_consistency(data).note) == (4, NOTE)


def test_a_proof_from_the_same_size_has_no_hashes():
    data = consistency_file(11, TREE.consistency_proof(11), NOTE)

    assert data == b"old 11\n\n" + NOTE
    assert read_consistency(data).hashes == ()


@given(st.integers(0, 10))
def test_a_receipt_shows_one_entry_to_be_under_the_checkpoint(index):
    receipt = inclusion_file(index, TREE.inclusion_proof(index), NOTE)

    assert check_receipt(ENTRIES[index], receipt) == 11
    with pytest.raises(LogBroken):
        check_receipt(ENTRIES[index] + b" ", receipt)
    with pytest.raises(LogBroken):
        check_receipt(ENTRIES[index - 1], receipt)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        NOTE,
        RECEIPT.replace(b"@v1", b"@v2"),
        RECEIPT.replace(b"index 6", b"index 06"),
        RECEIPT.replace(b"index 6", b"index 7"),
        RECEIPT.replace(b"index 6", b"index -6"),
        RECEIPT.replace(b"index 6", b"index six"),
        RECEIPT.replace(b"index 6", b"index 6\nextra AAAA"),
        RECEIPT.replace(b"index 6\n", b"index 6\n\n"),
        RECEIPT.replace(b"\n", b"\r\n"),
        b" " + RECEIPT,
        RECEIPT.removeprefix(b"c2sp.org/tlog-proof@v1\nindex "),
        RECEIPT.removeprefix(b"c2sp.org/tlog-proof@v1\n"),
        RECEIPT[:-1],
        RECEIPT.replace(b"index 6\n", b"index 6\n" + b"A" * 43 + b"=\n"),
        RECEIPT.replace(b"index 6\n", b"index 6\n" + (b"A" * 43 + b"=\n") * 65),
        RECEIPT.replace(b"index 6\n", b"index 6\nAAAA\n"),
        RECEIPT.replace(b"index 6\n", b"index 6\n\xff\n"),
        inclusion_file(6, TREE.inclusion_proof(6)[:-1], NOTE),
        inclusion_file(6, TREE.inclusion_proof(6)[::-1], NOTE),
        inclusion_file(5, TREE.inclusion_proof(6), NOTE),
    ],
)
def test_a_receipt_with_one_thing_wrong_shows_nothing(data):
    with pytest.raises(LogBroken):
        check_receipt(ENTRIES[6], data)


def test_a_hash_in_a_proof_has_one_spelling():
    zeros = inclusion_file(6, [bytes(32)], NOTE)

    assert read_inclusion(zeros).hashes == (bytes(32),)
    with pytest.raises(LogBroken):
        read_inclusion(zeros.replace(b"AAA=", b"AAB="))


def test_a_proof_has_at_most_as_many_hashes_as_any_log_can_need():
    assert len(read_inclusion(inclusion_file(0, [bytes(32)] * 64, NOTE)).hashes) == 64
    with pytest.raises(LogBroken):
        read_inclusion(inclusion_file(0, [bytes(32)] * 65, NOTE))
