"""What an owner sees of the privacy budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.queries.budget import budget_lines
from vault.queries.budget_history import budget_points

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.views.budget import BudgetLine
    from vault.views.history import BudgetPoint


class BudgetActions:
    """What the privacy budget was spent on."""

    _opened: OpenVault

    def budget(self) -> list[BudgetLine]:
        with self._opened.read() as uow:
            return budget_lines(uow)

    def budget_history(self) -> list[BudgetPoint]:
        with self._opened.read() as uow:
            return budget_points(uow)
