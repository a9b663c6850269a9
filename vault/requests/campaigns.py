"""Campaigns that came in, and the owner's word on each as a whole: refuse it, join it under one consent, leave it.

A campaign is taken in as a job is: what breaks a rule of its own is not stored, and neither catalogue, ledger nor
records are opened for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.budget.ledger import check_rounds_payable
from vault.errors.campaigns import CampaignReplayed, CampaignUnderRefusal, CampaignWrongState
from vault.errors.requests import OtherCollection
from vault.requests import inbox, refusals, tokens
from vault.requests.campaign import CampaignDocument, campaign_digest, signed_campaign
from vault.requests.campaign_end import check_end
from vault.requests.requesters import find_by_key, not_blocked
from vault.requests.stored_campaigns import document_of, rounds_of
from vault.requests.translate import mechanism
from vault.sealing.random import random_id
from vault.store.tables import CampaignRow, RequesterRow
from vault.views.states import CampaignState, RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from vault.audit.entries import Json
    from vault.audit.transaction import AuditedTransaction
    from vault.errors.families import Refused
    from vault.store.unit_of_work import UnitOfWork

OUT = (RequestState.SENDING, RequestState.RELEASED)


def take_in(
    act: AuditedTransaction, data: bytes, signature: bytes, *, tier: str | None, now: datetime | None = None
) -> tuple[str, Refused | None]:
    """Store a campaign that breaks no rule of its own; returns its id here and, if a standing word of the owner's
    refuses it, which.

    `tier` is the noise tier in which this vault is asked; None is the campaign's own noise. What breaks a
    rule is not stored and raises: `CampaignInvalid`, `CampaignTampered`, `UnknownRequester`, `RequesterBlocked`,
    `CampaignReplayed`, `NoSuchTier`, and `BudgetExhausted` for a round, or for rounds, that no vault can pay.
    """
    row = _received(act, data, signature, tier, now)
    refusal, is_told = _standing_word(act.uow, row, act.now)
    if refusal is not None:
        _refuse(act, row, reason=str(refusal), is_told=is_told)
    return row.id, refusal


def receive(
    act: AuditedTransaction, data: bytes, signature: bytes, *, tier: str | None, now: datetime
) -> CampaignRow:
    """Store a campaign that breaks no rule of its own as one that waits, as `inbox.receive` does a job."""
    row = _received(act, data, signature, tier, now)
    row.is_told = _standing_word(act.uow, row, now)[1]
    return row


def take_up(act: AuditedTransaction) -> None:
    """End each campaign that waits although a word that was said before it came refuses it."""
    for row in act.uow.find(CampaignRow, state=CampaignState.WAITING):
        if act.now >= row.expires_at:
            continue  # nobody is asked any more
        before = None if row.is_told else row.received_at
        refusal, is_told = _standing_word(act.uow, row, act.now, before=before)
        if refusal is not None:
            _refuse(act, row, reason=str(refusal), is_told=is_told)


def _received(
    act: AuditedTransaction, data: bytes, signature: bytes, tier: str | None, now: datetime | None
) -> CampaignRow:
    document = signed_campaign(data, signature).at_tier(tier)
    requester = not_blocked(find_by_key(act.uow, bytes.fromhex(document.job.requester.key)))
    digest = campaign_digest(data)
    for earlier in act.uow.find(CampaignRow, digest=digest):
        raise CampaignReplayed(date=earlier.received_at.date().isoformat())
    check_end(document, now or act.now)
    check_rounds_payable(mechanism(document.job), document.rounds)
    row = CampaignRow(
        id=random_id(),
        digest=digest,
        requester_id=requester.id,
        collection=document.job.collection,
        state=CampaignState.WAITING,
        document=data,
        signature=signature,
        received_at=act.at,
        expires_at=document.job.expires_at,
        tier=tier,
    )
    act.uow.add(row)
    _record_received(act, row, document, requester)
    return row


def check_waiting(row: CampaignRow, now: datetime) -> None:
    """Refuse unless a campaign waits for its owner's word and has a round to come; raises `CampaignWrongState`."""
    if row.state is not CampaignState.WAITING:
        raise CampaignWrongState(reason=_why(row))
    if now >= row.expires_at:
        raise CampaignWrongState(reason="its last round is over")


def check_open(row: CampaignRow, now: datetime) -> None:
    """Refuse unless a campaign was joined, or waits and has a round to come; raises `CampaignWrongState`."""
    if row.state is not CampaignState.JOINED:
        check_waiting(row, now)


def check_unattended(row: CampaignRow) -> None:
    """Refuse unless the rounds of a campaign run without anybody starting them; raises `CampaignWrongState`."""
    if row.state is not CampaignState.JOINED:
        raise CampaignWrongState(reason=_why(row))
    if not row.is_unattended:
        raise CampaignWrongState(reason="its rounds run only when you start them")


def refuse(act: AuditedTransaction, row: CampaignRow, *, reason: str = "") -> None:
    """Say no to a campaign that was not joined; its requester hears so, and so do its rounds that wait."""
    check_waiting(row, act.now)
    _refuse(act, row, reason=reason, is_told=True)
    tokens.end_of_campaign(act, row.id)
    _end_waiting(act, row)


def note_left(act: AuditedTransaction, grant_id: str, *, reason: str = "") -> None:
    """Note that the campaign of a withdrawn consent, if it is one, is left with it; its rounds that wait are over."""
    for row in act.uow.find(CampaignRow, grant_id=grant_id, state=CampaignState.JOINED):
        row.state, row.left_at, row.reason = CampaignState.LEFT, act.at, reason or None
        out = sum(each.state in OUT for each in rounds_of(act.uow, row))
        _record(act, EntryType.CAMPAIGN_LEAVE, row, reason=reason, left=out or "")
        tokens.end_of_campaign(act, row.id)
        _end_waiting(act, row)


def waiting_on(uow: UnitOfWork, collection: str) -> tuple[str, ...]:
    """The ids of the campaigns on a collection that wait to be joined."""
    return tuple(row.id for row in uow.find(CampaignRow, collection=collection, state=CampaignState.WAITING))


def end_erased(act: AuditedTransaction, collection: str, *, reason: str) -> None:
    """End every campaign on a collection that is erased, whose consents were withdrawn; nobody outside hears of it."""
    for row in act.uow.find(CampaignRow, collection=collection, state=CampaignState.WAITING):
        end(act, row, reason=reason)


def end(act: AuditedTransaction, row: CampaignRow, *, reason: str) -> None:
    """End a campaign that waits, whether a round of it can still come or not; its requester hears nothing of it."""
    _refuse(act, row, reason=reason, is_told=False)


def _end_waiting(act: AuditedTransaction, row: CampaignRow) -> None:
    """End the rounds that wait for a word that was said now."""
    for each in rounds_of(act.uow, row):
        if each.state is RequestState.WAITING:
            inbox.end_round(act, each, is_told=row.is_told, reason="its campaign is left")


def _standing_word(
    uow: UnitOfWork, row: CampaignRow, now: datetime, *, before: datetime | None = None
) -> tuple[Refused | None, bool]:
    """What the owner said before that refuses this campaign, if anything does, and whether its requester hears so."""
    requester, purpose = uow.get(RequesterRow, row.requester_id), document_of(row).job.purpose.dpv
    assert requester is not None  # it was found by its key when the campaign came in
    if inbox.is_beyond_limit(requester, row.collection):
        return OtherCollection(name=requester.name, collection=requester.only_collection), False
    kind = {"requester_id": requester.id, "collection": row.collection, "purpose": purpose}
    standing = refusals.standing(uow, now=now, before=before, **kind)
    if standing is None:
        return None, False
    until = standing.until.date().isoformat()
    return CampaignUnderRefusal(name=requester.name, collection=row.collection, until=until), standing.is_told


def _refuse(act: AuditedTransaction, row: CampaignRow, *, reason: str, is_told: bool) -> None:
    row.state, row.decided_at, row.reason, row.is_told = (
        CampaignState.REFUSED,
        act.at,
        reason or None,
        is_told,
    )
    _record(act, EntryType.CAMPAIGN_REFUSE, row, reason=reason)


def _record_received(
    act: AuditedTransaction, row: CampaignRow, document: CampaignDocument, requester: RequesterRow
) -> None:
    hidden: dict[str, Json] = {
        "requester": requester.name,
        "purpose": document.job.purpose.dpv,
        "fields": [field.name for field in document.job.fields],
        "rounds": document.rounds,
        "digest": row.digest,
    }
    if row.tier is not None:
        hidden["tier"] = row.tier
    act.record(EntryType.CAMPAIGN_RECEIVED, clear={"campaign": row.id}, hidden=hidden)


def _record(act: AuditedTransaction, kind: EntryType, row: CampaignRow, **said: Json) -> None:
    requester = act.uow.get(RequesterRow, row.requester_id)
    name = "" if requester is None else requester.name
    hidden = {"requester": name} | {what: text for what, text in said.items() if text}
    act.record(kind, clear={"campaign": row.id}, hidden=hidden)


def _why(row: CampaignRow) -> str:
    if row.state is CampaignState.REFUSED and row.reason:
        return f"this campaign is refused: {row.reason}"
    return _WHY[row.state]


_WHY = {
    CampaignState.WAITING: "you have not joined this campaign",
    CampaignState.JOINED: "you have joined this campaign",
    CampaignState.LEFT: "you have left this campaign, for good",
    CampaignState.REFUSED: "you have refused this campaign",
}
