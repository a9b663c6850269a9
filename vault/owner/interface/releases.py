"""Held updates and the one way out."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from vault.owner.interface.kinds import proven
from vault.views.releases import ReleaseView


class Releases(Protocol):
    """Held updates and the one way out."""

    def releases(self) -> list[ReleaseView]:
        """Every update that was held, and what became of it."""

    def release(self, release_id: str) -> ReleaseView:
        """What would leave or has left; with the owner's own results once the decision is final."""

    @proven
    def send(self, release_id: str, *, confirm_digest: str, to: Path | None = None) -> ReleaseView:
        """Let a held update leave to a folder: the only way anything leaves to anyone but the owner.

        Without a folder its requester alone can fetch it, with a token and for 90 days, from the vault itself.
        """

    @proven
    def withhold(self, release_id: str) -> None:
        """Keep a held update private for good; its bytes are deleted and its budget stays spent."""
