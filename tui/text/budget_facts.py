"""What is said about a budget as a whole; docs/privacy.md shows how its numbers come about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.text import wording
from tui.text.reopening_facts import CARRIED_OVER

if TYPE_CHECKING:
    from vault.views.budget import BudgetLine

JOBS_ADD_UP: Final = (
    "Jobs add up: 32 jobs of ε 1, each 55 in 100, fill a budget of ε 8 and together allow 75 right guesses in 100."
)  # fmt: skip
SPENT_STAYS: Final = "Spent budget never comes back; the cap is what is guaranteed."


def by_what(line: BudgetLine) -> str:
    """By how many jobs a budget was used, and whether something was carried over from a copy that is gone."""
    jobs = wording.counted(line.jobs, "job")
    return f"{jobs} and what was {CARRIED_OVER}" if line.is_carried else jobs
