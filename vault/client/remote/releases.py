"""Held updates, through the process that has the vault open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.client.login import Remote
from vault.views.releases import ReleaseView

if TYPE_CHECKING:
    from pathlib import Path


class RemoteReleases(Remote):
    """Held updates and the one way out."""

    def releases(self) -> list[ReleaseView]:
        """Every update that was held, and what became of it."""
        return self._ask("releases", list[ReleaseView])

    def release(self, release_id: str) -> ReleaseView:
        """What would leave or has left; with the owner's own results once the decision is final."""
        return self._ask("release", ReleaseView, release_id=release_id)

    def send(self, release_id: str, *, confirm_digest: str, to: Path | None = None) -> ReleaseView:
        """Let a held update leave, proven by the passphrase: the only way anything leaves to anyone but the owner."""
        arguments = {"release_id": release_id, "confirm_digest": confirm_digest, "to": to}
        return self._caller.prove("send", ReleaseView, arguments, digest=self.release(release_id).digest)

    def withhold(self, release_id: str) -> None:
        """Keep a held update private for good; its bytes are deleted and its budget stays spent."""
        self._tell("withhold", release_id=release_id)
