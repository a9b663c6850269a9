"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    _vault()
    _audit()
    _collections()
    _segments()
    _consent()
    _requests()
    _budget()
    _release()


def _vault() -> None:
    op.create_table("vault_fact", _text("key"), _text("value"), sa.PrimaryKeyConstraint("key"))


def _audit() -> None:
    op.create_table(
        "log_entry",
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=False),
        _blob("body"),
        _blob("leaf"),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "disclosure",
        *_numbered(),
        _number("seq"),
        _text("digest"),
        _text("d"),
        _belongs_to("disclosure", "seq", "log_entry.seq"),
        sqlite_autoincrement=True,
    )
    _index("disclosure", "seq")


def _collections() -> None:
    op.create_table(
        "collection",
        *_numbered(),
        _text("name"),
        _text("unit"),
        _text("unit_field", null=True),
        _text("time_field", null=True),
        _text("lifetime_epsilon"),
        _text("created_at"),
        _number("next_row"),
        _number("rows"),
        _unique("collection", "name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "imported_file",
        *_numbered(),
        _number("collection_id"),
        _blob("digest"),
        _number("row_count"),
        _number("refused_count"),
        _text("imported_at"),
        _belongs_to("imported_file", "collection_id", "collection.id"),
        _unique("imported_file", "digest"),
        sqlite_autoincrement=True,
    )
    _index("imported_file", "collection_id")


def _segments() -> None:
    op.create_table(
        "field",
        *_numbered(),
        _number("collection_id"),
        _number("position"),
        _text("name"),
        _text("type"),
        _text("sensitivity"),
        sa.Column("is_system", sa.Boolean(), nullable=False),
        _blob("wrapped_key"),
        _unique("field", "collection_id", "name"),
        _belongs_to("field", "collection_id", "collection.id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "segment",
        *_numbered(),
        _number("collection_id"),
        _number("field_id"),
        _number("stripe"),
        _number("generation"),
        _number("row_count"),
        _blob("blob"),
        _unique("segment", "field_id", "stripe"),
        _belongs_to("segment", "collection_id", "collection.id"),
        _belongs_to("segment", "field_id", "field.id"),
        sqlite_autoincrement=True,
    )
    _index("segment", "collection_id")


def _consent() -> None:
    op.create_table(
        "requester",
        _text("id"),
        _text("name"),
        _blob("key"),
        _text("contact"),
        _text("status"),
        _text("added_at"),
        sa.PrimaryKeyConstraint("id"),
        _unique("requester", "name"),
        _unique("requester", "key"),
    )
    op.create_table(
        "grant",
        _text("id"),
        _text("requester_id"),
        _number("collection_id"),
        _text("record"),
        _text("not_after"),
        _text("withdrawn_at", null=True),
        _text("expired_at", null=True),
        _number("uses_spent"),
        _text("created_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("grant", "requester_id")
    _index("grant", "collection_id")


def _requests() -> None:
    op.create_table(
        "request",
        _text("id"),
        _text("job_id"),
        _text("requester_id"),
        _text("collection"),
        _text("state"),
        _blob("manifest"),
        _blob("signature"),
        _blob("weights"),
        _text("manifest_digest"),
        _text("received_at"),
        _text("expires_at"),
        _text("decided_at", null=True),
        _text("grant_id", null=True),
        _text("reason", null=True),
        sa.PrimaryKeyConstraint("id"),
        _unique("request", "requester_id", "job_id"),
    )
    for column in ("collection", "state", "grant_id"):
        _index("request", column)


def _budget() -> None:
    op.create_table(
        "charge",
        *_numbered(),
        _text("request_id"),
        _number("collection_id"),
        _text("requester_id"),
        _text("vector"),
        _text("epsilon"),
        _text("charged_at"),
        _unique("charge", "request_id"),
        sqlite_autoincrement=True,
    )
    _index("charge", "collection_id")
    _index("charge", "requester_id")


def _release() -> None:
    op.create_table(
        "held",
        _text("id"),
        _text("request_id"),
        _blob("update", null=True),
        _blob("manifest"),
        _text("manifest_digest"),
        _blob("private", null=True),
        _text("held_at"),
        _text("expires_at"),
        _text("intent_at", null=True),
        _text("sent_at", null=True),
        _text("ended_at", null=True),
        sa.PrimaryKeyConstraint("id"),
        _unique("held", "request_id"),
    )


def _numbered() -> tuple[sa.Column[int], sa.PrimaryKeyConstraint]:
    return _number("id"), sa.PrimaryKeyConstraint("id")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=null)


def _blob(name: str, *, null: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=null)


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _belongs_to(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [parent], name=name, deferrable=True, initially="DEFERRED")


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column])
