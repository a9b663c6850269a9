"""What was read of the logs of campaigns, how each round was checked, and the final models of campaigns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the table, empty, and the columns: so far every round was handed over without a log."""
    op.create_table(
        "campaign_log",
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("checkpoint", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.Column("enrolled", sa.Integer(), nullable=False),
        sa.Column("lines", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.Column("fork", sa.LargeBinary(), nullable=True),
        sa.Column("model", sa.LargeBinary(), nullable=True),
        sa.Column("model_at", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("campaign_id"),
    )
    op.add_column("request", sa.Column("log_size", sa.Integer(), nullable=True))
    op.add_column("model", sa.Column("campaign_id", sa.String(), nullable=True))
    op.create_index("ix_model_campaign_id", "model", ["campaign_id"])
