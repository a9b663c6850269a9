"""The vault as a whole: its state, settling it, and copies of it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from vault.owner.interface.kinds import Progress, proven, unwatched, watched
from vault.views.date import DateView
from vault.views.digest import Digest
from vault.views.status import VaultStatus


class Upkeep(Protocol):
    """The vault as a whole: its state, settling it, and copies of it."""

    def status(self) -> VaultStatus:
        """What the vault holds, what waits, and whether anything ever left."""

    def digest(self) -> Digest:
        """What happened in the last week and what waits now, for the owner alone."""

    def note_digest_read(self) -> None:
        """Record that the digest was read, so that the next one is due a week from now."""

    def date(self) -> DateView:
        """What date the vault takes it for, what the computer's clock says, and what confirming that would change."""

    @proven
    def confirm_date(self, today: str) -> DateView:
        """Say that the computer's clock is right: it is this day (YYYY-MM-DD, UTC), whatever the vault took it for.

        What has ended by then ends. Where the vault was ahead, because the clock had been wrong, consents that ended
        by it hold again; what was used up, withdrawn or destroyed does not come back. Raises `OtherDate` and
        `DateKnown`.
        """

    def set_drills(self, is_on: bool) -> None:
        """Switch drills on or off: now and then a request that nobody sent, like a requester's but for one thing.

        `approve` and `refuse` of one raise `WasDrill`, and do nothing else.
        """

    def settle(self) -> None:
        """End what has expired and bring what a crash interrupted to a true state."""

    @watched
    def backup(self, target: Path, *, progress: Progress = unwatched) -> None:
        """Write a consistent, encrypted copy of the live vault and its key header into one file."""
