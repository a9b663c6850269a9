"""The tables. Text ids are 32 random hex digits; times and words of a closed list are stored as text.

A change here needs a migration in `migrations/versions`; a test compares the two.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlmodel
from sqlalchemy import ForeignKey, MetaData, UniqueConstraint
from sqlalchemy.orm import configure_mappers
from sqlmodel import SQLModel

from vault.store.column_types import TimeColumn, TypeColumn, WordColumn
from vault.views.field_types import ColumnType, Sensitivity, UnitKind
from vault.views.states import CampaignState, RequesterStatus, RequestState


class Row(SQLModel):
    """What every table has in common: one catalogue of tables, and names for its rules."""

    # No row is ever checked by pydantic, so nothing is made ready for it at every start.
    model_config = {"defer_build": True}

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        }
    )


# Ids are bound into sealed blobs and wrapped keys, so a number once given away is never given again.
_NEVER_REUSED = {"sqlite_autoincrement": True}


def _number() -> Any:
    return sqlmodel.Field(default=None, primary_key=True)


def _time(**more: Any) -> Any:
    return sqlmodel.Field(sa_type=TimeColumn, **more)


def _counted() -> Any:
    return sqlmodel.Field(default=0, sa_column_kwargs={"server_default": "0"})


def _flag() -> Any:
    return sqlmodel.Field(default=False, sa_column_kwargs={"server_default": "0"})


def _word_of(words: type[StrEnum], **more: Any) -> Any:
    sa_type: Any = WordColumn(words)
    return sqlmodel.Field(sa_type=sa_type, **more)


def _type_of_values() -> Any:
    return sqlmodel.Field(sa_type=TypeColumn)


def _belongs_to(column: str, *, index: bool = True) -> Any:
    # Checked at the commit, so that a unit of work may write parent and child in either order.
    parent = ForeignKey(column, deferrable=True, initially="DEFERRED")
    return sqlmodel.Field(index=index, sa_column_args=[parent])


class VaultFact(Row, table=True):
    """One named fact about the vault itself."""

    __tablename__ = "vault_fact"

    key: str = sqlmodel.Field(primary_key=True)
    value: str


class LogEntry(Row, table=True):
    """One entry of the audit trail: its public bytes and its leaf hash."""

    __tablename__ = "log_entry"

    seq: int = sqlmodel.Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    body: bytes
    leaf: bytes


class Disclosure(Row, table=True):
    """One salted fact behind a digest of an audit entry."""

    __tablename__ = "disclosure"
    __table_args__ = _NEVER_REUSED

    id: int = _number()
    seq: int = _belongs_to("log_entry.seq")
    digest: str
    d: str


class RowDigest(Row, table=True):
    """The digest of the versioned rows, at one head of the trail; there is one row, number 1."""

    __tablename__ = "row_digest"

    id: int = sqlmodel.Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    size: int
    root: bytes
    digest: bytes
    mac: bytes


class Collection(Row, table=True):
    """One table of the owner's records; those with one `filter_id` share one lifetime budget.

    `known_as` names the format and the part, `fitbit/sleep`, of one that was made of a known export.
    """

    __tablename__ = "collection"
    __table_args__ = _NEVER_REUSED

    id: int = _number()
    name: str = sqlmodel.Field(unique=True)
    unit: UnitKind = _word_of(UnitKind)
    unit_field: str | None = None
    time_field: str | None = None
    lifetime_epsilon: str
    created_at: datetime = _time()
    next_row: int = 0
    rows: int = 0
    filter_id: int | None = None
    known_as: str | None = None


class Field(Row, table=True):
    """One field of a collection, with the key of its segments wrapped."""

    __tablename__ = "field"
    __table_args__ = (UniqueConstraint("collection_id", "name"), _NEVER_REUSED)

    id: int = _number()
    collection_id: int = _belongs_to("collection.id", index=False)
    position: int
    name: str
    type: ColumnType = _type_of_values()
    sensitivity: Sensitivity = _word_of(Sensitivity)
    is_system: bool = False
    wrapped_key: bytes


class Segment(Row, table=True):
    """One sealed column segment: the values of one field in one stripe of rows."""

    __tablename__ = "segment"
    __table_args__ = (UniqueConstraint("field_id", "stripe"), _NEVER_REUSED)

    id: int = _number()
    collection_id: int = _belongs_to("collection.id")
    field_id: int = _belongs_to("field.id", index=False)
    stripe: int
    generation: int
    row_count: int
    blob: bytes


class ImportedFile(Row, table=True):
    """One file that was imported, known by its keyed digest and, sealed, by a fingerprint of its rows."""

    __tablename__ = "imported_file"
    __table_args__ = _NEVER_REUSED

    id: int = _number()
    collection_id: int = _belongs_to("collection.id")
    digest: bytes = sqlmodel.Field(unique=True)
    row_count: int
    refused_count: int
    imported_at: datetime = _time()
    fingerprint: bytes | None = None


class RequesterRow(Row, table=True):
    """One party that may ask; `only_collection` is the one name they may use."""

    __tablename__ = "requester"

    id: str = sqlmodel.Field(primary_key=True)
    name: str = sqlmodel.Field(unique=True)
    key: bytes = sqlmodel.Field(unique=True)
    contact: str
    status: RequesterStatus = _word_of(RequesterStatus)
    added_at: datetime = _time()
    only_collection: str | None = None


class AccessToken(Row, table=True):
    """One token a requester may present; `digest` is the SHA-256 (hex) of what only they keep."""

    __tablename__ = "access_token"

    id: str = sqlmodel.Field(primary_key=True)
    requester_id: str = sqlmodel.Field(index=True)
    digest: str = sqlmodel.Field(unique=True)
    issued_at: datetime = _time()
    expires_at: datetime = _time()
    revoked_at: datetime | None = _time(default=None)


class GrantRow(Row, table=True):
    """One consent; `record` is its canonical JSON."""

    __tablename__ = "grant"

    id: str = sqlmodel.Field(primary_key=True)
    requester_id: str = sqlmodel.Field(index=True)
    collection_id: int = sqlmodel.Field(index=True)
    record: str
    not_after: datetime = _time()
    withdrawn_at: datetime | None = _time(default=None)
    expired_at: datetime | None = _time(default=None)
    uses_spent: int = 0
    created_at: datetime = _time()


class RequestRow(Row, table=True):
    """One signed job that came in.

    From `over_at` on its requester hears that it is over, whatever became of it; `size` are its bytes; `is_told` says
    that the requester hears of the refusal. A round of a campaign has that campaign's id and its number, and the
    `log_size` of the log by which it was checked, or null where it was handed over without.
    """

    __tablename__ = "request"
    __table_args__ = (UniqueConstraint("requester_id", "job_id"),)

    id: str = sqlmodel.Field(primary_key=True)
    job_id: str
    requester_id: str
    collection: str = sqlmodel.Field(index=True)
    state: RequestState = _word_of(RequestState, index=True)
    manifest: bytes
    signature: bytes
    weights: bytes
    manifest_digest: str
    received_at: datetime = _time()
    expires_at: datetime = _time()
    decided_at: datetime | None = _time(default=None)
    grant_id: str | None = sqlmodel.Field(default=None, index=True)
    reason: str | None = None
    over_at: datetime | None = _time(default=None)
    size: int = _counted()
    is_told: bool = _flag()
    campaign_id: str | None = sqlmodel.Field(default=None, index=True)
    round: int | None = None
    log_size: int | None = None


class CampaignRow(Row, table=True):
    """One signed campaign that came in; the job of each of its rounds is a request.

    `grant_id` is the consent under which it was joined; `is_told` says that the requester hears of the refusal,
    `is_unattended` that its rounds run without anybody starting them. `tier` is the noise tier in which this vault was
    asked, null for the campaign's own noise.
    """

    __tablename__ = "campaign"

    id: str = sqlmodel.Field(primary_key=True)
    digest: str = sqlmodel.Field(unique=True)
    requester_id: str = sqlmodel.Field(index=True)
    collection: str = sqlmodel.Field(index=True)
    state: CampaignState = _word_of(CampaignState)
    document: bytes
    signature: bytes
    received_at: datetime = _time()
    expires_at: datetime = _time()
    decided_at: datetime | None = _time(default=None)
    left_at: datetime | None = _time(default=None)
    grant_id: str | None = sqlmodel.Field(default=None, index=True)
    reason: str | None = None
    is_told: bool = _flag()
    is_unattended: bool = _flag()
    tier: str | None = None


class CampaignLogRow(Row, table=True):
    """What was read of the log of a campaign: the checkpoint seen last, and what its `size` lines say.

    `peaks` are the roots of the tree's complete parts, 32 bytes each; `lines` the kept ones, each with its line end;
    `fork` the proof that the log was split, in JSON. `model` are the final weights until they are kept elsewhere.
    """

    __tablename__ = "campaign_log"

    campaign_id: str = sqlmodel.Field(primary_key=True)
    checkpoint: bytes
    size: int
    peaks: bytes
    enrolled: int
    lines: bytes
    seen_at: datetime = _time()
    fork: bytes | None = None
    model: bytes | None = None
    model_at: datetime | None = _time(default=None)


class RefusalRow(Row, table=True):
    """One no to a question that holds until its end, or until the owner lifts it; `is_told` to who asked."""

    __tablename__ = "refusal"

    id: str = sqlmodel.Field(primary_key=True)
    requester_id: str = sqlmodel.Field(index=True)
    collection: str
    purpose: str
    request_id: str
    is_told: bool
    refused_at: datetime = _time()
    until: datetime = _time()
    lifted_at: datetime | None = _time(default=None)


class ChargeRow(Row, table=True):
    """One charge to the privacy budget; `vector` is a JSON list of integers. Never deleted."""

    __tablename__ = "charge"
    __table_args__ = _NEVER_REUSED

    id: int = _number()
    request_id: str = sqlmodel.Field(unique=True)
    collection_id: int = sqlmodel.Field(index=True)
    requester_id: str = sqlmodel.Field(index=True)
    vector: str
    epsilon: str
    charged_at: datetime = _time()


class HeldRow(Row, table=True):
    """One held update, from training to its release or destruction; `private` is for the owner only.

    `fetch_until` is the end of the time in which its requester can fetch the released bytes from here.
    """

    __tablename__ = "held"

    id: str = sqlmodel.Field(primary_key=True)
    request_id: str = sqlmodel.Field(unique=True)
    update: bytes | None = None
    manifest: bytes
    manifest_digest: str
    private: bytes | None = None
    held_at: datetime = _time()
    expires_at: datetime = _time()
    intent_at: datetime | None = _time(default=None)
    sent_at: datetime | None = _time(default=None)
    ended_at: datetime | None = _time(default=None)
    fetch_until: datetime | None = _time(default=None)


class ModelRow(Row, table=True):
    """One model that the owner keeps for their own use; nothing that leaves is ever made of one.

    `job` is the manifest that says what its weights mean. One of a release has its digest and `vault_key`, one that was
    fitted at home the `collection_id` on whose rows, and the name of the model it began from, and the final one of a
    campaign that `campaign_id`.
    """

    __tablename__ = "model"

    id: str = sqlmodel.Field(primary_key=True)
    name: str = sqlmodel.Field(unique=True)
    job: bytes
    weights: bytes
    added_at: datetime = _time()
    release_digest: str | None = None
    vault_key: bytes | None = None
    collection_id: int | None = sqlmodel.Field(default=None, index=True)
    began_from: str | None = None
    campaign_id: str | None = sqlmodel.Field(default=None, index=True)


# Otherwise done at the first row that is read: by then the passphrase has been tried, and somebody waits for it.
configure_mappers()
