"""In which noise tier of a campaign this vault was asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the column: so far a campaign had one noise."""
    op.add_column("campaign", sa.Column("tier", sa.String(), nullable=True))
