"""A vault reads the log of a campaign from its first line on, and takes part only in what stands there once.

Each time it is handed the lines since the last, under a newer checkpoint. What it keeps is little: that checkpoint, the
tree so far, and the lines that say which rounds were opened and closed.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import Field

from vault.audit.merkle import CompactRange, leaf_hash, verify_consistency
from vault.errors.campaigns import (
    CampaignLogBroken,
    CampaignLogOlder,
    CampaignNotWitnessed,
    ModelNotInLog,
    RoundClosedInLog,
    RoundNotInLog,
)
from vault.errors.families import Invalid
from vault.requests.campaign_leaves import (
    CampaignLeaf,
    ClosedLeaf,
    ModelLeaf,
    RoundLeaf,
    is_enrolment,
    parse_leaf,
)
from vault.requests.campaign_log import claimed_head, cosigned_since, signed_head
from vault.requests.canonical import Wire
from vault.strict_base64 import from_base64

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vault.requests.campaign import CampaignDocument
    from vault.requests.campaign_leaves import Leaf
    from vault.requests.campaign_log import LogPart

LEAVES_LIMIT: Final = 10_000
"""Leaves that are read at once: with each vault that is enrolled there is one."""
MOST_HASHES: Final = 64
"""Of a consistency proof, which has one a bit of the size and one more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLog:
    """What was read of a log: the last checkpoint, its tree as the roots of its complete parts, and what it holds.

    ``lines`` are the rounds that were opened and closed and the final model; of enrolled keys only the number is kept.
    """

    checkpoint: bytes = b""
    size: int = 0
    peaks: tuple[bytes, ...] = ()
    enrolled: int = 0
    lines: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """Two checkpoints of one log, both signed, of which the later does not go on from the other: anybody can verify it.

    ``root`` is that of the ``shown`` log at the size of the ``kept`` one, which ``consistency`` proves.
    """

    kept: bytes
    shown: bytes
    root: bytes
    consistency: tuple[bytes, ...]


def read_on(kept: ReadLog, part: LogPart, document: CampaignDocument, digest: str) -> ReadLog | Fork:
    """The log up to a newer checkpoint, or the same one again; a proof where the log was split.

    Raises ``CampaignLogBroken``, ``CampaignNotWitnessed`` and ``CampaignLogOlder``.
    """
    round_key = bytes.fromhex(document.round_key)
    head = signed_head(part.checkpoint, digest, round_key)
    if kept.size and (fork := _fork(kept, part, digest, round_key)):
        return fork
    _check_witnessed(part.checkpoint, document)
    if head.size < kept.size:
        raise CampaignLogOlder(shown=head.size, kept=kept.size)
    if len(part.leaves) != head.size - kept.size or len(part.leaves) > LEAVES_LIMIT:
        raise CampaignLogBroken(reason="its lines are not those since the last checkpoint")
    tree = CompactRange(kept.size, list(kept.peaks))
    for line in part.leaves:
        tree.append(leaf_hash(line))
    if tree.root() != head.root:
        raise CampaignLogBroken(reason="its lines do not lead from the last checkpoint to this one")
    found = _Story.of(kept.lines, kept.size)
    for line in part.leaves:
        found.take(line, digest)
    return ReadLog(
        checkpoint=part.checkpoint,
        size=head.size,
        peaks=tuple(tree.peaks),
        enrolled=kept.enrolled + found.enrolled,
        lines=(*kept.lines, *found.told),
    )


def opens(log: ReadLog, number: int) -> bool:
    """Whether the log has opened a round, by whatever job."""
    return number in _Story.of(log.lines, log.size).opened


def closed_rounds(log: ReadLog) -> frozenset[int]:
    """The rounds that take no answers any more."""
    return frozenset(_Story.of(log.lines, log.size).closed)


def check_round_in(log: ReadLog, number: int, *, manifest: str, weights: str) -> None:
    """Refuse a round that the log has not opened with these very digests, or has closed.

    Raises ``RoundNotInLog`` or ``RoundClosedInLog``.
    """
    story = _Story.of(log.lines, log.size)
    opened = story.opened.get(number)
    if opened is None:
        raise RoundNotInLog(number=number, found="no line")
    if (opened.manifest, opened.weights) != (manifest, weights):
        raise RoundNotInLog(number=number, found="another job")
    if number in story.closed:
        raise RoundClosedInLog(number=number)


def check_model_in(log: ReadLog, weights: str) -> None:
    """Refuse a final model that is not the one in the log; raises ``ModelNotInLog``."""
    if _Story.of(log.lines, log.size).model != weights:
        raise ModelNotInLog()


def is_fork(fork: Fork, digest: str, round_key: bytes) -> bool:
    """Whether two checkpoints, both signed by the campaign's round key, cannot be of one log.

    Raises ``CampaignLogBroken`` where they are not signed so.
    """
    kept, shown = (signed_head(note, digest, round_key) for note in (fork.kept, fork.shown))
    return fork.root != kept.root and verify_consistency(
        old=kept.size, size=shown.size, old_root=fork.root, root=shown.root, proof=fork.consistency
    )


def fork_facts(fork: Fork) -> dict[str, str | list[str]]:
    """The proof of a split log as texts, in the form in which others verify it."""
    return {
        "kept": fork.kept.decode(),
        "shown": fork.shown.decode(),
        "root": base64.b64encode(fork.root).decode(),
        "consistency": [base64.b64encode(each).decode() for each in fork.consistency],
    }


def read_fork(facts: Mapping[str, object]) -> Fork:
    """The proof in such texts, nothing of it verified yet; raises ``Invalid``."""
    try:
        found = _ForkFacts.model_validate(facts)
        return Fork(
            kept=found.kept.encode(),
            shown=found.shown.encode(),
            root=from_base64(found.root),
            consistency=tuple(map(from_base64, found.consistency)),
        )
    except ValueError:
        raise Invalid(reason="this is no proof that a log was split") from None


class _ForkFacts(Wire):
    kept: str
    shown: str
    root: str
    consistency: Annotated[list[str], Field(max_length=MOST_HASHES)]


def _check_witnessed(note: bytes, document: CampaignDocument) -> None:
    witness = document.witness
    if witness is not None and cosigned_since(note, bytes.fromhex(witness.key)) is None:
        raise CampaignNotWitnessed(name=witness.name)


def _fork(kept: ReadLog, part: LogPart, digest: str, round_key: bytes) -> Fork | None:
    """What is proven; a log that is only not shown to go on may be the fault of who handed it over."""
    if len(part.consistency) > MOST_HASHES:
        raise CampaignLogBroken(reason="its proof is too long")
    shown = claimed_head(part.checkpoint)
    root = shown.root if shown.size == kept.size else part.root
    fork = Fork(kept=kept.checkpoint, shown=part.checkpoint, root=root, consistency=part.consistency)
    return fork if is_fork(fork, digest, round_key) else None


@dataclass(slots=True, kw_only=True)
class _Story:
    """What the lines of a log say so far, each held against those before it."""

    size: int
    opened: dict[int, RoundLeaf] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    model: str | None = None
    enrolled: int = 0
    told: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, lines: Iterable[bytes], size: int) -> Self:
        """What was read before: ``size`` lines, of which these are kept."""
        story = cls(size=0)
        for line in lines:
            story._tell(parse_leaf(line))
        story.size = size
        return story

    def take(self, line: bytes, digest: str) -> None:
        """Read one more line; raises ``CampaignLogBroken`` where it does not fit those before it."""
        first = CampaignLeaf(campaign=digest)
        if self.size == 0 and parse_leaf(line) != first:
            raise CampaignLogBroken(reason="its first line is not that of this campaign")
        if self.size:
            self._take_later(line)
        self.size += 1

    def _take_later(self, line: bytes) -> None:
        if is_enrolment(line):
            self.enrolled += 1
            return
        self._tell(parse_leaf(line))
        self.told.append(line)

    def _tell(self, leaf: Leaf) -> None:
        for clause in self._faults(leaf):
            raise CampaignLogBroken(reason=clause)
        match leaf:
            case RoundLeaf():
                self.opened[leaf.round] = leaf
            case ClosedLeaf():
                self.closed.add(leaf.round)
            case ModelLeaf():
                self.model = leaf.weights

    def _faults(self, leaf: Leaf) -> Iterator[str]:
        match leaf:
            case CampaignLeaf():
                yield "it begins a second time"
            case RoundLeaf() if leaf.round <= max(self.opened, default=0):
                yield f"it opens round {leaf.round} after that round or a later one"
            case ClosedLeaf() if leaf.round not in self.opened or leaf.round in self.closed:
                yield f"it closes round {leaf.round}, which is not open"
            case ModelLeaf() if self.model is not None:
                yield "it has two final models"
            case RoundLeaf() | ClosedLeaf() if self.model is not None:
                yield "it goes on after the final model"
