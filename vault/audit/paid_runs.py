"""What the trail says was charged: each run by the leaf hash of its entry, which no other copy draws."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from vault.audit.entries import EntryType, parse_entry
from vault.audit.followed_trail import FollowedTrail

if TYPE_CHECKING:
    from vault.store.tables import LogEntry


@dataclass(slots=True, kw_only=True)
class PaidRuns(FollowedTrail):
    """Run → the leaf hash of the entry of its charge, in hexadecimal; the salts in it are random."""

    MARKS: ClassVar[tuple[bytes, ...]] = (b'"budget.spend"',)
    leaves: dict[str, str] = field(default_factory=dict)

    def take(self, row: LogEntry) -> None:
        """Note the entry of a charge."""
        entry = parse_entry(row.body, what=f"entry {row.seq}")
        if entry.kind is EntryType.BUDGET_SPEND:
            self.leaves[str(entry.clear["run"])] = row.leaf.hex()
