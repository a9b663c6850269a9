"""What going on from a vault that is read-only would mean, for showing before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedBudget:
    """How much of a collection's lifetime budget is used in this copy, and as far as this computer remembers.

    `collection` is None where this copy has none of that budget; `shares_budget_with` are those of this copy with which
    it is one.
    """

    number: int
    collection: str | None
    used_percent: Decimal
    used_percent_after: Decimal
    shares_budget_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopening:
    """What would be older, what would be ended, and which budgets would count as used.

    `events_seen` is how many events this computer remembers, None where it remembers nothing. Where `is_older` says so,
    nobody knows what was withdrawn since, so everything that still stands is ended; `is_fork`, that its history is not
    that one. `confirm` is what has to be given
    back to do it: it is bound to this state of the vault.
    """

    reason: str
    events: int
    events_seen: int | None
    is_older: bool
    is_fork: bool
    consents: int
    requests: int
    updates: int
    tokens: int
    budgets: tuple[RememberedBudget, ...]
    confirm: str
