"""The log of a campaign: its leaves, heads and proofs, and what whoever reads it must refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from requests_samples import KEY, OTHER_KEY
from test_requests_campaign import CAMPAIGN, ROUND_KEY

from vault.audit.checkpoint import signature_line
from vault.audit.merkle import leaf_hash, verify_inclusion
from vault.errors.campaigns import CampaignLogBroken
from vault.requests.campaign import parse_campaign
from vault.requests.campaign_leaves import (
    campaign_leaf,
    closed_leaf,
    enrolled_leaf,
    is_enrolment,
    model_leaf,
    parse_leaf,
    round_leaf,
)
from vault.requests.campaign_log import (
    claimed_head,
    cosign,
    cosigned_since,
    goes_on,
    log_head,
    log_key,
    log_tree,
    part_since,
    sign_head,
    signed_head,
)
from vault.requests.campaign_log_reading import Fork, ReadLog, read_on
from vault.requests.campaign_round import ROUND_DOMAIN
from vault.requests.canonical import canonical

VECTORS = Path(__file__).parent / "vectors" / "campaign_log.json"
DIGEST = "ab" * 32
LEAVES = [
    campaign_leaf(DIGEST),
    enrolled_leaf(OTHER_KEY.public),
    round_leaf(1, manifest="11" * 32, weights="22" * 32),
    closed_leaf(1, answers=1),
    round_leaf(2, manifest="33" * 32, weights="44" * 32),
    closed_leaf(2, answers=0),
    model_leaf("55" * 32),
]
NOTE = sign_head(log_head(DIGEST, LEAVES), KEY)
LINE = cosign(NOTE, name="witness.example", key=OTHER_KEY, at=1_767_225_600)


def test_leaves_checkpoint_cosignature_and_proofs_are_those_of_the_frozen_vectors() -> None:
    frozen = json.loads(VECTORS.read_text())
    tree = log_tree(LEAVES)
    assert [line.decode() for line in LEAVES] == frozen["leaves"]
    assert NOTE.decode() == frozen["checkpoint"]
    assert LINE.decode() == frozen["cosignature"]
    assert [each.hex() for each in tree.inclusion_proof(2)] == frozen["inclusion"]
    assert [each.hex() for each in tree.consistency_proof(3)] == frozen["consistency"]


def test_a_leaf_is_read_as_what_was_written_and_nothing_else_is() -> None:
    for line in LEAVES:
        assert parse_leaf(line)
        assert is_enrolment(line) == (b"enrolled" in line)
    for wrong in (b"{}", b'{"kind":"other","v":1}', LEAVES[0] + b" ", LEAVES[0][:-1], b"[" * 600):
        with pytest.raises(CampaignLogBroken):
            parse_leaf(wrong)


def test_a_head_is_believed_by_the_round_key_of_its_campaign_alone() -> None:
    assert signed_head(NOTE, DIGEST, KEY.public).size == len(LEAVES)
    other = log_head("cd" * 32, LEAVES)
    line = signature_line(log_key(DIGEST, KEY.public), KEY.sign(other.body().encode()))
    renamed = f"{other.body()}\n{line}".encode()
    for note, digest, key in (
        (NOTE, DIGEST, OTHER_KEY.public),
        (NOTE, "cd" * 32, KEY.public),
        (NOTE.replace(b"\n7\n", b"\n8\n"), DIGEST, KEY.public),
        (sign_head(log_head(DIGEST, LEAVES), OTHER_KEY), DIGEST, KEY.public),
        (renamed, DIGEST, KEY.public),
        (b"x" * 20_000, DIGEST, KEY.public),
    ):
        with pytest.raises(CampaignLogBroken):
            signed_head(note, digest, key)


def test_a_witness_is_known_by_its_key_and_a_wrong_line_of_it_spoils_the_note() -> None:
    assert cosigned_since(NOTE, OTHER_KEY.public) is None
    assert cosigned_since(NOTE + LINE, OTHER_KEY.public) == 1_767_225_600
    assert cosigned_since(NOTE + LINE, KEY.public) is None
    other = sign_head(log_head(DIGEST, LEAVES[:3]), KEY)
    with pytest.raises(CampaignLogBroken):
        cosigned_since(other + LINE, OTHER_KEY.public)


def test_a_head_can_be_mistaken_for_no_round() -> None:
    assert not claimed_head(NOTE).body().encode().startswith(ROUND_DOMAIN)
    assert not ROUND_DOMAIN.startswith(claimed_head(NOTE).body().encode()[: len(ROUND_DOMAIN)])


def test_proofs_show_what_is_in_and_what_goes_on() -> None:
    tree, head = log_tree(LEAVES), claimed_head(NOTE)
    proof = tree.inclusion_proof(2)
    assert verify_inclusion(leaf=leaf_hash(LEAVES[2]), index=2, size=head.size, proof=proof, root=head.root)
    old, other = log_head(DIGEST, LEAVES[:3]), log_head(DIGEST, LEAVES[1:4])
    assert goes_on(old, head, tree.consistency_proof(3))
    assert not goes_on(other, head, tree.consistency_proof(3))
    assert not goes_on(log_head("cd" * 32, LEAVES[:3]), head, tree.consistency_proof(3))


@pytest.mark.parametrize(
    "wrong", [lambda: part_since(NOTE, LEAVES, 8), lambda: part_since(NOTE, LEAVES[:3], 0)]
)
def test_a_part_of_a_log_is_what_its_checkpoint_is_over(wrong: Callable[[], object]) -> None:
    assert part_since(NOTE, [*LEAVES, b"later"], 3).leaves == tuple(LEAVES[3:])
    with pytest.raises(CampaignLogBroken):
        wrong()


GOOD = parse_campaign(canonical({**CAMPAIGN, "witness": None}))


def story(*leaves: bytes) -> ReadLog | Fork:
    """What is read of a log with these lines."""
    note = sign_head(log_head(DIGEST, leaves), ROUND_KEY)
    return read_on(ReadLog(), part_since(note, leaves, 0), GOOD, DIGEST)


def test_a_log_that_begins_otherwise_is_refused() -> None:
    for first in (campaign_leaf("cd" * 32), LEAVES[1], LEAVES[2]):
        with pytest.raises(CampaignLogBroken):
            story(first, LEAVES[2])


@pytest.mark.parametrize(
    "wrong",
    [
        (LEAVES[0],),
        (LEAVES[4], LEAVES[2]),
        (LEAVES[2], LEAVES[2]),
        (LEAVES[3],),
        (LEAVES[2], LEAVES[3], LEAVES[3]),
        (LEAVES[6], LEAVES[6]),
        (LEAVES[6], LEAVES[2]),
        (b'{"kind":"other","v":1}',),
    ],
)
def test_lines_that_no_campaign_brings_forth_are_refused(wrong: tuple[bytes, ...]) -> None:
    with pytest.raises(CampaignLogBroken):
        story(LEAVES[0], *wrong)


def test_a_log_is_read_the_same_in_one_part_or_in_many() -> None:
    read: ReadLog | Fork = ReadLog()
    for size in range(1, len(LEAVES) + 1):
        note = sign_head(log_head(DIGEST, LEAVES[:size]), ROUND_KEY)
        assert isinstance(read, ReadLog)
        read = read_on(read, part_since(note, LEAVES, read.size), GOOD, DIGEST)
    assert read == story(*LEAVES)


def test_a_thousand_vaults_are_counted_and_not_kept() -> None:
    read = story(LEAVES[0], *(enrolled_leaf(number.to_bytes(32, "big")) for number in range(1000)))
    assert isinstance(read, ReadLog)
    assert (read.enrolled, read.lines, read.size) == (1000, (), 1001)
