"""The vault as a whole: its state, settling it, and copies of it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from vault.owner.interface.kinds import Progress, unwatched, watched
from vault.views.status import VaultStatus


class Upkeep(Protocol):
    """The vault as a whole: its state, settling it, and copies of it."""

    def status(self) -> VaultStatus:
        """What the vault holds, what waits, and whether anything ever left."""

    def settle(self) -> None:
        """End what has expired and bring what a crash interrupted to a true state."""

    @watched
    def backup(self, target: Path, *, progress: Progress = unwatched) -> None:
        """Write a consistent, encrypted copy of the live vault and its key header into one file."""
