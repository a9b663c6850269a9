"""Requests and what approving them would change, read for showing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.audit.transaction import trusted_now
from vault.queries.consents import draft_view
from vault.queries.ids import full_request_id, is_named
from vault.queries.jobs_so_far import jobs_so_far
from vault.queries.requesters import requester_row
from vault.queries.status import shown_state
from vault.requests import refusals
from vault.requests.approve import drafted_grant, promise_of
from vault.requests.approved_before import approved_before
from vault.requests.differences import changes
from vault.requests.drills import open_drill
from vault.requests.evaluate import StoredJob, check_runnable, load, obstacle
from vault.requests.inbox import check_waiting
from vault.requests.manifest import kind_of
from vault.requests.parse import parse_stored
from vault.requests.rounds import check_by_itself
from vault.requests.shapes import dimension
from vault.requests.states import ERASED, REOPENED
from vault.requests.stored_campaigns import document_of
from vault.sealing.signing import fingerprint
from vault.store.tables import CampaignRow, RequestRow
from vault.store.times import stamp
from vault.views.purposes import PURPOSES
from vault.views.requests import Approval, Change, RequestLine, RequestView, RoundOf
from vault.views.states import RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from vault.lifecycle.opened import OpenVault
    from vault.requests.manifest import Manifest
    from vault.store.unit_of_work import UnitOfWork
    from vault.views.consents import GrantDraft
from vault.queries.decisions import _collection, explain, hardly_read
from vault.queries.price import price_view

_UNDECIDED = (RequestState.WAITING, RequestState.APPROVED)

# requests ---------------------------------------------------------------------------------------------------


_ENDED_WITH = {REOPENED: "reopening", ERASED: "erasure"}
_MESH = b'"kind":"mesh"'
"""Stands in the canonical bytes of every mesh."""


def request_lines(uow: UnitOfWork, vault: OpenVault) -> list[RequestLine]:
    """Every request, the newest first."""
    now = vault.now(uow)
    rows = uow.find(RequestRow, order_by="received_at", descending=True)
    if (drill := open_drill(uow, now)) is not None:
        rows = sorted([drill.row, *rows], key=lambda row: row.received_at, reverse=True)
    return [request_line(uow, row, now) for row in rows]


def job_of(uow: UnitOfWork, vault: OpenVault, beginning: str) -> StoredJob:
    """The request whose id begins so, or the drill that looks like one; raises `UnknownRequest`."""
    drill = open_drill(uow, vault.now(uow))
    if drill is not None and is_named(uow, drill, beginning):
        return drill
    return load(uow, full_request_id(uow, beginning))


def request_line(uow: UnitOfWork, row: RequestRow, now: datetime) -> RequestLine:
    """A request as one line of the inbox."""
    asker = requester_row(uow, row.requester_id)
    manifest = parse_stored(row.manifest)
    return RequestLine(
        id=row.id,
        state=shown_state(row, row.expires_at, now).value,
        requester=asker.name,
        requester_status=asker.status.value,
        collection=row.collection,
        purpose_words=PURPOSES[manifest.purpose.dpv],
        received_at=stamp(row.received_at),
        expires_at=stamp(row.expires_at),
        round=round_of(uow, row),
        ended_with=_ENDED_WITH.get(row.reason or "", ""),
    )


def round_of(uow: UnitOfWork, row: RequestRow) -> RoundOf | None:
    """Which round of which campaign a request is, if it is one."""
    if row.campaign_id is None:
        return None
    campaign = uow.get(CampaignRow, row.campaign_id)
    return RoundOf(
        campaign=row.campaign_id,
        number=row.round or 0,
        ends_at=stamp(row.expires_at),
        is_carried=row.log_size is not None,  # by hand rounds come in without the log
        peers=() if campaign is None else _peers(campaign),
        tier=None if campaign is None else campaign.tier,
    )


def _peers(campaign: CampaignRow) -> tuple[str, ...]:
    """The names of the peers of a mesh; other documents, which lists have many of, are not read for it."""
    return tuple(one.name for one in document_of(campaign).peers) if _MESH in campaign.document else ()


def request_view(uow: UnitOfWork, vault: OpenVault, asked: StoredJob) -> RequestView:
    """One request with its price and the verdict the consents give now."""
    manifest = asked.manifest
    return RequestView(
        line=request_line(uow, asked.row, vault.now(uow)),
        job_id=manifest.job_id,
        fingerprint=fingerprint(asked.requester.key),
        contact=manifest.requester.contact,
        purpose=manifest.purpose.dpv,
        purpose_text=manifest.purpose.text,
        retention=manifest.retention,
        recipients=manifest.recipients,
        slot_minutes=manifest.slot_minutes,
        window_from=manifest.where.from_,
        window_to=manifest.where.to,
        model=model_words(manifest),
        parameters=dimension(manifest),
        steps=manifest.dp.steps,
        noise_multiplier=manifest.dp.noise_multiplier,
        clip_norm=manifest.dp.clip,
        sampling_rate=manifest.dp.sampling_rate,
        manifest_digest=asked.row.manifest_digest,
        price=price_view(uow, asked),
        decision=explain(uow, vault, asked),
        reason=asked.row.reason,
        obstacle=obstacle(uow, asked) if asked.row.state in _UNDECIDED else "",
        misfits=hardly_read(uow, asked),
        no_until=_no_until(uow, asked, vault.now(uow)),
        so_far=jobs_so_far(uow, asked.requester.id, but=asked.row.id),
    )


def model_words(manifest: Manifest) -> str:
    """The kind of model, or what is summed up once."""
    kind = manifest.model.kind
    sums = {"gradient_sum": f"one sum of {kind} gradients", "moments": "one sum of products of columns"}
    return sums.get(kind_of(manifest), kind)


def _no_until(uow: UnitOfWork, asked: StoredJob, now: datetime) -> str:
    standing = refusals.standing_for(uow, asked.row, now)
    return "" if standing is None else refusals.until_text(standing)


def approval_view(
    uow: UnitOfWork, vault: OpenVault, asked: StoredJob, *, draft: bool, optional: frozenset[str]
) -> Approval:
    """What approving would change, and the consent it would write when none covers the job.

    Raises what approving would: `WrongState` for a request that does not wait, and what `check_runnable` raises.
    """
    now = trusted_now(uow, vault.clock)
    check_waiting(asked.row, now)
    if draft:
        check_by_itself(asked.row)
    check_runnable(uow, asked)
    view = request_view(uow, vault, asked)
    wanted = draft and not view.decision.permitted
    earlier = last_approved(uow, asked)
    return Approval(
        request=view,
        draft=_draft(uow, asked, optional, now) if wanted else None,
        compared_to=earlier.row.id if earlier else None,
        changes=changes_since(uow, earlier, asked),
    )


def changes_since(uow: UnitOfWork, earlier: StoredJob | None, asked: StoredJob) -> tuple[Change, ...]:
    """What a job asks otherwise than an earlier one, if there is one."""
    if earlier is None:
        return ()
    types = {field.name: field.type for field in _collection(uow, asked, earlier).fields}
    return changes(earlier, asked, types)


def last_approved(uow: UnitOfWork, asked: StoredJob) -> StoredJob | None:
    """The job of this requester on this collection that was approved last, and not taken back."""
    rows = approved_before(uow, requester_id=asked.requester.id, collection=asked.manifest.collection)
    return load(uow, rows[-1].id) if rows else None


def _draft(uow: UnitOfWork, asked: StoredJob, optional: frozenset[str], now: datetime) -> GrantDraft:
    one = drafted_grant(asked, optional, now)
    return draft_view(uow, one, withheld=asked.manifest.optional - one.fields, promise=promise_of(asked))
