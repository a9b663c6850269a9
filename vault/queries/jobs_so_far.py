"""All jobs of one requester that ran here, looked at together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.budget import ledger
from vault.budget.joining import filters
from vault.requests.parse import parse_stored
from vault.requests.release_manifest import parse_release_manifest
from vault.store.tables import ChargeRow, HeldRow, RequestRow
from vault.views.requests import BudgetUse, JobsSoFar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.store.unit_of_work import UnitOfWork


def jobs_so_far(uow: UnitOfWork, requester_id: str, *, but: str) -> JobsSoFar:
    """What all their charged jobs read and cost together, but for the one request."""
    charges = [one for one in uow.find(ChargeRow, requester_id=requester_id) if one.request_id != but]
    held = [row for one in charges for row in uow.find(HeldRow, request_id=one.request_id)]
    columns = {pair for one in charges for pair in _columns(uow, one.request_id)}
    return JobsSoFar(
        jobs=len(charges),
        columns=tuple(sorted(columns)),
        used=tuple(_used(uow, {one.id for one in charges})),
        left=sum(row.sent_at is not None for row in held),
    )


def _used(uow: UnitOfWork, charges: set[int]) -> Iterator[BudgetUse]:
    """What these charges used of each lifetime budget that they fall under."""
    for members in filters(uow):
        share = ledger.percent_of_charges(uow, members, counts=lambda row: row.id in charges)
        if share:
            yield BudgetUse(collections=tuple(one.name for one in members), used_percent=share)


def _columns(uow: UnitOfWork, request_id: str) -> Iterator[tuple[str, str]]:
    """What a job read: as its release says or, where nothing was held of it, at most all that it asked for."""
    row = uow.get(RequestRow, request_id)
    if row is None:
        return
    held = uow.find(HeldRow, request_id=request_id)
    used = (
        parse_release_manifest(held[0].manifest).fields_used
        if held
        else [field.name for field in parse_stored(row.manifest).fields]
    )
    yield from ((row.collection, name) for name in used)
