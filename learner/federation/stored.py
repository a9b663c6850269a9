"""What a coordinator keeps, as facts; times are seconds since 1970, keys lower-case hexadecimal digits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Stored(Enum):
    """What became of an answer."""

    NEW = "new"
    SAME = "same"
    OTHER = "other"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRound:
    """A round as it is served, and how fast the weights moved before it; times in seconds since 1970."""

    number: int
    manifest: bytes
    signature: bytes
    weights: bytes
    velocity: bytes
    opened_at: int
    closed_at: int | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """A release of one vault, by its key in hex."""

    key: str
    release_id: str
    manifest: bytes
    signature: bytes
    update: bytes
    received_at: int
    accepted: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModel:
    """The final model as it is served."""

    document: bytes
    signature: bytes
    weights: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFacts:
    """An answer without its bytes; ``bytes`` is the size of its update, which its vault's owner saw too."""

    round: int
    key: str
    release_id: str
    bytes: int
    received_at: int
    accepted: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFacts:
    """A round without its files."""

    number: int
    closed_at: int | None
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalFacts:
    """What a vault sent in a round that was refused: how often, and why the last time."""

    round: int
    key: str
    reason: str
    count: int
