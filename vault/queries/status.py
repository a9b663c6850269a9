"""What the vault holds and what waits in it, read for showing."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from vault.audit.vault_date import vault_date
from vault.file_names import spelled
from vault.queries.date import question_of
from vault.records.collections import list_collections
from vault.requests.drills import are_on, open_drill
from vault.store.tables import CampaignRow, HeldRow, LogEntry, RequesterRow, RequestRow, VaultFact
from vault.store.times import stamp
from vault.views.states import CampaignState, RequesterStatus, RequestState
from vault.views.status import VaultStatus

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork
from vault.queries.consents import grant_views

SOON = WEEK = timedelta(days=7)
WAITS = (RequestState.WAITING, RequestState.HELD)
DIGEST_READ = "digest.read"
"""The fact that says when the digest of a week was read last."""


def vault_status(uow: UnitOfWork, vault: OpenVault) -> VaultStatus:
    """What the vault holds, what waits for its owner, and whether anything ever left."""
    date = vault_date(uow, vault.clock)
    states = _states(uow, date.now)
    active = [view for view in grant_views(uow, vault) if view.state == "active"]
    soon = date.now + SOON
    facts = list_collections(uow)
    vault.sent_releases.follow(uow)
    return VaultStatus(
        path=spelled(vault.paths.vault),
        origin=vault.origin,
        created_at=fact(uow, "created_at"),
        date=stamp(date.now),
        clock=stamp(date.clock),
        date_question=question_of(date),
        read_only_because=vault.rollback.reason,
        mark_missing=vault.mark_missing,
        header_damage=vault.header_damage,
        may_lack_events=bool(vault.rollback) or vault.sent_releases.was_reopened,
        collections=len(facts),
        rows=sum(one.rows for one in facts),
        grants_active=len(active),
        expiring=sum(datetime.fromisoformat(view.not_after) <= soon for view in active),
        requests_waiting=states[RequestState.WAITING] + (open_drill(uow, date.now) is not None),
        campaigns_waiting=campaigns_waiting(uow, date.now),
        approved=states[RequestState.APPROVED],
        running=len(vault.running),
        held=states[RequestState.HELD],
        released=len(vault.sent_releases.sent),
        may_have_left=vault.sent_releases.may_have_left,
        last_left_at=vault.sent_releases.last,
        audit_entries=uow.count(LogEntry),
        is_digest_due=is_digest_due(uow, date.now),
        are_drills_on=are_on(uow),
    )


def _states(uow: UnitOfWork, now: datetime) -> Counter[RequestState]:
    """How many requests are in each state as it is shown: what ran out counts as expired.

    What waits counts but for blocked requesters: it is for nobody to decide until they are unblocked.
    """
    held_until = {row.request_id: row.expires_at for row in uow.find(HeldRow)}
    blocked = {one.id for one in uow.find(RequesterRow, status=RequesterStatus.BLOCKED)}
    found: Counter[RequestState] = Counter()
    for row in uow.find(RequestRow):
        state = shown_state(row, held_until.get(row.id, row.expires_at), now)
        found[state] += state not in WAITS or row.requester_id not in blocked
    return found


def campaigns_waiting(uow: UnitOfWork, now: datetime) -> int:
    """How many campaigns can still be joined and wait for an answer."""
    blocked = {one.id for one in uow.find(RequesterRow, status=RequesterStatus.BLOCKED)}
    waiting = uow.find(CampaignRow, state=CampaignState.WAITING)
    return sum(now < row.expires_at and row.requester_id not in blocked for row in waiting)


def shown_state(row: RequestRow, expires_at: datetime, now: datetime) -> RequestState:
    """The state, or that it has run out, although nobody opened the vault to record it yet."""
    is_open = row.state in (RequestState.WAITING, RequestState.APPROVED, RequestState.HELD)
    return RequestState.EXPIRED if is_open and now >= expires_at else row.state


def is_digest_due(uow: UnitOfWork, now: datetime) -> bool:
    """Whether a week has passed since a digest was read last, or since the vault was made."""
    last = fact(uow, DIGEST_READ) or fact(uow, "created_at")
    return now - datetime.fromisoformat(last) >= WEEK


def fact(uow: UnitOfWork, key: str) -> str:
    """A fact that the vault keeps about itself."""
    row = uow.get(VaultFact, key)
    return row.value if row else ""
