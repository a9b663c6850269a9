"""Campaigns and what joining or leaving one would change, read for showing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vault.audit.transaction import trusted_now
from vault.budget import ledger
from vault.queries.consents import draft_view, planned_withdrawal
from vault.queries.decisions import _collection, explain, hardly_read
from vault.queries.requesters import requester_row
from vault.queries.requests import model_words
from vault.queries.status import shown_state
from vault.requests.approve import promise_of
from vault.requests.campaigns import check_open, check_waiting
from vault.requests.evaluate import check_runnable, obstacle
from vault.requests.join_campaign import campaign_grant, counted_rounds, load_campaign, price_of_rounds
from vault.requests.shapes import dimension
from vault.requests.stored_campaigns import document_of, latest_round, rounds_of, signed_document
from vault.requests.stored_logs import log_row
from vault.sealing.signing import fingerprint
from vault.store.tables import CampaignRow, ChargeRow, HeldRow
from vault.store.times import stamp
from vault.views.campaigns import (
    CampaignJoining,
    CampaignLeaving,
    CampaignLine,
    CampaignPrice,
    CampaignView,
    LogView,
    PeerView,
    RoundView,
    TierView,
)
from vault.views.purposes import PURPOSES
from vault.views.states import CampaignState, RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from vault.lifecycle.opened import OpenVault
    from vault.requests.campaign import CampaignDocument
    from vault.requests.join_campaign import StoredCampaign
    from vault.store.tables import RequestRow
    from vault.store.unit_of_work import UnitOfWork

OVER = "over"
TO_COME = "to come"
MISSED = "missed"
BY_HAND, BY_LOG, BY_WITNESS, BY_PEER, BY_FOUNDER = "hand", "log", "witness", "mesh", "founder"
_OPEN = (CampaignState.WAITING, CampaignState.JOINED)
_UNPAID = (RequestState.WAITING, RequestState.APPROVED, RequestState.READY)


def campaign_lines(uow: UnitOfWork, vault: OpenVault) -> list[CampaignLine]:
    """Every campaign, the newest first."""
    now = trusted_now(uow, vault.clock)
    rows = uow.find(CampaignRow, order_by="received_at", descending=True)
    return [campaign_line(uow, row, now) for row in rows]


def campaign_line(uow: UnitOfWork, row: CampaignRow, now: datetime) -> CampaignLine:
    """A campaign as one line."""
    asker, document = requester_row(uow, row.requester_id), document_of(row)
    came = rounds_of(uow, row)
    after = range(latest_round(uow, row) + 1, document.rounds + 1)
    is_open = row.state in _OPEN
    return CampaignLine(
        id=row.id,
        state=OVER if is_open and now >= row.expires_at else row.state.value,
        requester=asker.name,
        requester_status=asker.status.value,
        collection=row.collection,
        purpose_words=PURPOSES[document.job.purpose.dpv],
        rounds=document.rounds,
        done=sum(uow.count(ChargeRow, request_id=each.id) for each in came),
        waiting=sum(shown_state(each, each.expires_at, now) in _UNPAID for each in came),
        to_come=sum(now < document.deadline(number) for number in after) if is_open else 0,
        received_at=stamp(row.received_at),
        ends_at=stamp(row.expires_at),
        is_mesh=bool(document.peers),
    )


def campaign_view(uow: UnitOfWork, vault: OpenVault, row: CampaignRow) -> CampaignView:
    """One campaign with the composed price of its rounds, and what the consents say of one now."""
    now, campaign = trusted_now(uow, vault.clock), load_campaign(uow, row)
    document, job, line = campaign.document, campaign.document.job, campaign_line(uow, row, now)
    return CampaignView(
        line=line,
        digest=row.digest,
        campaign_id=document.campaign_id,
        fingerprint=fingerprint(campaign.job.requester.key),
        contact=job.requester.contact,
        purpose=job.purpose.dpv,
        purpose_text=job.purpose.text,
        retention=job.retention,
        recipients=job.recipients,
        returns=document.returns,
        protocol=document.protocol,
        model=model_words(job),
        parameters=dimension(job),
        steps=job.dp.steps,
        noise_multiplier=job.dp.noise_multiplier,
        clip_norm=job.dp.clip,
        sampling_rate=job.dp.sampling_rate,
        most_units=document.most_units,
        slot_minutes=job.slot_minutes,
        window_from=job.where.from_,
        window_to=job.where.to,
        rule=document.aggregation.rule,
        witness=None if document.witness is None else document.witness.name,
        peers=tuple(
            PeerView(name=one.name, fingerprint=fingerprint(bytes.fromhex(one.key))) for one in document.peers
        ),
        consent=row.grant_id,
        is_unattended=row.is_unattended,
        reason=row.reason,
        rounds=_rounds(uow, campaign, now),
        price=_price(uow, campaign, now),
        decision=explain(uow, vault, campaign.job),
        obstacle=obstacle(uow, campaign.job) if line.state in _OPEN else "",
        misfits=hardly_read(uow, campaign.job),
        log=_log(uow, row),
        tier=row.tier,
        tiers=tuple(name for name in document.noises if name is not None),
        own_noise=signed_document(row).noises[None],
    )


def tier_view(uow: UnitOfWork, vault: OpenVault, row: CampaignRow) -> TierView:
    """The noise tier in which a campaign asks this vault now, and what its rounds cost in it."""
    price = _price(uow, load_campaign(uow, row), trusted_now(uow, vault.clock))
    return TierView(tier=row.tier, price=price)


def joining_view(
    uow: UnitOfWork, vault: OpenVault, row: CampaignRow, optional: frozenset[str]
) -> CampaignJoining:
    """What joining would write; raises what `join` would but for its digest."""
    now = trusted_now(uow, vault.clock)
    check_waiting(row, now)
    campaign = load_campaign(uow, row)
    check_runnable(uow, campaign.job)
    grant = campaign_grant(uow, campaign, optional, now)
    withheld = campaign.job.manifest.optional - grant.fields
    draft = draft_view(uow, grant, withheld=withheld, promise=promise_of(campaign.job))
    return CampaignJoining(campaign=campaign_view(uow, vault, row), draft=draft)


def leaving_view(uow: UnitOfWork, vault: OpenVault, row: CampaignRow) -> CampaignLeaving:
    """What leaving would end now, and what it can no longer reach; raises `CampaignWrongState`."""
    check_open(row, trusted_now(uow, vault.clock))
    grant = row.grant_id
    withdrawal = None if grant is None else planned_withdrawal(uow, vault, grant)
    return CampaignLeaving(
        campaign=campaign_line(uow, row, trusted_now(uow, vault.clock)),
        withdrawal=withdrawal,
        rounds=numbers_of(uow, row),
    )


def numbers_of(uow: UnitOfWork, row: CampaignRow) -> dict[str, int]:
    """The number of each round that came in, by the id of its request."""
    return {each.id: each.round or 0 for each in rounds_of(uow, row)}


def _rounds(uow: UnitOfWork, campaign: StoredCampaign, now: datetime) -> tuple[RoundView, ...]:
    came = {each.round: each for each in rounds_of(uow, campaign.row)}
    latest, found = max((number or 0 for number in came), default=0), []
    for number in range(1, campaign.document.rounds + 1):
        deadline, row = campaign.document.deadline(number), came.get(number)
        is_open = campaign.row.state in _OPEN and number > latest and now < deadline
        state = TO_COME if is_open else MISSED
        if row is not None:
            held = uow.get(HeldRow, row.id)
            state = shown_state(row, held.expires_at if held else row.expires_at, now).value
        found.append(
            RoundView(
                number=number,
                deadline=stamp(deadline),
                state=state,
                request=None if row is None else row.id,
                checked="" if row is None else _checked(row, campaign.document),
            )
        )
    return tuple(found)


def _checked(row: RequestRow, document: CampaignDocument) -> str:
    """By what a round was held against what others are shown; a log is read only where its witness cosigned it."""
    if document.peers:
        return BY_FOUNDER if row.round == 1 else BY_PEER
    if row.log_size is None:
        return BY_HAND
    return BY_LOG if document.witness is None else BY_WITNESS


def _log(uow: UnitOfWork, row: CampaignRow) -> LogView | None:
    found = log_row(uow, row)
    if found is None:
        return None
    return LogView(
        size=found.size,
        enrolled=found.enrolled,
        seen_at=stamp(found.seen_at),
        checkpoint=found.checkpoint.decode(),
        has_model=found.model_at is not None,
        fork=None if found.fork is None else json.loads(found.fork),
    )


def _price(uow: UnitOfWork, campaign: StoredCampaign, now: datetime) -> CampaignPrice | None:
    counted = counted_rounds(uow, campaign, now)
    if not counted:
        return None
    price, facts = price_of_rounds(campaign, counted), _collection(uow, campaign.job)
    standing = ledger.standing(
        uow, collection_id=facts.id, lifetime_epsilon=facts.lifetime_epsilon, price=price.together
    )
    return CampaignPrice(
        unit=facts.unit.kind.value,
        unit_field=facts.unit.of,
        lifetime_epsilon=facts.lifetime_epsilon,
        rounds=counted,
        epsilon=price.together.epsilon,
        epsilon_of_round=price.of_round.epsilon,
        delta=ledger.DELTA,
        guess_rate=price.together.guess_rate,
        worst_case=price.together.worst_case,
        numerical_assumption=price.together.numerical_assumption,
        share_percent=standing.job_percent,
        used_percent=standing.used_percent_before,
    )
