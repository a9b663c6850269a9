"""Every charge to a budget, read for showing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.budget import ledger
from vault.budget.joining import filters
from vault.store.tables import Collection, RequesterRow
from vault.store.times import stamp
from vault.views.history import BudgetPoint

if TYPE_CHECKING:
    from vault.store.unit_of_work import UnitOfWork


# the budget -------------------------------------------------------------------------------------------------


def budget_points(uow: UnitOfWork) -> list[BudgetPoint]:
    """Every charge ever made, the oldest first; `used_percent` is of its whole budget, after it."""
    names = {row.id: row.name for row in uow.find(RequesterRow)}
    collections = {row.id: row.name for row in uow.find(Collection)}
    points = [
        (one.number, _point(one, collections[one.collection_id], names))
        for members in filters(uow)
        for one in ledger.history(
            uow, collection_id=members[0].id, lifetime_epsilon=members[0].lifetime_epsilon
        )
    ]
    return [point for _, point in sorted(points, key=lambda numbered: numbered[0])]


def _point(one: ledger.Charged, collection: str, names: dict[str, str]) -> BudgetPoint:
    return BudgetPoint(
        at=stamp(one.at),
        collection=collection,
        requester=names.get(one.requester_id, one.requester_id),
        request="" if one.requester_id == ledger.NOBODY else one.request_id,
        epsilon=one.epsilon,
        job_percent=one.job_percent,
        used_percent=one.used_percent,
        requester_percent=one.requester_percent,
    )
