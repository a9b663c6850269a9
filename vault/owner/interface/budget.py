"""What the privacy budget was spent on."""

from __future__ import annotations

from typing import Protocol

from vault.views.budget import BudgetLine
from vault.views.history import BudgetPoint


class Budget(Protocol):
    """What the privacy budget was spent on."""

    def budget(self) -> list[BudgetLine]:
        """How much of each lifetime cap is spent, by collection and by requester."""

    def budget_history(self) -> list[BudgetPoint]:
        """Every charge ever made, the oldest first, with what was used of its collection's budget after it."""
