"""What an owner does with held updates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vault import release, unsent
from vault.queries.ids import full_release_id
from vault.queries.releases import release_view, release_views

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.views.releases import ReleaseView


class ReleaseActions:
    """Held updates and the one way out."""

    _opened: OpenVault

    def releases(self) -> list[ReleaseView]:
        with self._opened.read() as uow:
            return release_views(uow, self._opened)

    def release(self, release_id: str) -> ReleaseView:
        with self._opened.read() as uow:
            return release_view(uow, self._opened, full_release_id(uow, release_id))

    def send(self, release_id: str, *, confirm_digest: str, to: Path | None = None) -> ReleaseView:
        with self._opened.read() as uow:
            full = full_release_id(uow, release_id)
        release.send(self._opened, full, confirmed=confirm_digest, to=to)
        return self.release(full)

    def withhold(self, release_id: str) -> None:
        with self._opened.act() as act:
            unsent.withhold(act, full_release_id(act.uow, release_id))
