"""What a coordinator's database says of noise tiers: of codes, of enrolled keys, and how many there are of each."""

from __future__ import annotations

from typing import Any

import sqlmodel
from sqlalchemy import func
from sqlmodel import Session, select

from learner.federation.state_tables import EnrolledTierRow, InvitedTierRow


def tier_in(session: Session, table: Any, campaign: str, name: str) -> str | None:
    """The tier of a key or of a code's digest; None is the campaign's own noise."""
    found = session.get(table, (campaign, name))
    return None if found is None else str(found.tier)


def enrolled_tiers(session: Session, campaign: str) -> dict[str, str]:
    """The tier of every key that is in one, by the key."""
    found = session.exec(select(EnrolledTierRow).where(EnrolledTierRow.campaign == campaign))
    return {each.key: each.tier for each in found}


def tier_counts(session: Session, campaign: str) -> dict[str, tuple[int, int]]:
    """How many are invited to each tier, and how many are enrolled in it."""
    invited, enrolled = (_counts(session, table, campaign) for table in (InvitedTierRow, EnrolledTierRow))
    return {tier: (count, enrolled.get(tier, 0)) for tier, count in invited.items()}


def _counts(session: Session, table: Any, campaign: str) -> dict[str, int]:
    columns: Any = (table.tier, func.count())
    asked = sqlmodel.select(*columns).where(table.campaign == campaign).group_by(table.tier)
    return {tier: count for tier, count in session.exec(asked)}
