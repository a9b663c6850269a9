"""The models that an owner keeps for their own use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the table, empty: no model was kept so far."""
    op.create_table(
        "model",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("job", sa.LargeBinary(), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.String(), nullable=False),
        sa.Column("release_digest", sa.String(), nullable=True),
        sa.Column("vault_key", sa.LargeBinary(), nullable=True),
        sa.Column("collection_id", sa.Integer(), nullable=True),
        sa.Column("began_from", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", name="uq_model_name"),
    )
    op.create_index("ix_model_collection_id", "model", ["collection_id"])
