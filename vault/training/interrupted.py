"""Bring a run that ended early to its true state: before the charge back, after it to failed."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Final

from vault.audit.entries import EntryType
from vault.errors.consent import ConsentRefused
from vault.errors.daemon import Stopped
from vault.errors.families import Broken, Exhausted, Unavailable
from vault.errors.training import LearnerFailed
from vault.requests.states import move
from vault.store.tables import RequestRow
from vault.views.states import RequestState

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction


def settle_interrupted(act: AuditedTransaction, running: Container[str] = ()) -> list[str]:
    """Bring requests that a crash left half-way to a true state: before the charge back, after it to failed.

    Those `running` in this process are left alone.
    """
    found = [row for state in AFTER_CRASH for row in act.uow.find(RequestRow, state=state)]
    interrupted = [row for row in found if row.id not in running]
    for row in interrupted:
        settle_one(act, row)
    return [row.id for row in interrupted]


def settle_one(act: AuditedTransaction, row: RequestRow, *, reason: str = "interrupted") -> None:
    """Bring one request to its true state, with its audit entry."""
    if row.state in AFTER_CRASH:
        after = row.state = move(row.state, AFTER_CRASH[row.state])
        if row.campaign_id is not None and after is RequestState.APPROVED:
            row.reason = START_IT  # nothing runs without being started a second time
        is_charged = after is RequestState.FAILED
        act.record(EntryType.RUN_FAILED, clear={"run": row.id, "reason": reason, "charged": is_charged})


def reason_of(error: BaseException) -> str:
    """The closed code that the end of a run gets on the trail; texts stay out of it."""
    return next((code for kind, code in _REASONS.items() if isinstance(error, kind)), "internal")


_REASONS: Final[Mapping[type[BaseException], str]] = {
    ConsentRefused: "consent",
    Exhausted: "budget",
    LearnerFailed: "learner",
    Broken: "damaged",
    KeyboardInterrupt: "interrupted",
    Stopped: "interrupted",
    Unavailable: "interrupted",
}


START_IT: Final = "its run ended before it was paid for; it waits for you to start it"

AFTER_CRASH = {
    RequestState.READY: RequestState.APPROVED,
    RequestState.CHARGED: RequestState.FAILED,
    RequestState.TRAINING: RequestState.FAILED,
}
