"""Approved requests that cannot run any more wait again, with the reason, for their owner alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.consent.decide import ended
from vault.consent.receipts import ledger_view, load_grants
from vault.requests.states import move
from vault.store.tables import RequesterRow, RequestRow
from vault.views.states import RequesterStatus, RequestState

if TYPE_CHECKING:
    from collections.abc import Collection

    from vault.audit.transaction import AuditedTransaction

GONE = "the consent it was approved under is gone"
BLOCKED = "its requester was blocked"


def return_lapsed(act: AuditedTransaction) -> list[str]:
    """Bring back every approved request under whose consent, or for whose requester, nothing runs; return their ids."""
    approved = act.uow.find(RequestRow, state=RequestState.APPROVED)
    if not approved:
        return []
    grants, ledger = {grant.id: grant for grant in load_grants(act.uow)}, ledger_view(act.uow)
    returned = []
    for row in approved:
        grant = grants.get(row.grant_id or "")
        why = GONE if grant is None else ended(grant, act.now, ledger)
        if why or (why := _blocked(act, row)):
            return_one(act, row, reason=why)
            returned.append(row.id)
    return returned


def return_one(act: AuditedTransaction, row: RequestRow, *, reason: str) -> None:
    """Let one approved request wait for its owner again."""
    row.state = move(row.state, RequestState.WAITING)
    row.reason = reason
    requester = act.uow.get(RequesterRow, row.requester_id)
    name = "" if requester is None else requester.name
    hidden = {"requester": name, "reason": reason}
    act.record(EntryType.REQUEST_RETURN, clear={"request": row.id}, hidden=hidden)


def still_open(act: AuditedTransaction, requester_id: str, ids: Collection[str]) -> list[str]:
    """Those of these requests that are a requester's and have not run out."""
    theirs = act.uow.find(RequestRow, requester_id=requester_id)
    return [row.id for row in theirs if row.id in ids and act.now < row.expires_at]


def _blocked(act: AuditedTransaction, row: RequestRow) -> str:
    requester = act.uow.get(RequesterRow, row.requester_id)
    is_blocked = requester is None or requester.status is RequesterStatus.BLOCKED
    return BLOCKED if is_blocked else ""
