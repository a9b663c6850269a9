"""Going on knowingly from a vault that opens to be read only: after a backup was put back, or the mark was damaged.

Nothing that was spent or withdrawn becomes less by it, as far as this computer remembers: budgets are raised to what
the mark says, and where rows are older everything that stands is ended, since nobody knows what was withdrawn since.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from vault import unsent
from vault.audit import log
from vault.audit.checkpoint import Checkpoint
from vault.audit.entries import EntryType
from vault.budget import ledger
from vault.budget.joining import least_cap
from vault.budget.remembered import make_up, missing
from vault.consent.receipts import withdraw_grant
from vault.errors.families import LockboxError
from vault.errors.rollback import (
    HeaderPutBack,
    MarkDamaged,
    MixedVault,
    NothingToReopen,
    OlderVault,
    ReopenNotConfirmed,
)
from vault.errors.storage import Damaged
from vault.lifecycle.create import APP_VERSION
from vault.lifecycle.opened import mark_mac
from vault.requests import campaigns, inbox
from vault.requests.requesters import end_tokens
from vault.requests.states import REOPENED
from vault.store.high_water import read_mark
from vault.store.indexes import misleading_index
from vault.store.tables import AccessToken, CampaignRow, Collection, GrantRow, RequesterRow, RequestRow
from vault.training.interrupted import settle_interrupted
from vault.views.reopening import RememberedBudget, Reopening
from vault.views.states import CampaignState, RequestState

if TYPE_CHECKING:
    from vault.audit.entries import Json
    from vault.audit.transaction import AuditedTransaction
    from vault.budget.remembered import Remembered
    from vault.lifecycle.opened import OpenVault
    from vault.store.high_water import Mark
    from vault.store.unit_of_work import UnitOfWork

_OPEN: Final = (RequestState.WAITING, RequestState.APPROVED)
ZERO: Final = Decimal(0)
_RECORDED: Final[dict[type[LockboxError], str]] = {
    OlderVault: "an older copy was put back",
    MixedVault: "parts of it were of different times",
    MarkDamaged: "the reminder of it on this computer was damaged",
    HeaderPutBack: "another key header was put back",
}
"""The reason as the trail has it, which names no path."""

CONFIRMED_BY: Final = 8
"""Signs of the root of the trail by which a person confirms what was shown."""


def plan(vault: OpenVault) -> Reopening:
    """What would be ended and counted as used.

    Raises `NothingToReopen`, and `Damaged` or `LogBroken` for what nobody can go on from.
    """
    if not vault.rollback:
        raise NothingToReopen()
    mark = _mark(vault)
    with vault.read() as uow:
        _check_whole(uow, vault)
        size, root = log.log_root(uow)
        requests = [row.state for row in uow.find(RequestRow)]
        return Reopening(
            reason=vault.rollback.reason,
            events=size,
            events_seen=mark.size if mark else None,
            is_older=_is_older(vault),
            is_fork=vault.rollback.kind is OlderVault and mark is not None and mark.size <= size,
            consents=uow.count(GrantRow, withdrawn_at=None, expired_at=None),
            requests=sum(state in _OPEN for state in requests),
            updates=requests.count(RequestState.HELD),
            tokens=uow.count(AccessToken, revoked_at=None),
            budgets=_budgets(uow, mark),
            confirm=root.hex()[:CONFIRMED_BY],
        )


def reopen(vault: OpenVault, *, confirm: str) -> Reopening:
    """Do what `plan` says, in one act with its entry, and let the vault be written to from now on.

    Raises as `plan`, `ReopenNotConfirmed`, and `MarkNotWritten` when only the reminder is missing.
    """
    planned, mark = plan(vault), _mark(vault)
    if confirm != planned.confirm:
        raise ReopenNotConfirmed()
    with vault.act_anyway() as act:
        remembered = _remembered(act.uow, mark)
        act.record(
            EntryType.LOG_RECOVERED,
            clear=_clear(mark),
            hidden={
                "reason": _RECORDED[vault.rollback.kind],
                "joined": [row.name for one in remembered if one.is_apart for row in one.here],
            },
        )
        if planned.is_older:
            end_what_stands(act, vault)
        if mark is not None:
            make_up(act, remembered, mark)
        vault.goes_on_from(mark)
    return planned


def _is_older(vault: OpenVault) -> bool:
    return vault.rollback.kind in (OlderVault, MixedVault)


def _mark(vault: OpenVault) -> Mark | None:
    try:
        return read_mark(vault.paths.state, vault.origin, mark_mac(vault.keys))
    except LockboxError:
        return None  # it is the reason, or cannot be read: then this computer remembers nothing


def _check_whole(uow: UnitOfWork, vault: OpenVault) -> None:
    """A trail with gaps, pages that cannot be read and lookups that lead astray are nothing to go on from."""
    log.checked_entries(uow)
    for problem in vault.store.integrity_problems():
        raise Damaged(what=f"the database ({problem})")
    with uow.connection() as connection:
        if misleading_index(connection):
            raise Damaged(what="the database")


def _remembered(uow: UnitOfWork, mark: Mark | None) -> list[Remembered]:
    return [] if mark is None else missing(uow, mark)


def _budgets(uow: UnitOfWork, mark: Mark | None) -> tuple[RememberedBudget, ...]:
    return tuple(
        line
        for one in _remembered(uow, mark)
        for line in ([_budget(uow, row, one) for row in one.here] or map(_lost, one.lost))
    )


def _budget(uow: UnitOfWork, row: Collection, of: Remembered) -> RememberedBudget:
    every = [one.id for one in of.here]
    now = ledger.spending(uow, collection_id=row.id, lifetime_epsilon=row.lifetime_epsilon)[0]
    cap = least_cap(of.here, of.cap or row.lifetime_epsilon)
    return RememberedBudget(
        number=row.id,
        collection=row.name,
        used_percent=now.used_percent,
        used_percent_after=ledger.used_percent_of(uow, every, cap, more=of.more),
        shares_budget_with=tuple(one.name for one in of.here if one.id != row.id),
    )


def _lost(number: int) -> RememberedBudget:
    return RememberedBudget(number=number, collection=None, used_percent=ZERO, used_percent_after=ZERO)


def _clear(mark: Mark | None) -> dict[str, Json]:
    clear: dict[str, Json] = {"app": f"lockbox {APP_VERSION}"}
    return clear | ({"checkpoint": _point(mark)} if mark else {})


def _point(mark: Mark) -> str:
    return Checkpoint(origin=mark.origin, size=mark.size, root=bytes.fromhex(mark.root)).body()


def end_what_stands(act: AuditedTransaction, vault: OpenVault) -> None:
    """End consents, requests, campaigns, held updates and tokens; no no that told what was answered is heard."""
    settle_interrupted(act, vault.running)
    for grant in act.uow.find(GrantRow, withdrawn_at=None, expired_at=None):
        withdraw_grant(act, grant.id)
    for state in _OPEN:
        for request in act.uow.find(RequestRow, state=state):
            inbox.end_untold(act, request.id, reason=REOPENED)
    for grant in act.uow.find(GrantRow):
        campaigns.note_left(act, grant.id, reason=REOPENED)
    for campaign in act.uow.find(CampaignRow, state=CampaignState.WAITING):
        campaigns.end(act, campaign, reason=REOPENED)
    for grant in act.uow.find(GrantRow):
        unsent.destroy_held_under(act, grant.id)
    for requester in act.uow.find(RequesterRow):
        end_tokens(act, requester.id)
