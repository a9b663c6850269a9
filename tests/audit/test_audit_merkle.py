from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.audit.merkle import (
    EMPTY_ROOT,
    CompactRange,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from vault.errors.families import InternalError

VECTORS = json.loads((Path(__file__).parent / "vectors" / "tlog.json").read_text())
LARGEST = len(VECTORS["roots"])
LEAVES = [leaf_hash(b"leaf %d" % index) for index in range(LARGEST)]
SIZES = range(1, LARGEST + 1)

# The test data of Google's certificate-transparency (merkletree/merkle_tree_test.cc), cited by RFC 6962 users.
CT_LEAVES = [
    leaf_hash(bytes.fromhex(text))
    for text in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
CT_CONSISTENCY = {
    (1, 1): [],
    (1, 8): CT_INCLUSION[(0, 8)],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def frozen_digest(lines: list[str]) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()[:32]


def proof_line(number: int, proof: list[bytes]) -> str:
    return " ".join([str(number), *(each.hex() for each in proof)])


def test_the_root_of_nothing_is_the_hash_of_nothing():
    assert hashlib.sha256(b"").digest() == root([]) == EMPTY_ROOT == Tree([]).root()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_equal_those_of_certificate_transparency(size):
    assert CT_ROOTS[size - 1] == root(CT_LEAVES[:size]).hex() == Tree(CT_LEAVES).root(size).hex()


@pytest.mark.parametrize(("index", "size"), CT_INCLUSION)
def test_inclusion_proofs_equal_those_of_certificate_transparency(index, size):
    assert CT_INCLUSION[index, size] == [each.hex() for each in inclusion_proof(CT_LEAVES[:size], index)]


@pytest.mark.parametrize(("old", "size"), CT_CONSISTENCY)
def test_consistency_proofs_equal_those_of_certificate_transparency(old, size):
    assert CT_CONSISTENCY[old, size] == [each.hex() for each in consistency_proof(CT_LEAVES[:size], old)]


def test_there_is_a_frozen_vector_for_every_size_up_to_257():
    assert 257 == LARGEST == len(VECTORS["inclusion"]) == len(VECTORS["consistency"])


def test_roots_of_all_sizes_equal_those_of_the_go_implementation():
    """Three ways to the root: appending, the tree at that size, and a larger tree cut to it."""
    compact, whole = CompactRange.empty(), Tree(LEAVES)
    for size in SIZES:
        compact.append(LEAVES[size - 1])
        expected = VECTORS["roots"][size - 1]
        assert expected == compact.root().hex() == Tree(LEAVES[:size]).root().hex() == whole.root(size).hex()


def test_inclusion_proofs_of_all_sizes_equal_those_of_the_go_implementation():
    tree = Tree(LEAVES)
    for size in SIZES:
        lines = [proof_line(index, tree.inclusion_proof(index, size)) for index in range(size)]
        assert VECTORS["inclusion"][size - 1] == frozen_digest(lines)


def test_consistency_proofs_of_all_sizes_equal_those_of_the_go_implementation():
    tree = Tree(LEAVES)
    for size in SIZES:
        lines = [proof_line(old, tree.consistency_proof(old, size)) for old in range(1, size + 1)]
        assert VECTORS["consistency"][size - 1] == frozen_digest(lines)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 31, 64, 100, 257])
def test_every_inclusion_proof_verifies_and_no_neighbour_of_it_does(size):
    tree, top = Tree(LEAVES[:size]), root(LEAVES[:size])
    for index in range(size):
        proof = tree.inclusion_proof(index)
        good = {"leaf": LEAVES[index], "index": index, "size": size, "proof": proof, "root": top}
        assert verify_inclusion(**good)
        assert not verify_inclusion(**{**good, "leaf": leaf_hash(b"another")})
        assert not verify_inclusion(**{**good, "index": size})
        assert not verify_inclusion(**{**good, "index": -1})
        assert not verify_inclusion(**{**good, "proof": [*proof, top]})
        assert not verify_inclusion(**{**good, "root": EMPTY_ROOT})
        if proof:
            assert not verify_inclusion(**{**good, "index": index ^ 1})
            assert not verify_inclusion(**{**good, "proof": proof[:-1]})
            assert not verify_inclusion(**{**good, "proof": [*proof[:-1], LEAVES[index]]})


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 31, 64, 100, 257])
def test_every_consistency_proof_verifies_and_no_neighbour_of_it_does(size):
    tree = Tree(LEAVES[:size])
    for old in range(1, size + 1):
        proof = tree.consistency_proof(old)
        good = {
            "old": old,
            "size": size,
            "old_root": tree.root(old),
            "root": tree.root(),
            "proof": proof,
        }
        assert verify_consistency(**good)
        assert not verify_consistency(**{**good, "old": 0})
        assert not verify_consistency(**{**good, "old": size + 1})
        assert not verify_consistency(**{**good, "old_root": EMPTY_ROOT})
        assert not verify_consistency(**{**good, "root": EMPTY_ROOT})
        assert not verify_consistency(**{**good, "proof": [*proof, EMPTY_ROOT]})
        if proof:
            assert not verify_consistency(**{**good, "proof": proof[:-1]})
            assert not verify_consistency(**{**good, "proof": proof[1:]})
            assert not verify_consistency(**{**good, "proof": [*proof[:-1], EMPTY_ROOT]})


def test_an_empty_consistency_proof_does_not_pass_for_two_sizes():
    assert not verify_consistency(old=3, size=5, old_root=root(LEAVES[:3]), root=root(LEAVES[:5]), proof=[])


def test_a_proof_for_a_smaller_log_does_not_pass_for_a_larger_one():
    """The hashes lead to the root of the smaller log; the claimed size says that more must follow."""
    for small, large in ((1, 2), (1, 5), (4, 5), (4, 9), (8, 200)):
        tree = Tree(LEAVES[:small])
        good = {"leaf": LEAVES[0], "index": 0, "proof": tree.inclusion_proof(0), "root": tree.root()}
        assert verify_inclusion(**good, size=small)
        assert not verify_inclusion(**good, size=large)


def test_leaves_and_nodes_are_hashed_apart():
    """Without the prefixes of RFC 6962 two leaves could stand for an inner node."""
    left, right = LEAVES[:2]

    assert hashlib.sha256(b"\x00" + left).digest() == leaf_hash(left)
    assert hashlib.sha256(b"\x01" + left + right).digest() == node_hash(left, right)
    assert node_hash(left, right) != leaf_hash(left + right)


@given(st.integers(1, 300), st.data())
def test_one_changed_leaf_changes_the_root(size, data):
    leaves = [leaf_hash(b"%d" % index) for index in range(size)]
    index = data.draw(st.integers(0, size - 1))

    changed = [*leaves[:index], leaf_hash(b"changed"), *leaves[index + 1 :]]

    assert root(leaves) != root(changed)


@given(st.integers(0, 600))
def test_a_compact_range_has_one_peak_for_each_bit_of_its_size(size):
    compact = CompactRange.empty()
    for _ in range(size):
        compact.append(EMPTY_ROOT)

    assert (size, size.bit_count()) == (compact.size, len(compact.peaks))


@pytest.mark.parametrize("index", [-1, 5, 6])
def test_a_proof_of_what_is_not_in_the_log_is_a_mistake_of_ours(index):
    with pytest.raises(InternalError):
        inclusion_proof(LEAVES[:5], index)


@pytest.mark.parametrize("old", [-1, 0, 6])
def test_a_consistency_proof_from_no_state_of_the_log_is_a_mistake_of_ours(old):
    with pytest.raises(InternalError):
        consistency_proof(LEAVES[:5], old)


def test_a_root_larger_than_the_log_is_a_mistake_of_ours():
    with pytest.raises(InternalError):
        Tree(LEAVES[:5]).root(6)
