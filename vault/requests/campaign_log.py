"""The log of a campaign: its Merkle tree (RFC 6962), heads signed by the round key, cosignatures, and proofs.

A head is a C2SP tlog-checkpoint. All functions are pure; whoever runs the rounds appends leaves, signs a head and never
one that does not go on from the last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vault.audit.checkpoint import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    VerifierKey,
    checkpoint_in,
    cosigned_at,
    cosigned_text,
    signature_line,
)
from vault.audit.merkle import Tree, leaf_hash, root, verify_consistency
from vault.errors.audit import LogBroken
from vault.errors.campaigns import CampaignLogBroken
from vault.sealing.signing import is_signed_by

if TYPE_CHECKING:
    from vault.sealing.signing import SigningKey

NOTE_LIMIT: Final = 16 * 1024
"""Bytes of a checkpoint with all its signatures."""
ORIGIN: Final = "lockbox campaign log v1 "
"""The first line of every checkpoint is this and the campaign's digest: it cannot be taken for a round or a model."""
_ORIGIN_PATTERN: Final = re.escape(ORIGIN) + "[0-9a-f]{64}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPart:
    """What a vault is handed with a round or a model: a signed checkpoint, and every leaf since the one it kept.

    ``root`` is that of the log at the size the vault kept, and ``consistency`` proves it to be a beginning of the
    checkpoint (RFC 6962 section 2.1.2): where it is not the root that was kept, both together prove a fork. They are
    empty where nothing was kept.
    """

    checkpoint: bytes
    leaves: tuple[bytes, ...]
    root: bytes = b""
    consistency: tuple[bytes, ...] = ()

    def spelled(self) -> dict[str, str | list[str]]:
        """As it goes to a vault's socket, beside a round or a model."""
        return {
            "checkpoint": self.checkpoint.decode(),
            "leaves": [line.decode() for line in self.leaves],
            "root": self.root.hex(),
            "consistency": [each.hex() for each in self.consistency],
        }


def log_origin(digest: str) -> str:
    """The name of the log of a campaign, from its digest in hex."""
    return ORIGIN + digest


def log_key(digest: str, round_key: bytes) -> VerifierKey:
    """The round key as the key of the log."""
    return VerifierKey(name=f"lockbox-campaign-{digest[:16]}", algorithm=ED25519, public=round_key)


def log_head(digest: str, leaves: Iterable[bytes]) -> Checkpoint:
    """The head over these leaves, unsigned."""
    hashes = [leaf_hash(line) for line in leaves]
    return Checkpoint(origin=log_origin(digest), size=len(hashes), root=root(hashes))


def sign_head(head: Checkpoint, key: SigningKey) -> bytes:
    """The checkpoint of a head, signed by the round key."""
    digest = head.origin.removeprefix(ORIGIN)
    line = signature_line(log_key(digest, key.public), key.sign(head.body().encode()))
    return f"{head.body()}\n{line}".encode()


def cosign(note: bytes, *, name: str, key: SigningKey, at: int) -> bytes:
    """The line by which a witness cosigns a checkpoint (C2SP tlog-cosignature); `at` is in seconds since 1970.

    Whoever calls this has checked that the checkpoint goes on from the last. ``name`` is printable ASCII without space
    and plus.
    """
    head = claimed_head(note)
    witness = VerifierKey(name=name, algorithm=COSIGNATURE, public=key.public)
    return signature_line(witness, at.to_bytes(8, "big") + key.sign(cosigned_text(head, at))).encode()


def claimed_head(note: bytes) -> Checkpoint:
    """The head in a checkpoint, whoever signed it; raises ``CampaignLogBroken`` where it is none of a campaign's."""
    return _opened(note)[0]


def signed_head(note: bytes, digest: str, round_key: bytes) -> Checkpoint:
    """The head in a checkpoint, once the round key of this campaign signed it; raises ``CampaignLogBroken``."""
    head, signatures = _opened(note)
    if head.origin != log_origin(digest):
        raise CampaignLogBroken(reason="the checkpoint is that of another campaign")
    key = log_key(digest, round_key)
    mine = [blob[4:] for name, blob in signatures if (name, blob[:4]) == (key.name, key.key_id)]
    if not mine or not all(is_signed_by(round_key, head.body().encode(), each) for each in mine):
        raise CampaignLogBroken(reason="the checkpoint is not signed by the campaign's round key")
    return head


def signed_alone(note: bytes, digest: str, round_key: bytes) -> bytes:
    """A checkpoint with the signature of its round key and no other line; raises ``CampaignLogBroken``."""
    head, key = signed_head(note, digest, round_key), log_key(digest, round_key)
    found = next(blob for name, blob in _opened(note)[1] if (name, blob[:4]) == (key.name, key.key_id))
    return f"{head.body()}\n{signature_line(key, found[4:])}".encode()


def cosigned_since(note: bytes, witness: bytes) -> int | None:
    """When this witness cosigned a checkpoint, in seconds since 1970; None where it did not.

    A witness is known by its key: its lines are those whose key ID follows from that key, whatever name they bear.
    Raises ``CampaignLogBroken`` where such a line is wrong.
    """
    head, signatures = _opened(note)
    times = []
    for name, blob in signatures:
        if blob[:4] == VerifierKey(name=name, algorithm=COSIGNATURE, public=witness).key_id:
            try:
                times.append(cosigned_at(head, witness, blob, is_signed_by))
            except LogBroken as error:
                raise CampaignLogBroken(reason="the signature of the witness is wrong") from error
    return max(times, default=None)


def log_tree(leaves: Iterable[bytes]) -> Tree:
    """The tree over these leaves, which gives inclusion and consistency proofs of any size."""
    return Tree(leaf_hash(line) for line in leaves)


def goes_on(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> bool:
    """Whether a consistency proof shows the old head to be a beginning of the new one."""
    same = old.origin == new.origin
    return same and verify_consistency(
        old=old.size, size=new.size, old_root=old.root, root=new.root, proof=proof
    )


def part_since(note: bytes, leaves: Sequence[bytes], kept: int) -> LogPart:
    """What a vault that kept a checkpoint of ``kept`` leaves (0: none) is handed; raises ``CampaignLogBroken``.

    ``leaves`` are those of the whole log, and may be more than the checkpoint is over.
    """
    size = claimed_head(note).size
    if not kept <= size <= len(leaves):
        raise CampaignLogBroken(reason="its checkpoint and its leaves do not belong together")
    if not kept:
        return LogPart(checkpoint=note, leaves=tuple(leaves[:size]))
    tree = log_tree(leaves[:size])
    proof = tuple(tree.consistency_proof(kept))
    return LogPart(checkpoint=note, leaves=tuple(leaves[kept:size]), root=tree.root(kept), consistency=proof)


def _opened(note: bytes) -> tuple[Checkpoint, list[tuple[str, bytes]]]:
    if len(note) > NOTE_LIMIT:
        raise CampaignLogBroken(reason="the checkpoint is too long")
    try:
        return checkpoint_in(note, _ORIGIN_PATTERN)
    except LogBroken as error:
        raise CampaignLogBroken(reason=str(error.facts["reason"])) from error
