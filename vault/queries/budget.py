"""How much of each privacy budget is spent, read for showing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.budget import ledger
from vault.records.collections import all_collections
from vault.views.budget import BudgetLine

if TYPE_CHECKING:
    from vault.store.unit_of_work import UnitOfWork
from vault.queries.requesters import requester_row

# budget and the whole ---------------------------------------------------------------------------------------


def budget_lines(uow: UnitOfWork) -> list[BudgetLine]:
    """How much of each lifetime cap is spent: a line a collection, then one for each requester in it."""
    lines = []
    for facts in all_collections(uow):
        for line in ledger.spending(uow, collection_id=facts.id, lifetime_epsilon=facts.lifetime_epsilon):
            asker = line.requester_id and requester_row(uow, line.requester_id).name
            lines.append(
                BudgetLine(
                    collection=facts.name,
                    requester=asker,
                    lifetime_epsilon=facts.lifetime_epsilon,
                    delta=str(ledger.DELTA),
                    used_percent=line.used_percent,
                    jobs=line.jobs,
                )
            )
    return lines
