"""Join a campaign: one consent for all of its rounds, drafted from it, under one price of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.budget import ledger
from vault.budget.rounds import rounds_price
from vault.consent.grants import check_grant
from vault.consent.receipts import save_grant
from vault.errors.campaigns import CampaignMismatch
from vault.requests.approve import drafted_grant, promise_of
from vault.requests.campaign import NO_WEIGHTS
from vault.requests.campaign_round import parse_round, round_manifest
from vault.requests.campaigns import check_waiting
from vault.requests.evaluate import (
    PricedJob,
    check_runnable,
    decision_at,
    priced,
    raise_unless_permitted,
)
from vault.requests.grant import NOTICE
from vault.requests.requesters import find_by_key, not_blocked
from vault.requests.rounds import approve_rounds
from vault.requests.stored_campaigns import document_of, rounds_of
from vault.requests.translate import mechanism
from vault.store.tables import CampaignRow, ChargeRow
from vault.views.states import CampaignState, RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from vault.audit.transaction import AuditedTransaction
    from vault.budget.mechanism import Mechanism
    from vault.budget.rounds import RoundsPrice
    from vault.consent.grants import Grant
    from vault.requests.campaign import CampaignDocument
    from vault.store.unit_of_work import UnitOfWork


_MAY_RUN = (RequestState.WAITING, RequestState.APPROVED, RequestState.READY)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCampaign:
    """A campaign that is stored, what it says, and the job of its last round with the price of one."""

    row: CampaignRow
    document: CampaignDocument
    job: PricedJob


def load_campaign(uow: UnitOfWork, row: CampaignRow) -> StoredCampaign:
    """A stored campaign; the job stands for each of its rounds, none of whose weights are known yet."""
    document = document_of(row)
    last = parse_round(round_manifest(document, row.digest, document.rounds, NO_WEIGHTS))
    requester = find_by_key(uow, bytes.fromhex(document.job.requester.key))
    return StoredCampaign(row=row, document=document, job=priced(last, requester))


def counted_rounds(uow: UnitOfWork, campaign: StoredCampaign, now: datetime) -> int:
    """How many rounds this vault can be charged for at most: those that were, and those that may still be.

    One that came in and can run no more does not count, nor one whose deadline is over.
    """
    came = {row.round: row for row in rounds_of(uow, campaign.row)}
    latest = max((number or 0 for number in came), default=0)
    paid = sum(uow.count(ChargeRow, request_id=row.id) for row in came.values())
    if campaign.row.state in (CampaignState.LEFT, CampaignState.REFUSED):
        return paid
    waiting = sum(row.state in _MAY_RUN and now < row.expires_at for row in came.values())
    ends = [campaign.document.deadline(number) for number in range(latest + 1, campaign.document.rounds + 1)]
    return paid + waiting + sum(now < each for each in ends)


def price_of_rounds(campaign: StoredCampaign, rounds: int) -> RoundsPrice:
    """What so many rounds cost together, composed as one mechanism."""
    return _price(mechanism(campaign.document.job), rounds)


@lru_cache(maxsize=64)
def _price(of_round: Mechanism, rounds: int) -> RoundsPrice:
    return rounds_price(of_round, rounds, ledger.DELTA)


def campaign_grant(
    uow: UnitOfWork, campaign: StoredCampaign, optional: frozenset[str], now: datetime
) -> Grant:
    """The narrowest consent under which this campaign can run: its rounds alone, each once, until the last ends."""
    uses = max(1, counted_rounds(uow, campaign, now))
    return drafted_grant(campaign.job, optional, now, uses=uses, campaign=campaign.row.digest)


def join(
    act: AuditedTransaction,
    row: CampaignRow,
    *,
    digest: str,
    tier: str | None,
    optional: frozenset[str],
    special_confirmed: bool,
    is_unattended: bool,
) -> None:
    """Join a campaign: consent, entry and the approval of the rounds that wait, in one transaction.

    Its rounds run without anybody starting them if `is_unattended`, as long as a process has the vault open.

    Raises `CampaignWrongState`, `CampaignMismatch` for another digest or noise tier than the stored one,
    `RequesterBlocked`, `ConsentRefused`, `SpecialNotConfirmed`, `Invalid`, and what `check_runnable` does.
    """
    check_waiting(row, act.now)
    if digest != row.digest or tier != row.tier:
        raise CampaignMismatch
    campaign = load_campaign(act.uow, row)
    not_blocked(campaign.job.requester)
    check_runnable(act.uow, campaign.job)
    grant = campaign_grant(act.uow, campaign, optional, act.now)
    check_grant(grant)
    raise_unless_permitted(decision_at(act.uow, campaign.job, act.now, under=[grant]))
    save_grant(
        act,
        grant,
        requester=campaign.job.requester,
        notice_text=NOTICE,
        method="request",
        special_confirmed=special_confirmed,
        promise=promise_of(campaign.job),
        optional=campaign.job.manifest.optional,
    )
    row.state, row.decided_at, row.grant_id = CampaignState.JOINED, act.at, grant.id
    row.is_unattended = is_unattended
    in_tier = {} if row.tier is None else {"tier": row.tier}
    unattended = {"runs": "run by themselves"} if is_unattended else {}
    act.record(
        EntryType.CAMPAIGN_JOIN,
        clear={"campaign": row.id, "consent": grant.id},
        hidden={"requester": campaign.job.requester.name, "digest": row.digest} | in_tier | unattended,
    )
    approve_rounds(act)
