"""What the façade shows over time: what runs now, the budget as it was spent, and the trail by request."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from vault.views import AuditLine


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A job that runs in this process: where it is, what it costs, and how its learner is confined.

    `started_at` is the vault's clock (RFC 3339, UTC); `step` is 0 until the learner says otherwise.
    """

    request: str
    requester: str
    collection: str
    step: int
    of: int
    started_at: str
    epsilon: Decimal
    confined: bool
    landlock_abi: int
    seccomp: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What changes by itself: the seconds until the vault locks (None: never), the trail's length, what runs."""

    seconds_to_lock: int | None
    audit_entries: int
    runs: tuple[RunView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPoint:
    """One charge in the life of a collection's budget.

    `used_percent` is what was used of the collection's budget after it, `requester_percent` by this requester alone.
    """

    at: str
    collection: str
    requester: str
    request: str
    epsilon: Decimal
    job_percent: Decimal
    used_percent: Decimal
    requester_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineGroup:
    """The entries of one request together, under who asked, what for and its last state; None: of no request."""

    request: str | None
    title: str
    lines: tuple[AuditLine, ...]
