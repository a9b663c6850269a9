"""The releases that were sent, as the trail says it; followed entry by entry, because a trail only grows."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType, parse_entry
from vault.store.tables import LogEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vault.store.unit_of_work import UnitOfWork

# Only entries of releases and runs are parsed; the type stands in clear in the bytes of every entry.
HELD = "held"
_MARKS = (b'"release.', b'"training.run"')


@dataclass(slots=True, kw_only=True)
class SentReleases:
    """Which runs' updates were sent, with the time of it, and which sendings were begun; of `read` entries so far.

    `digests` are those of the release's manifest and of its update, as they were sent.
    """

    read: int = 0
    begun: set[str] = field(default_factory=set)
    sent: dict[str, str] = field(default_factory=dict)
    digests: dict[str, tuple[str, str]] = field(default_factory=dict)
    guard: Lock = field(default_factory=Lock)

    @property
    def may_have_left(self) -> int:
        """Sendings that were begun and of which nobody wrote down that they were finished."""
        return len(self.begun - set(self.sent))

    @property
    def last(self) -> str | None:
        """When the last update left."""
        return max(self.sent.values(), default=None)

    def follow(self, uow: UnitOfWork) -> None:
        """Read the entries that came since; raises `LogBroken` when one cannot be read."""
        with self.guard:
            for row in self._new(uow):
                self.read = row.seq + 1
                if any(mark in row.body for mark in _MARKS):
                    self._take(row)

    def _new(self, uow: UnitOfWork) -> Iterable[LogEntry]:
        if not self.read:
            return uow.find(LogEntry, order_by="seq")
        found = (uow.get(LogEntry, seq) for seq in range(self.read, uow.count(LogEntry)))
        return [row for row in found if row is not None]

    def _take(self, row: LogEntry) -> None:
        entry = parse_entry(row.body, what=f"entry {row.seq}")
        run = str(entry.clear.get("run", ""))
        if entry.kind is EntryType.RELEASE_INTENT:
            self.begun.add(run)
        elif entry.kind is EntryType.TRAINING_RUN and entry.clear["status"] == HELD:
            self.begun.discard(run)  # held again: the sending that was begun came to nothing
        elif entry.kind is EntryType.RELEASE_SENT:
            self.sent[run] = entry.ts
            self.digests[run] = (str(entry.clear["manifest_sha256"]), str(entry.clear["update_sha256"]))
