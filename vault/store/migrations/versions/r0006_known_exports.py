"""A collection made of a known export keeps which part of which format it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column, empty: of the collections so far nobody noted it."""
    op.add_column("collection", sa.Column("known_as", sa.String(), nullable=True))
