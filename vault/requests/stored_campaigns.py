"""Campaigns as they are stored, and the rounds of each that came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.audit.vault_date import recorded_moment
from vault.errors.campaigns import UnknownCampaign
from vault.requests.campaign import CampaignDocument, parse_campaign
from vault.store.tables import CampaignRow, HeldRow, RequestRow
from vault.views.states import CampaignState, RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from vault.store.unit_of_work import UnitOfWork

_NOT_BEGUN = (RequestState.WAITING, RequestState.APPROVED)
_RUNS = (RequestState.READY, RequestState.CHARGED, RequestState.TRAINING)
_UNDECIDED = (RequestState.HELD, RequestState.SENDING)


def show(uow: UnitOfWork, campaign_id: str) -> CampaignRow:
    """The campaign of this id; raises `UnknownCampaign`."""
    row = uow.get(CampaignRow, campaign_id)
    if row is None:
        raise UnknownCampaign(campaign=campaign_id)
    return row


def find_by_digest(uow: UnitOfWork, digest: str) -> CampaignRow:
    """The campaign with these bytes; raises `UnknownCampaign` with the beginning of its digest."""
    for row in uow.find(CampaignRow, digest=digest):
        return row
    raise UnknownCampaign(campaign=digest[:8])


def document_of(row: CampaignRow) -> CampaignDocument:
    """What a stored campaign says for this vault, whose noise tier it was taken in with."""
    return signed_document(row).at_tier(row.tier)


def signed_document(row: CampaignRow) -> CampaignDocument:
    """What a stored campaign says as it was signed."""
    return parse_campaign(row.document)


def rounds_of(uow: UnitOfWork, row: CampaignRow) -> list[RequestRow]:
    """The rounds of a campaign that came in, in their order."""
    return uow.find(RequestRow, campaign_id=row.id, order_by="round")


def latest_round(uow: UnitOfWork, row: CampaignRow) -> int:
    """The highest number of a round that came in, 0 where none did."""
    return max((number for (number,) in uow.values(RequestRow, ("round",), campaign_id=row.id)), default=0)


def has_more_to_decide(uow: UnitOfWork, row: CampaignRow) -> bool:
    """Whether a release of this campaign may still be decided here, now or in a round to come.

    Until then its owner learns nothing of how well it goes: a decision that follows from it would tell of records.
    What is over is so by the newest entry of the trail: a clock that is ahead goes back, and then it is not over.
    """
    if row.state in (CampaignState.LEFT, CampaignState.REFUSED):
        return False
    now = recorded_moment(uow)
    is_last_in = latest_round(uow, row) >= document_of(row).rounds
    return (now < row.expires_at and not is_last_in) or any(
        _is_undecided(uow, each, now) for each in rounds_of(uow, row)
    )


def _is_undecided(uow: UnitOfWork, row: RequestRow, now: datetime) -> bool:
    if row.state in _NOT_BEGUN:
        return now < row.expires_at
    if row.state in _UNDECIDED:
        held = uow.get(HeldRow, row.id)
        return held is not None and held.update is not None and now < held.expires_at
    return row.state in _RUNS
