"""Consents, drafts of consents and withdrawals, read for showing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from vault.audit.transaction import trusted_now
from vault.consent.grants import Grant
from vault.consent.receipts import NOTHING_STATED, ledger_view, load_grants, reading_of
from vault.consent.record import in_words
from vault.requests.evaluate import uses_kept
from vault.requests.grant import NOTICE
from vault.store.tables import CampaignRow, RequestRow
from vault.store.times import stamp
from vault.views.consents import ColumnRead, GrantDraft, GrantView, Withdrawal
from vault.views.purposes import PURPOSES
from vault.views.states import RequesterStatus, RequestState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.consent.record import FieldFacts, Promise
    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork
from vault.queries.requesters import requester_row

REQUESTER_BLOCKED: Final = "requester blocked"
"""The state of a consent under which nothing runs until its requester is unblocked."""

# consents ---------------------------------------------------------------------------------------------------


def grant_views(uow: UnitOfWork, vault: OpenVault) -> list[GrantView]:
    """Every consent ever given, the newest first."""
    now = trusted_now(uow, vault.clock)
    found = sorted(load_grants(uow), key=lambda grant: grant.created_at, reverse=True)
    return [grant_view(uow, one, now) for one in found]


def grant_view(uow: UnitOfWork, one: Grant, now: datetime) -> GrantView:
    """One consent and its state at this moment."""
    spent = ledger_view(uow).uses_spent.get(one.id, 0)
    asker = requester_row(uow, one.requester_id)
    is_running = _is_running(uow, one.id)
    return GrantView(
        id=one.id,
        requester=asker.name,
        collection=one.collection,
        fields=tuple(sorted(one.fields)),
        purpose=one.purpose,
        purpose_words=PURPOSES.get(one.purpose, one.purpose),
        window_from=time_text(one.window.start),
        window_to=time_text(one.window.end),
        not_before=time_text(one.not_before) or "",
        not_after=time_text(one.not_after) or "",
        uses=one.uses,
        uses_spent=spent,
        uses_kept=uses_kept(uow, now)[one.id],
        epsilon_cap=None if one.epsilon_cap is None else str(one.epsilon_cap),
        state=grant_state(
            one, spent, now, is_running=is_running, is_blocked=asker.status is RequesterStatus.BLOCKED
        ),
    )


def draft_view(
    uow: UnitOfWork, one: Grant, *, withheld: frozenset[str] = frozenset(), promise: Promise = NOTHING_STATED
) -> GrantDraft:
    """A consent before it is given, with the notice that its record will hold."""
    reading = reading_of(uow, one)
    return GrantDraft(
        requester=requester_row(uow, one.requester_id).name,
        collection=one.collection,
        fields=tuple(sorted(one.fields)),
        reads=_columns_read(reading.fields),
        beside=_columns_read(reading.beside),
        special=reading.special,
        notice=NOTICE,
        recipients=promise.recipients,
        retention=promise.retention,
        withheld=tuple(sorted(withheld)),
        purpose=one.purpose,
        purpose_words=PURPOSES[one.purpose],
        window_from=time_text(one.window.start),
        window_to=time_text(one.window.end),
        not_before=stamp(one.not_before),
        not_after=stamp(one.not_after),
        uses=one.uses,
        epsilon_cap=None if one.epsilon_cap is None else str(one.epsilon_cap),
    )


def _columns_read(fields: Sequence[FieldFacts]) -> tuple[ColumnRead, ...]:
    return tuple(ColumnRead(name=in_words(each.name), sensitivity=each.sensitivity) for each in fields)


def _is_running(uow: UnitOfWork, grant: str) -> bool:
    states = (RequestState.CHARGED, RequestState.TRAINING)
    return any(uow.count(RequestRow, grant_id=grant, state=state) for state in states)


def grant_state(one: Grant, spent: int, now: datetime, *, is_running: bool, is_blocked: bool) -> str:
    """What a consent is now: in force, not yet, in use by its last job, or why nothing more runs under it."""
    if one.withdrawn_at is not None:
        return "withdrawn"
    if now >= one.not_after:
        return "expired"
    if spent >= one.uses:
        return "in use" if is_running else "used up"
    if is_blocked:
        return REQUESTER_BLOCKED
    return "not yet" if now < one.not_before else "active"


def is_under_consent(uow: UnitOfWork, collection: str, now: datetime) -> bool:
    """Whether a job may still begin under a consent for this collection, now or later."""
    spent = ledger_view(uow).uses_spent
    return any(
        one.withdrawn_at is None and now < one.not_after and spent.get(one.id, 0) < one.uses
        for one in load_grants(uow, collection=collection)
    )


def time_text(moment: datetime | None) -> str | None:
    """A time as it is shown, or None."""
    return None if moment is None else stamp(moment)


def planned_withdrawal(uow: UnitOfWork, vault: OpenVault, grant: str) -> Withdrawal:
    """What withdrawing would stop and destroy now, and what it can no longer reach."""
    held = uow.find(RequestRow, grant_id=grant, state=RequestState.HELD)
    approved = uow.find(RequestRow, grant_id=grant, state=RequestState.APPROVED)
    waits = [row.id for row in approved if trusted_now(uow, vault.clock) < row.expires_at]
    return withdrawal_view(uow, vault, grant, [row.id for row in held], waits)


def withdrawal_view(
    uow: UnitOfWork, vault: OpenVault, grant: str, destroyed: Sequence[str], returned: Sequence[str]
) -> Withdrawal:
    """What a withdrawal destroyed, and what it can no longer reach."""
    under = uow.find(RequestRow, grant_id=grant)
    campaign = next((row.id for row in uow.find(CampaignRow, grant_id=grant)), "")
    not_run = tuple(row.id for row in under if row.id in returned)
    return Withdrawal(
        grant=grant,
        stopped=tuple(row.id for row in under if row.id in vault.running),
        destroyed=tuple(destroyed),
        returned=() if campaign else not_run,
        campaign=campaign,
        rounds_ended=not_run if campaign else (),
        already_left=tuple(row.id for row in under if row.state is RequestState.RELEASED),
        may_have_left=tuple(row.id for row in under if row.state is RequestState.SENDING),
    )
