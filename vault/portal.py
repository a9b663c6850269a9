"""What a requester learns through the socket: about its own jobs, in words that tell nothing of the records.

A job is refused here by its own bytes alone, or because too many of the same requester wait. Whether it fits what lies
in the vault, whether it was allowed, ran, failed or is held is not heard: `vault.requests.hearing` has the words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from vault import release
from vault.errors.campaigns import CampaignLogMissing, UnknownCampaign
from vault.errors.daemon import NotAtThisDoor
from vault.errors.requests import TooManyWaiting, UnknownRequest
from vault.requests import campaigns, inbox, refusals
from vault.requests.bundle import check_signature, check_sizes
from vault.requests.campaign import signed_campaign
from vault.requests.campaign_log_reading import check_model_in, check_round_in
from vault.requests.final_models import has_model, take_model
from vault.requests.hearing import Heard, heard
from vault.requests.parse import is_round, parse_manifest
from vault.requests.release_manifest import RELEASE_FILE, RELEASE_SIGNATURE_FILE, UPDATE_FILE
from vault.requests.shapes import shapes
from vault.requests.stored_campaigns import document_of, signed_document
from vault.requests.stored_logs import fork_in, keep_fork, kept_log, take_log
from vault.sealing.digest import sha256_hex
from vault.store.tables import CampaignRow, RequesterRow, RequestRow
from vault.views.states import RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from vault.audit.transaction import AuditedTransaction
    from vault.lifecycle.opened import OpenVault
    from vault.requests.bundle import JobFiles
    from vault.requests.campaign_log import LogPart
    from vault.requests.campaign_log_reading import Fork
    from vault.requests.campaign_model import ModelFiles
    from vault.store.unit_of_work import UnitOfWork

SENT_FILES: Final = (UPDATE_FILE, RELEASE_FILE, RELEASE_SIGNATURE_FILE)
MOST_WAITING: Final = 20
"""Jobs of one requester that may wait at once."""
COUNTS_AT_LEAST: Final = timedelta(days=1)
MOST_WAITING_BYTES: Final = 8 * 1024**2
"""Bytes that they may have together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a requester is told of one of its jobs; `until` is the day to which a no to it holds, or None."""

    job_id: str
    word: Heard
    until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignTold:
    """What a requester is told of one of its campaigns: `waiting`, `refused` or `expired`.

    `log_size` is the size of the checkpoint that was kept of its log, 0 before the first; `has_model` says that its
    final model came in. Both are what this requester handed in itself.
    """

    digest: str
    word: Heard
    log_size: int = 0
    has_model: bool = False


def submit(
    act: AuditedTransaction, requester_id: str, files: JobFiles, now: datetime, log: LogPart | None = None
) -> Told:
    """Take a job of this requester into the inbox; neither catalogue nor ledger nor records are opened for it.

    Raises `ManifestInvalid`, `ManifestTampered`, `WeightsInvalid`, `WeightsTampered`, `JobReplayed`, `TooManyWaiting`,
    `BudgetExhausted` for a price that no vault can pay, and `NotAtThisDoor`; for a round of a campaign
    `UnknownCampaign` for one that is not theirs, what `inbox.submit` does, and what is wrong with the campaign's log,
    without which no round comes in here: `CampaignLogMissing`, `CampaignLogBroken`, `CampaignNotWitnessed`,
    `CampaignLogOlder`, `CampaignLogForked`, `RoundNotInLog` and `RoundClosedInLog`.
    """
    from vault.requests.weights import check_weights  # it loads numpy, which most acts do without

    check_sizes(files)
    if is_round(files.manifest):
        _check_own_round(act, requester_id, files, log)
    else:
        _check_sender(act.uow, requester_id, check_signature(files))
        manifest = parse_manifest(files.manifest)
        check_weights(files.weights, shapes(manifest), manifest.model.weights)
    _check_room(act.uow, requester_id, len(files.manifest) + len(files.weights), now)
    return _told(act.uow, inbox.receive(act, files, now=now), now)


def submit_campaign(
    act: AuditedTransaction, requester_id: str, data: bytes, signature: bytes, now: datetime,
    tier: str | None = None,
) -> CampaignTold:  # fmt: skip
    """Take a campaign of this requester into the inbox; nothing else of the vault is opened for it.

    `tier` is the noise tier in which it asks this vault. Raises `NoSuchTier`, `CampaignInvalid`, `CampaignTampered`,
    `CampaignReplayed`, `TooManyWaiting`, `BudgetExhausted` for a round that no vault can pay, and `NotAtThisDoor`.
    """
    document = signed_campaign(data, signature)
    _check_sender(act.uow, requester_id, bytes.fromhex(document.job.requester.key))
    _check_room_for_campaign(act.uow, requester_id, len(data), now)
    row = campaigns.receive(act, data, signature, tier=tier, now=now)
    return _campaign_told(act.uow, row, now)


def submit_model(
    act: AuditedTransaction, requester_id: str, digest: str, files: ModelFiles, log: LogPart, now: datetime
) -> CampaignTold:
    """Take in the final model of a campaign of this requester, whether its owner took part or not.

    Raises `UnknownCampaign`, `ModelNotInLog`, and what `check_model` and `take_log` do.
    """
    campaign = _own_campaign(act.uow, requester_id, digest)
    check_model_in(take_log(act, campaign, log), sha256_hex(files.weights))
    take_model(act, campaign, files)
    return _campaign_told(act.uow, campaign, now)


def split_log(uow: UnitOfWork, requester_id: str, digest: str, log: LogPart) -> Fork | None:
    """The proof, in what is handed over, that the log of a campaign of this requester was split; else None.

    Raises `UnknownCampaign` and, of a log that is bad otherwise, what `read_on` does.
    """
    return fork_in(uow, _own_campaign(uow, requester_id, digest), log)


def note_split_log(act: AuditedTransaction, requester_id: str, digest: str, fork: Fork) -> None:
    """Write that proof on the trail, once; raises `CampaignLogForked` where it stands there."""
    keep_fork(act, _own_campaign(act.uow, requester_id, digest), fork)


def campaign_state(uow: UnitOfWork, requester_id: str, digest: str, now: datetime) -> CampaignTold:
    """What a requester hears of its own campaign; raises `UnknownCampaign` for everybody else's."""
    return _campaign_told(uow, _own_campaign(uow, requester_id, digest), now)


def state(uow: UnitOfWork, requester_id: str, job_id: str, now: datetime) -> Told:
    """Where a requester's own job stands; raises `UnknownRequest` for everybody else's."""
    return _told(uow, _own(uow, requester_id, job_id), now)


def _check_sender(uow: UnitOfWork, requester_id: str, key: bytes) -> None:
    row = uow.get(RequesterRow, requester_id)
    if row is None or key != row.key:
        raise NotAtThisDoor(reason="the job is signed by another key than the one this token was given for")


def _check_own_round(
    act: AuditedTransaction, requester_id: str, files: JobFiles, log: LogPart | None
) -> None:
    """Hold a round against its campaign, and read the log on until it stands there.

    In a mesh each peer has rounds of its own, so that no log could show others the same: none is asked for.
    """
    from vault.requests.campaign_round import check_round, logged_manifest, named_campaign  # it loads numpy

    campaign = _own_campaign(act.uow, requester_id, named_campaign(files.manifest))
    document = document_of(campaign)
    job = check_round(document, campaign.digest, files)
    if document.peers:
        return
    if log is None:
        raise CampaignLogMissing()
    read, digest = (
        take_log(act, campaign, log),
        logged_manifest(signed_document(campaign), campaign.digest, job),
    )
    check_round_in(read, job.campaign.round, manifest=digest, weights=job.model.weights)


def _own_campaign(uow: UnitOfWork, requester_id: str, digest: str) -> CampaignRow:
    for row in uow.find(CampaignRow, digest=digest, requester_id=requester_id):
        return row
    raise UnknownCampaign(campaign=digest[:8])


def _campaign_told(uow: UnitOfWork, row: CampaignRow, now: datetime) -> CampaignTold:
    """By the document, the clock and a no that was said before it was joined: joining and leaving are not heard."""
    word = Heard.EXPIRED if now >= row.expires_at else Heard.WAITING
    return CampaignTold(
        digest=row.digest,
        word=Heard.REFUSED if row.is_told else word,
        log_size=kept_log(uow, row).size,
        has_model=has_model(uow, row),
    )


def _check_room_for_campaign(uow: UnitOfWork, requester_id: str, size: int, now: datetime) -> None:
    """Refuse one campaign too many: counted are those whose last round is not over, whatever became of them here.

    Each counts for a day at least, or such as end at once could be sent without end.
    """
    rows = uow.find(CampaignRow, requester_id=requester_id)
    found = [row for row in rows if now < max(row.expires_at, row.received_at + COUNTS_AT_LEAST)]
    if len(found) >= MOST_WAITING:
        raise TooManyWaiting(most=f"{MOST_WAITING} campaigns")
    if sum(len(row.document) for row in found) + size > MOST_WAITING_BYTES:
        raise TooManyWaiting(most=f"{MOST_WAITING_BYTES // 1024**2} MiB")


def _told(uow: UnitOfWork, row: RequestRow, now: datetime) -> Told:
    word = heard(row, now)
    standing = refusals.standing_for(uow, row, now) if word is Heard.REFUSED else None
    until = standing.until.date().isoformat() if standing is not None and standing.is_told else None
    return Told(job_id=row.job_id, word=word, until=until)


def _check_room(uow: UnitOfWork, requester_id: str, size: int, now: datetime) -> None:
    """Refuse one job too many: counted are those the requester has heard no end of, whatever became of them here."""
    columns = ("state", "over_at", "is_told", "size")
    sizes = [
        each
        for found, over_at, is_told, each in uow.values(RequestRow, columns, requester_id=requester_id)
        if now < over_at and not _is_known_to_end(found, is_told=is_told)
    ]
    if len(sizes) >= MOST_WAITING:
        raise TooManyWaiting(most=f"{MOST_WAITING} jobs")
    if sum(sizes) + size > MOST_WAITING_BYTES:
        raise TooManyWaiting(most=f"{MOST_WAITING_BYTES // 1024**2} MiB")


def _is_known_to_end(found: RequestState, *, is_told: bool) -> bool:
    """A job that comes under a no counts on, or such jobs could be sent without end."""
    is_under_no = found in (RequestState.WAITING, RequestState.REFUSED_POLICY)
    return found is RequestState.RELEASED or (is_told and not is_under_no)


def released(vault: OpenVault, requester_id: str, job_id: str) -> dict[str, bytes]:
    """The files that were released for a requester's own job to be fetched, by name; raises as `release.fetched`."""
    with vault.read() as uow:
        own = _own(uow, requester_id, job_id).id
    return release.fetched(vault, own)


def _own(uow: UnitOfWork, requester_id: str, job_id: str) -> RequestRow:
    for row in uow.find(RequestRow, requester_id=requester_id, job_id=job_id):
        return row
    raise UnknownRequest(request=job_id)
