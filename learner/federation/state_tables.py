"""The tables of a coordinator; times are seconds since 1970, keys and digests lower-case hexadecimal digits."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import MetaData, UniqueConstraint
from sqlmodel import Field, SQLModel


class Row(SQLModel):
    """What every table has in common: one catalogue, apart from that of a vault."""

    metadata: ClassVar[MetaData] = MetaData()


class CampaignRow(Row, table=True):
    """The head of its log stands here: size, subtree roots, the newest checkpoint and the newest cosigned one."""

    __tablename__ = "campaign"
    digest: str = Field(primary_key=True)
    version: int
    log_size: int = 0
    log_peaks: bytes = b""
    checkpoint: bytes = b""
    cosigned: bytes = b""
    cosigned_size: int = 0


class InvitationRow(Row, table=True):
    """A code, by its SHA-256, and the key that it enrolled."""

    __tablename__ = "invitation"
    campaign: str = Field(primary_key=True)
    code_sha256: str = Field(primary_key=True)
    key: str | None = None


class InvitedTierRow(Row, table=True):
    """The noise tier to which an invitation is; one without such a row is to the campaign's own noise."""

    __tablename__ = "invitation_tier"
    campaign: str = Field(primary_key=True)
    code_sha256: str = Field(primary_key=True)
    tier: str


class EnrolledTierRow(Row, table=True):
    """The noise tier in which a key was enrolled by its invitation; one without such a row has the campaign's own."""

    __tablename__ = "enrolment_tier"
    campaign: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    tier: str


class EnrolmentRow(Row, table=True):
    """A key that may answer, and its token by its SHA-256."""

    __tablename__ = "enrolment"
    __table_args__ = (UniqueConstraint("campaign", "token_sha256"),)
    campaign: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    token_sha256: str
    enrolled_at: int


class RoundRow(Row, table=True):
    """``settled`` when what comes after it, a round or the final model, is there."""

    __tablename__ = "round"
    campaign: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    manifest: bytes
    signature: bytes
    weights: bytes
    velocity: bytes
    opened_at: int
    closed_at: int | None = None
    settled: bool = False


class AnswerRow(Row, table=True):
    """A release that was judged and kept, once a round and key."""

    __tablename__ = "answer"
    campaign: str = Field(primary_key=True)
    round: int = Field(primary_key=True)
    key: str = Field(primary_key=True)
    release_id: str
    manifest: bytes
    signature: bytes
    update: bytes
    received_at: int
    accepted: bool | None = None


class RefusalRow(Row, table=True):
    """What a vault sent in a round and was refused: how often, and why the last time."""

    __tablename__ = "refusal"
    campaign: str = Field(primary_key=True)
    round: int = Field(primary_key=True)
    key: str = Field(primary_key=True)
    reason: str
    count: int = 1


class LeafRow(Row, table=True):
    """A line of the log."""

    __tablename__ = "leaf"
    campaign: str = Field(primary_key=True)
    place: int = Field(primary_key=True)
    line: bytes


class ModelRow(Row, table=True):
    """The final model."""

    __tablename__ = "model"
    campaign: str = Field(primary_key=True)
    document: bytes
    signature: bytes
    weights: bytes
