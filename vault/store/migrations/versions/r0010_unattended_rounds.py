"""Which campaigns' rounds run without anybody starting them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column: so far every round was started by its owner."""
    op.add_column("campaign", sa.Column("is_unattended", sa.Boolean(), server_default="0", nullable=False))
