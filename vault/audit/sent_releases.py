"""The releases that were sent, as the trail says it; followed entry by entry, because a trail only grows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from vault.audit.entries import EntryType, parse_entry
from vault.audit.followed_trail import FollowedTrail

if TYPE_CHECKING:
    from vault.store.tables import LogEntry

HELD = "held"


@dataclass(slots=True, kw_only=True)
class SentReleases(FollowedTrail):
    """Which runs' updates were sent, with the time of it, and which sendings were begun; of `read` entries so far.

    `digests` are those of the release's manifest and of its update, as they were sent. Where the vault `was_reopened`,
    what left between the copy and the reopening may not be among them.
    """

    MARKS: ClassVar[tuple[bytes, ...]] = (b'"release.', b'"training.run"', b'"log.recovered"')
    begun: set[str] = field(default_factory=set)
    sent: dict[str, str] = field(default_factory=dict)
    digests: dict[str, tuple[str, str]] = field(default_factory=dict)
    was_reopened: bool = False

    @property
    def may_have_left(self) -> int:
        """Sendings that were begun and of which nobody wrote down that they were finished."""
        return len(self.begun - set(self.sent))

    @property
    def last(self) -> str | None:
        """When the last update left."""
        return max(self.sent.values(), default=None)

    def take(self, row: LogEntry) -> None:
        """Note what is said of a release."""
        entry = parse_entry(row.body, what=f"entry {row.seq}")
        run = str(entry.clear.get("run", ""))
        if entry.kind is EntryType.LOG_RECOVERED:
            self.was_reopened = True
        elif entry.kind is EntryType.RELEASE_INTENT:
            self.begun.add(run)
        elif entry.kind is EntryType.TRAINING_RUN and entry.clear["status"] == HELD:
            self.begun.discard(run)  # held again: the sending that was begun came to nothing
        elif entry.kind is EntryType.RELEASE_SENT:
            self.sent[run] = entry.ts
            self.digests[run] = (str(entry.clear["manifest_sha256"]), str(entry.clear["update_sha256"]))
