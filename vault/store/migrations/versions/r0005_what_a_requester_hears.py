"""What a requester hears of a job, a no that holds, and released bytes that are kept to be fetched."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

# A refusal of whatever kind was told until now, so it goes on being told.
_TOLD = "UPDATE request SET is_told = 1 WHERE state IN ('refused_person', 'refused_policy')"
_SIZE = "UPDATE request SET size = length(manifest) + length(weights)"


def upgrade() -> None:
    """Add the columns and the table; what earlier jobs need in them follows from their manifests and states."""
    op.add_column("request", sa.Column("over_at", sa.String(), nullable=True))
    op.add_column("request", sa.Column("size", sa.Integer(), server_default="0", nullable=False))
    op.add_column("request", sa.Column("is_told", sa.Boolean(), server_default="0", nullable=False))
    op.add_column("held", sa.Column("fetch_until", sa.String(), nullable=True))
    op.create_table(
        "refusal",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("requester_id", sa.String(), nullable=False),
        sa.Column("collection", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("refused_at", sa.String(), nullable=False),
        sa.Column("until", sa.String(), nullable=False),
        sa.Column("lifted_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_refusal_requester_id", "refusal", ["requester_id"])
    op.execute(_TOLD)
    op.execute(_SIZE)
    _set_ends()


def _set_ends() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, manifest FROM request")).all()
    for row_id, manifest in rows:
        over_at = _end_of(json.loads(manifest))
        connection.execute(
            sa.text("UPDATE request SET over_at = :at WHERE id = :id"), {"at": over_at, "id": row_id}
        )


def _end_of(manifest: dict[str, object]) -> str:
    """A day and the time to decide after the end that the job names, as `vault.requests.hearing` has it."""
    wait = timedelta(days=1, minutes=int(str(manifest["slot_minutes"])))
    over_at = datetime.fromisoformat(str(manifest["expires"])) + wait
    return over_at.replace(tzinfo=None).isoformat() + "Z"
