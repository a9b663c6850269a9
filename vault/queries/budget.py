"""How much of each privacy budget is spent, read for showing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.budget import ledger
from vault.budget.joining import filters, least_cap
from vault.views.budget import BudgetLine

if TYPE_CHECKING:
    from vault.store.unit_of_work import UnitOfWork
from vault.queries.requesters import requester_row


def budget_lines(uow: UnitOfWork) -> list[BudgetLine]:
    """How much of each lifetime cap is spent: a line for those that share it, then one for each requester in it."""
    lines = []
    for members in filters(uow):
        first = members[0]
        cap = f"{least_cap(members, first.lifetime_epsilon):f}"
        for line in ledger.spending(uow, collection_id=first.id, lifetime_epsilon=cap):
            asker = line.requester_id and requester_row(uow, line.requester_id).name
            lines.append(
                BudgetLine(
                    collection=first.name,
                    requester=asker,
                    lifetime_epsilon=cap,
                    delta=str(ledger.DELTA),
                    used_percent=line.used_percent,
                    jobs=line.jobs,
                    is_carried=line.is_carried,
                    members=tuple(one.name for one in members),
                )
            )
    return lines
