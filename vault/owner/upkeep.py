"""What an owner does with the vault as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.file_names import spelled
from vault.lifecycle.backup import check_new, packed_backup
from vault.owner.confirm_date import confirm_date
from vault.owner.interface.kinds import Progress, unwatched
from vault.owner.settle import settle
from vault.queries.date import date_view
from vault.queries.digest import digest, note_read
from vault.queries.status import vault_status
from vault.requests import drills
from vault.store.destination import already_recorded, held_place, move_to

if TYPE_CHECKING:
    from learner.protocol import ProbeResult
    from vault.audit.entries import Json
    from vault.lifecycle.opened import OpenVault
    from vault.settings import Paths
    from vault.views.date import DateView
    from vault.views.digest import Digest
    from vault.views.status import VaultStatus


class UpkeepActions:
    """Its state, settling it, copies of it, and trying the sandbox."""

    _opened: OpenVault

    def status(self) -> VaultStatus:
        with self._opened.read() as uow:
            return vault_status(uow, self._opened)

    def digest(self) -> Digest:
        with self._opened.read() as uow:
            return digest(uow, self._opened)

    def note_digest_read(self) -> None:
        with self._opened.act() as act:
            note_read(act)

    def date(self) -> DateView:
        with self._opened.read() as uow:
            return date_view(uow, self._opened)

    def confirm_date(self, today: str) -> DateView:
        with self._opened.act() as act:
            confirm_date(act, today)
        self.settle()
        return self.date()

    def set_drills(self, is_on: bool) -> None:
        with self._opened.act() as act:
            drills.turn(act, is_on=is_on)

    def settle(self) -> None:
        settle(self._opened)

    def backup(self, target: Path, *, progress: Progress = unwatched) -> None:
        check_new(self._opened, target)
        with packed_backup(self._opened, target, progress) as packed, held_place(target):
            # Recorded after the copy, so that here the copy is always the older one and can never outrun its
            # original, and before it is anywhere to be found.
            hidden: dict[str, Json] = {"target": spelled(target.name)}
            self._opened.note(EntryType.EXPORT, clear={"profile": "backup"}, hidden=hidden)
            with already_recorded(target):
                move_to(packed, target)

    @staticmethod
    def probe_sandbox(paths: Paths) -> list[ProbeResult]:
        """Try, from inside a locked-in learner, everything it must not be able to do to this vault."""
        from vault.training.probe import probe

        return probe(paths)
