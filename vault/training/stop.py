"""Stop runs: by the owner, under a withdrawn consent, of a blocked requester."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vault.errors.requests import WrongState
from vault.requests import inbox
from vault.requests.states import wrong_state
from vault.store.tables import GrantRow, RequesterRow, RequestRow
from vault.views.states import RequesterStatus

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
from vault.training.interrupted import AFTER_CRASH


def stop_under_withdrawn(vault: OpenVault, grant_id: str) -> None:
    """End the learners that run under a consent, if it is withdrawn; what they would hand in is not held anyway."""
    with vault.read() as uow:
        grant = uow.get(GrantRow, grant_id)
        if grant is not None and grant.withdrawn_at is not None:
            stop_each(vault, uow.find(RequestRow, grant_id=grant_id))


def stop_for_blocked(vault: OpenVault, requester_id: str) -> None:
    """End the learners that run for a requester, if they are blocked."""
    with vault.read() as uow:
        asker = uow.get(RequesterRow, requester_id)
        if asker is not None and asker.status is RequesterStatus.BLOCKED:
            stop_each(vault, uow.find(RequestRow, requester_id=requester_id))


def stop_run(vault: OpenVault, request_id: str) -> None:
    """End a run of this process and wait until it is written down; its result is discarded, its budget spent.

    Raises `UnknownRequest`, and `WrongState` when the request does not run in this process.
    """
    run = vault.running.get(request_id)
    if run is None:
        with vault.read() as uow:
            state = inbox.show(uow, request_id).state
        raise WrongState(state="not running here") if state in AFTER_CRASH else wrong_state(state)
    run.stop(because="interrupted")
    run.wait()


def stop_each(vault: OpenVault, rows: Sequence[RequestRow]) -> None:
    """End the learners of these requests that run in this process."""
    for row in rows:
        if run := vault.running.get(row.id):
            run.stop()
