"""The inbox: what a stranger's job must pass to be stored, and the owner's word on it.

The order of ``submit`` is part of the contract. Cheap and authentic first: sizes, signature, then what the
manifest says, its weights, who sent it, whether it came before, its expiry, and whether any vault could pay for it.
Neither the catalogue nor the ledger nor a record is opened for it, since its answer is heard outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.budget.ledger import check_payable
from vault.errors.campaigns import CampaignOver, RoundOfCampaign, RoundTooLate
from vault.errors.families import Refused
from vault.errors.requests import (
    JobReplayed,
    OtherCollection,
    UnderRefusal,
    UnknownRequest,
)
from vault.records.collections import find_collection
from vault.requests import refusals
from vault.requests.bundle import JobFiles, check_signature, check_sizes
from vault.requests.expiry import check_expiry
from vault.requests.fit import check_fit
from vault.requests.hearing import over_at
from vault.requests.manifest import Manifest, RoundManifest
from vault.requests.parse import is_round, manifest_digest, parse_manifest
from vault.requests.requesters import find_by_key, not_blocked
from vault.requests.shapes import shapes
from vault.requests.states import move, wrong_state
from vault.requests.stored_campaigns import document_of, find_by_digest, latest_round, signed_document
from vault.requests.stored_logs import closed_by_log, known_by_log
from vault.requests.text import check_reason
from vault.requests.translate import mechanism
from vault.sealing.random import random_id
from vault.store.tables import CampaignRow, RequesterRow, RequestRow
from vault.views.states import CampaignState, RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from vault.audit.entries import Json
    from vault.audit.transaction import AuditedTransaction
    from vault.store.tables import RefusalRow
    from vault.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A job that passed every check that needs no clock, and who sent it."""

    manifest: Manifest
    requester: RequesterRow


def submit(
    act: AuditedTransaction, job: JobFiles, *, now: datetime | None = None
) -> tuple[str, Refused | None]:
    """Store a job that breaks no rule of its own; returns its request id and, if a standing word of the owner's
    refuses it, which.

    What breaks a rule is not stored and raises, in this order: ``ManifestInvalid`` or ``WeightsInvalid``
    (size), ``ManifestTampered``, ``ManifestInvalid``, ``WeightsTampered``, ``WeightsInvalid``,
    ``UnknownRequester``, ``RequesterBlocked``, ``JobReplayed``, ``ManifestInvalid`` (expiry, by `now` where it is
    given) and ``BudgetExhausted`` for what no vault can pay. A job that is refused stays on record and cannot come
    again. A round of a campaign is held against that campaign and its round key instead: it raises besides
    ``UnknownCampaign``, what ``check_round`` does, ``RoundTooLate``, and where the campaign's log knows of it
    ``RoundNotInLog`` and ``RoundClosedInLog``.
    """
    row = _received(act, job, now)
    refusal, row.is_told = _word_on(act.uow, row, act.now)
    if refusal is None:
        row.state = move(row.state, RequestState.WAITING)
    else:
        _refuse_by_policy(act, row, refusal)
    return row.id, refusal


def receive(act: AuditedTransaction, job: JobFiles, *, now: datetime) -> RequestRow:
    """Store a job that breaks no rule of its own as one that waits, whatever its owner said before.

    Whoever asks is answered after this and before ``take_up``: how long an answer takes tells of no word that is not
    heard. Raises as ``submit``.
    """
    row = _received(act, job, now)
    row.state, row.is_told = move(row.state, RequestState.WAITING), _word_on(act.uow, row, now)[1]
    return row


def take_up(act: AuditedTransaction) -> None:
    """End each job that waits although a word that was said before it came refuses it."""
    for row in act.uow.find(RequestRow, state=RequestState.WAITING, decided_at=None):
        refusal, is_told = _word_on(act.uow, row, act.now, before=None if row.is_told else row.received_at)
        if refusal is not None:
            row.is_told = is_told
            _refuse_by_policy(act, row, refusal)


def _refuse_by_policy(act: AuditedTransaction, row: RequestRow, refusal: Refused) -> None:
    _end(act, row, RequestState.REFUSED_POLICY, EntryType.REQUEST_REFUSE, reason=str(refusal))


def _received(act: AuditedTransaction, job: JobFiles, now: datetime | None) -> RequestRow:
    manifest, requester, campaign = _authentic(act.uow, job)
    _check_new(act.uow, manifest, requester)
    if campaign is not None:
        _check_rises(act.uow, campaign, manifest)
    log_size = None if campaign is None else _log_size(act.uow, campaign, manifest)
    check_expiry(manifest, now or act.now)
    check_payable(mechanism(manifest))
    return _stored(act, job, manifest, requester, campaign, log_size)


def _word_on(
    uow: UnitOfWork, row: RequestRow, now: datetime, *, before: datetime | None = None
) -> tuple[Refused | None, bool]:
    """What the owner said that refuses this job, if anything does, and whether its requester hears so.

    A no to all such jobs counts, with ``before``, if it was said earlier than in that second.
    """
    if row.campaign_id is not None:
        return _campaign_word(uow.get(CampaignRow, row.campaign_id))
    requester = uow.get(RequesterRow, row.requester_id)
    assert requester is not None  # it was found by its key when the job came in
    if is_beyond_limit(requester, row.collection):
        return OtherCollection(name=requester.name, collection=requester.only_collection), False
    standing = refusals.standing_for(uow, row, now, before=before)
    if standing is None:
        return None, False
    until = standing.until.date().isoformat()
    return UnderRefusal(name=requester.name, collection=row.collection, until=until), standing.is_told


def _campaign_word(campaign: CampaignRow | None) -> tuple[Refused | None, bool]:
    """The owner's word on the campaign of a round; outside it is heard as that word was."""
    assert campaign is not None  # it was found by its digest when the round came in
    if campaign.state not in (CampaignState.LEFT, CampaignState.REFUSED):
        return None, False
    when = campaign.left_at or campaign.decided_at or campaign.received_at
    what = "left" if campaign.state is CampaignState.LEFT else "refused"
    return CampaignOver(what=what, date=when.date().isoformat()), campaign.is_told


def is_beyond_limit(requester: RequesterRow, collection: str) -> bool:
    """Whether somebody limited to one collection asks of another, whether there is such a one or not."""
    return requester.only_collection not in (None, collection)


def examine(uow: UnitOfWork, job: JobFiles) -> Examined:
    """A job folder under every check of ``submit`` but replay and expiry; nothing is stored."""
    manifest, requester, _ = _authentic(uow, job)
    if is_beyond_limit(requester, manifest.collection):
        raise OtherCollection(name=requester.name, collection=requester.only_collection)
    check_fit(manifest, find_collection(uow, manifest.collection))
    return Examined(manifest=manifest, requester=requester)


def show(uow: UnitOfWork, request_id: str) -> RequestRow:
    """The request of this id; raises ``UnknownRequest``."""
    row = uow.get(RequestRow, request_id)
    if row is None:
        raise UnknownRequest(request=request_id)
    return row


def check_waiting(row: RequestRow, now: datetime) -> None:
    """Refuse unless the request waits for a decision and has not expired; raises ``WrongState``."""
    if row.state is not RequestState.WAITING:
        raise wrong_state(row.state)
    if now >= row.expires_at:
        raise wrong_state(RequestState.EXPIRED)


def approve(act: AuditedTransaction, request_id: str, *, grant_id: str | None = None) -> None:
    """Let a waiting request run once; raises ``UnknownRequest`` or ``WrongState``."""
    row = show(act.uow, request_id)
    check_waiting(row, act.now)
    row.grant_id = grant_id
    _end(act, row, RequestState.APPROVED, EntryType.REQUEST_APPROVE)


def refuse(act: AuditedTransaction, request_id: str, *, reason: str = "") -> RefusalRow:
    """Say no to a request that has not begun to run; the reason stays in the vault, and the no holds.

    Its requester hears of it unless the request was approved once: whether an approval can still be taken back depends
    on how far the runs before it are. Raises ``UnknownRequest``, ``WrongState``, and ``Invalid`` for a reason that
    cannot be shown; ``RoundOfCampaign`` for a round, which is left with its campaign.
    """
    check_reason(reason)
    row = show(act.uow, request_id)
    if row.campaign_id is not None:
        raise RoundOfCampaign(campaign=row.campaign_id[:8])
    move(row.state, RequestState.REFUSED_PERSON)
    row.is_told = row.grant_id is None
    refusal = refusals.hold(act, row, is_told=row.is_told)
    until = refusal.until.date().isoformat()
    _end(act, row, RequestState.REFUSED_PERSON, EntryType.REQUEST_REFUSE, reason=reason, until=until)
    return refusal


def end_untold(act: AuditedTransaction, request_id: str, *, reason: str) -> None:
    """End a request whose collection is erased, or whose vault goes on from an older copy.

    Its requester hears nothing of it, not even whether it was approved, and no no of a person holds.
    """
    row = show(act.uow, request_id)
    _end(act, row, RequestState.REFUSED_PERSON, EntryType.REQUEST_REFUSE, reason=reason)


def end_round(act: AuditedTransaction, row: RequestRow, *, is_told: bool, reason: str) -> None:
    """End a round whose campaign is refused or left; its requester hears of it what it hears of the campaign."""
    row.is_told = is_told
    _end(act, row, RequestState.REFUSED_PERSON, EntryType.REQUEST_REFUSE, reason=reason)


def expire(act: AuditedTransaction) -> list[str]:
    """End the requests whose time is over before they began to run, and return their ids."""
    open_states = (RequestState.WAITING, RequestState.APPROVED)
    rows = [row for state in open_states for row in act.uow.find(RequestRow, state=state)]
    late = [row for row in rows if act.now >= row.expires_at]
    for row in late:
        _end(act, row, RequestState.EXPIRED, EntryType.REQUEST_EXPIRE)
    return [row.id for row in late]


def expire_closed(act: AuditedTransaction) -> None:
    """End the rounds that have not begun to run and that the log of their campaign shows closed; nobody is told.

    They would cost budget for an answer that nobody takes.
    """
    open_states = (RequestState.WAITING, RequestState.APPROVED)
    rows = [row for state in open_states for row in act.uow.find(RequestRow, state=state) if row.campaign_id]
    closed = {each: closed_by_log(act.uow, each) for each in {row.campaign_id for row in rows}}
    for row in rows:
        if row.round in closed[row.campaign_id]:
            reason = "the log of its campaign shows it closed"
            _end(act, row, RequestState.EXPIRED, EntryType.REQUEST_EXPIRE, reason=reason)


def _authentic(uow: UnitOfWork, job: JobFiles) -> tuple[Manifest, RequesterRow, CampaignRow | None]:
    """The manifest, its sender and, of a round, its campaign, from bytes that nobody has looked at yet."""
    check_sizes(job)
    if is_round(job.manifest):
        return _authentic_round(uow, job)
    from vault.requests.weights import check_weights  # it loads numpy, which most acts do without

    key = check_signature(job)
    manifest = parse_manifest(job.manifest)
    check_weights(job.weights, shapes(manifest), manifest.model.weights)
    return manifest, not_blocked(find_by_key(uow, key)), None


def _authentic_round(uow: UnitOfWork, job: JobFiles) -> tuple[Manifest, RequesterRow, CampaignRow]:
    from vault.requests.campaign_round import check_round, named_campaign  # it loads numpy

    campaign = find_by_digest(uow, named_campaign(job.manifest))
    manifest = check_round(document_of(campaign), campaign.digest, job)
    return manifest, not_blocked(find_by_key(uow, bytes.fromhex(manifest.requester.key))), campaign


def _check_new(uow: UnitOfWork, manifest: Manifest, requester: RequesterRow) -> None:
    for earlier in uow.find(RequestRow, requester_id=requester.id, job_id=manifest.job_id):
        raise JobReplayed(date=earlier.received_at.date().isoformat())


def _check_rises(uow: UnitOfWork, campaign: CampaignRow, manifest: Manifest) -> None:
    """Refuse a round that comes after a later one; each of them is stored, so none counts twice."""
    number, latest = _round_number(manifest), latest_round(uow, campaign)
    if number <= latest:
        raise RoundTooLate(number=number, later=latest)


def _log_size(uow: UnitOfWork, campaign: CampaignRow, manifest: Manifest) -> int | None:
    """The size of the campaign's log by which a round was checked, or None where that log does not know it yet."""
    from vault.requests.campaign_round import logged_manifest  # it loads numpy

    assert isinstance(manifest, RoundManifest)  # what names a campaign was checked as a round of it
    digest = logged_manifest(signed_document(campaign), campaign.digest, manifest)
    return known_by_log(uow, campaign, manifest.campaign.round, digest, manifest.model.weights)


def _round_number(manifest: Manifest) -> int:
    assert isinstance(manifest, RoundManifest)  # what names a campaign was checked as a round of it
    return manifest.campaign.round


def _stored(
    act: AuditedTransaction, job: JobFiles, manifest: Manifest, requester: RequesterRow,
    campaign: CampaignRow | None, log_size: int | None,
) -> RequestRow:  # fmt: skip
    row = RequestRow(
        id=random_id(),
        job_id=manifest.job_id,
        requester_id=requester.id,
        collection=manifest.collection,
        state=RequestState.RECEIVED,
        manifest=job.manifest,
        signature=job.signature,
        weights=job.weights,
        manifest_digest=manifest_digest(job.manifest),
        received_at=act.at,
        expires_at=manifest.expires_at,
        over_at=over_at(manifest),
        size=len(job.manifest) + len(job.weights),
        campaign_id=campaign.id if campaign else None,
        round=_round_number(manifest) if campaign else None,
        log_size=log_size,
    )
    act.uow.add(row)
    hidden = {
        "requester": requester.name,
        "purpose": manifest.purpose.dpv,
        "fields": [field.name for field in manifest.fields],
        "manifest": row.manifest_digest,
    }
    act.record(EntryType.REQUEST_RECEIVED, clear={"request": row.id}, hidden=hidden)
    if campaign is not None:
        clear: dict[str, Json] = {"campaign": campaign.id, "request": row.id, "round": row.round or 0}
        act.record(EntryType.CAMPAIGN_ROUND, clear=clear, hidden={"requester": requester.name})
    return row


def _end(
    act: AuditedTransaction, row: RequestRow, state: RequestState, kind: EntryType, *, reason: str = "",
    until: str = "",
) -> None:  # fmt: skip
    row.state = move(row.state, state)
    row.decided_at = act.at
    row.reason = reason or None
    requester = act.uow.get(RequesterRow, row.requester_id)
    name = "" if requester is None else requester.name
    said = {"reason": reason, "until": until}
    hidden = {"requester": name} | {what: text for what, text in said.items() if text}
    act.record(kind, clear={"request": row.id}, hidden=hidden)
