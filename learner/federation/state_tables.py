"""The tables of a coordinator; times are seconds since 1970, keys and digests lower-case hexadecimal digits.

They are tables and no classes: what maps rows to objects takes more memory than all else that a coordinator keeps.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

CATALOGUE: Final = MetaData()
"""One of its own, apart from that of a vault."""


def _text(name: str, *, is_key: bool = False, is_optional: bool = False) -> Column[str]:
    return Column(name, String(), primary_key=is_key, nullable=is_optional)


def _whole(name: str, *, is_key: bool = False, is_optional: bool = False) -> Column[int]:
    return Column(name, Integer(), primary_key=is_key, nullable=is_optional, autoincrement=False)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary(), nullable=False)


def _flag(name: str, *, is_optional: bool = False) -> Column[bool]:
    return Column(name, Boolean(), nullable=is_optional)


CAMPAIGN: Final = Table(
    "campaign",
    CATALOGUE,
    _text("digest", is_key=True),
    _whole("version"),
    _whole("log_size"),
    _bytes("log_peaks"),
    _bytes("checkpoint"),
    _bytes("cosigned"),
    _whole("cosigned_size"),
)
"""The head of its log stands here: size, subtree roots, the newest checkpoint and the newest cosigned one."""

INVITATION: Final = Table(
    "invitation",
    CATALOGUE,
    _text("campaign", is_key=True),
    _text("code_sha256", is_key=True),
    _text("key", is_optional=True),
)
"""A code, by its SHA-256, and the key that it enrolled."""

INVITED_TIER: Final = Table(
    "invitation_tier",
    CATALOGUE,
    _text("campaign", is_key=True),
    _text("code_sha256", is_key=True),
    _text("tier"),
)
"""The noise tier to which an invitation is; one without such a row is to the campaign's own noise."""

ENROLLED_TIER: Final = Table(
    "enrolment_tier",
    CATALOGUE,
    _text("campaign", is_key=True),
    _text("key", is_key=True),
    _text("tier"),
)
"""The noise tier in which a key was enrolled by its invitation; one without such a row has the campaign's own."""

ENROLMENT: Final = Table(
    "enrolment",
    CATALOGUE,
    _text("campaign", is_key=True),
    _text("key", is_key=True),
    _text("token_sha256"),
    _whole("enrolled_at"),
    UniqueConstraint("campaign", "token_sha256"),
)
"""A key that may answer, and its token by its SHA-256."""

ROUND: Final = Table(
    "round",
    CATALOGUE,
    _text("campaign", is_key=True),
    _whole("number", is_key=True),
    _bytes("manifest"),
    _bytes("signature"),
    _bytes("weights"),
    _bytes("velocity"),
    _whole("opened_at"),
    _whole("closed_at", is_optional=True),
    _flag("settled"),
)
"""``settled`` when what comes after it, a round or the final model, is there."""

ANSWER: Final = Table(
    "answer",
    CATALOGUE,
    _text("campaign", is_key=True),
    _whole("round", is_key=True),
    _text("key", is_key=True),
    _text("release_id"),
    _bytes("manifest"),
    _bytes("signature"),
    _bytes("update"),
    _whole("received_at"),
    _flag("accepted", is_optional=True),
)
"""A release that was judged and kept, once a round and key."""

REFUSAL: Final = Table(
    "refusal",
    CATALOGUE,
    _text("campaign", is_key=True),
    _whole("round", is_key=True),
    _text("key", is_key=True),
    _text("reason"),
    _whole("count"),
)
"""What a vault sent in a round and was refused: how often, and why the last time."""

LEAF: Final = Table(
    "leaf", CATALOGUE, _text("campaign", is_key=True), _whole("place", is_key=True), _bytes("line")
)
"""A line of the log."""

MODEL: Final = Table(
    "model",
    CATALOGUE,
    _text("campaign", is_key=True),
    _bytes("document"),
    _bytes("signature"),
    _bytes("weights"),
)
"""The final model."""
