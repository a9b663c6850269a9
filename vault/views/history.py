"""The budget as it was spent, and the audit trail by request."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from vault.views.audit import AuditLine


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPoint:
    """One charge in the life of a collection's budget.

    `used_percent` is what was used of the collection's budget after it, `requester_percent` by this requester alone.
    What was carried over when an older copy was reopened, as the computer remembers it, is of no requester and request.
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


TRAIL_OUTCOMES: Final = ("allowed", "refused", "ran", "failed", "spent", "left", "kept", "ended")
"""What can come of something that is on the trail."""

ALL_RECORDS: Final = "your records"
"""How the trail says that a look was at the records of every collection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailFilter:
    """Which entries of the trail are meant: those of a requester, of a collection, with an outcome.

    What is not given leaves out nothing; of what is given, all of it has to be so.
    """

    requester: str = ""
    collection: str = ""
    outcome: str = ""

    @property
    def is_all(self) -> bool:
        """Whether it leaves out no entry."""
        return not (self.requester or self.collection or self.outcome)
