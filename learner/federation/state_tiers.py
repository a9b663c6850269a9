"""What a coordinator's database says of noise tiers: of codes, of enrolled keys, and how many there are of each."""

from __future__ import annotations

from sqlalchemy import Table, func, select

from learner.federation.state_rows import Rows
from learner.federation.state_tables import ENROLLED_TIER, INVITED_TIER


def tier_of_code(rows: Rows, code: str) -> str | None:
    """The tier to which a code of this digest invites; None is the campaign's own noise."""
    asked = select(INVITED_TIER.c.tier).where(
        INVITED_TIER.c.campaign == rows.campaign, INVITED_TIER.c.code_sha256 == code
    )
    return rows.connection.execute(asked).scalar_one_or_none()


def tier_of_key(rows: Rows, key: str) -> str | None:
    """The tier in which a key is enrolled; None is the campaign's own noise."""
    asked = select(ENROLLED_TIER.c.tier).where(
        ENROLLED_TIER.c.campaign == rows.campaign, ENROLLED_TIER.c.key == key
    )
    return rows.connection.execute(asked).scalar_one_or_none()


def tier_counts(rows: Rows) -> dict[str, tuple[int, int]]:
    """How many are invited to each tier, and how many are enrolled in it."""
    invited, enrolled = (_counts(rows, table) for table in (INVITED_TIER, ENROLLED_TIER))
    return {tier: (count, enrolled.get(tier, 0)) for tier, count in invited.items()}


def _counts(rows: Rows, table: Table) -> dict[str, int]:
    asked = select(table.c.tier, func.count()).where(table.c.campaign == rows.campaign).group_by(table.c.tier)
    return {tier: count for tier, count in rows.connection.execute(asked)}
