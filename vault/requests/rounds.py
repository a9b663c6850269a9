"""The rounds of campaigns that were joined: each is approved by that one word, as soon as it is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.consent.receipts import load_grants
from vault.errors.campaigns import RoundOfCampaign
from vault.requests import inbox
from vault.requests.evaluate import decision_at, load, record_decision
from vault.store.tables import CampaignRow, RequestRow
from vault.views.states import CampaignState, RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from vault.audit.transaction import AuditedTransaction
    from vault.store.unit_of_work import UnitOfWork


def approve_rounds(act: AuditedTransaction) -> list[str]:
    """Approve each round that waits for nothing but its campaign, which was joined; returns their ids.

    One that was approved before and waits again is its owner's to approve: the reason stands with it.
    """
    waiting = act.uow.find(RequestRow, state=RequestState.WAITING, decided_at=None)
    rounds = [row for row in waiting if row.campaign_id is not None and act.now < row.expires_at]
    return [row.id for row in rounds if _approve(act, row)]


def unattended_rounds(uow: UnitOfWork, now: datetime) -> list[str]:
    """The approved rounds that may run without anybody starting them, the one that ends first before the others.

    One whose run ended early, by its owner or by anything else, has a reason with it and is its owner's to start.
    """
    joined = uow.find(CampaignRow, state=CampaignState.JOINED, is_unattended=True)
    rows = [
        row
        for one in joined
        for row in uow.find(RequestRow, campaign_id=one.id, state=RequestState.APPROVED)
        if row.reason is None and now < row.expires_at
    ]
    return [row.id for row in sorted(rows, key=lambda row: row.expires_at)]


def attend(act: AuditedTransaction, row: CampaignRow) -> None:
    """Let the rounds of a campaign run only where its owner starts them."""
    row.is_unattended = False
    what = f"the rounds of campaign {row.id[:8]}: each runs only when you start it"
    act.record(EntryType.SETTINGS_CHANGE, hidden={"what": what})


def check_by_itself(row: RequestRow) -> None:
    """Refuse a word about one round alone that belongs to its campaign; raises `RoundOfCampaign`."""
    if row.campaign_id is not None:
        raise RoundOfCampaign(campaign=row.campaign_id[:8])


def _approve(act: AuditedTransaction, row: RequestRow) -> bool:
    campaign = act.uow.get(CampaignRow, row.campaign_id or "")
    if campaign is None or campaign.state is not CampaignState.JOINED:
        return False
    grants = [grant for grant in load_grants(act.uow) if grant.id == campaign.grant_id]
    decision = decision_at(act.uow, load(act.uow, row.id), act.now, under=grants)
    if decision.permitted:
        record_decision(act, row.id, decision)
        inbox.approve(act, row.id, grant_id=decision.grant_id)
    return decision.permitted
