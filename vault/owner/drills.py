"""What an owner's decision about a drill does: it ends the drill, is recorded as a look, and says what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vault.errors.requests import WasDrill
from vault.queries.ids import is_named
from vault.queries.requests import changes_since, last_approved
from vault.requests import drills

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.lifecycle.opened import OpenVault
    from vault.requests.evaluate import StoredJob
    from vault.store.unit_of_work import UnitOfWork

APPROVED: Final = "approved"
REFUSED: Final = "refused"
_SAID: Final = {
    APPROVED: "approved it, so the change went unnoticed",
    REFUSED: "refused it, so the change was noticed",
}


def raise_if_drill(opened: OpenVault, request_id: str, *, decided: str) -> None:
    """End the drill that lies open, if it was decided about; raises `WasDrill` then, and nothing else is done.

    No request is approved or refused, and nobody is told anything.
    """
    with opened.read() as uow:
        if not _is_about(uow, drills.open_drill(uow, opened.now(uow)), request_id):
            return
    with opened.act() as act:
        drill = drills.open_drill(act.uow, act.now)
        if drill is None or not is_named(act.uow, drill, request_id):
            raise WasDrill(said="were too late to decide about it", change="it is over")
        change = change_of(act.uow, drill)
        drills.end(act, drill, decided=f"you {decided} it", change=change)
    raise WasDrill(said=_SAID[decided], change=change)


def end_with_requester(act: AuditedTransaction, name: str) -> None:
    """End the drill that looks like a job of somebody who is blocked now, on record."""
    drill = drills.open_drill(act.uow, act.now)
    if drill is not None and drill.requester.name == name:
        drills.end(act, drill, decided="you blocked them while it waited", change=change_of(act.uow, drill))


def change_of(uow: UnitOfWork, drill: StoredJob) -> str:
    """What it asks otherwise than the last job of theirs that was approved, in words."""
    return "; ".join(one.words for one in changes_since(uow, last_approved(uow, drill), drill))


def _is_about(uow: UnitOfWork, drill: StoredJob | None, request_id: str) -> bool:
    return drill is not None and is_named(uow, drill, request_id)
