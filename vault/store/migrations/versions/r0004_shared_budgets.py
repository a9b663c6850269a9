"""Collections may share one lifetime budget, and an import keeps a fingerprint of its rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add both, empty: every collection so far has a budget alone, and its fingerprint is made when it is asked for."""
    op.add_column("collection", sa.Column("filter_id", sa.Integer(), nullable=True))
    op.add_column("imported_file", sa.Column("fingerprint", sa.LargeBinary(), nullable=True))
