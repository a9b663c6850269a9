"""How much of a privacy budget is spent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine:
    """How much of one cap is spent, in percent, rounded up; `members` are the collections that share it.

    With `is_carried` it is also what was spent in a copy of the vault that is gone, by nobody knows how many jobs.
    """

    collection: str
    requester: str | None
    lifetime_epsilon: str
    delta: str
    used_percent: Decimal
    jobs: int
    members: tuple[str, ...] = ()
    is_carried: bool = False
