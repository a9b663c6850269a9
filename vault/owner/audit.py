"""What an owner does with the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.file_names import spelled
from vault.lifecycle.backup import check_new
from vault.owner.interface.kinds import Progress, unwatched
from vault.queries import audit
from vault.queries.timeline import timeline
from vault.store.destination import already_recorded

if TYPE_CHECKING:
    from vault.audit.entries import Json
    from vault.lifecycle.opened import OpenVault
    from vault.views.audit import AuditCheck, AuditLine, HiddenField, Opening
    from vault.views.history import TimelineGroup, TrailFilter


class AuditActions:
    """Reading, verifying and exporting the trail."""

    _opened: OpenVault

    def audit_lines(self, *, newest: int | None = None) -> list[AuditLine]:
        with self._opened.read() as uow:
            return audit.lines(uow, newest=newest)

    def timeline(
        self, *, before: int | None = None, limit: int | None = None, about: TrailFilter | None = None
    ) -> list[TimelineGroup]:
        with self._opened.read() as uow:
            return timeline(uow, before=before, limit=limit, about=about)

    def verify_audit(self, *, progress: Progress = unwatched) -> AuditCheck:
        with self._opened.read() as uow:
            return audit.check(uow, self._opened, progress)

    def hidden_fields(self, seq: int) -> list[HiddenField]:
        with self._opened.read() as uow:
            return audit.hidden_fields(uow, seq)

    def export_audit(
        self,
        folder: Path,
        *,
        since: Sequence[int] = (),
        prove: Sequence[int] = (),
        progress: Progress = unwatched,
    ) -> AuditCheck:
        choice = self._checked(folder, audit.BundleChoice(since=since, prove=prove))
        self._opened.note(
            EntryType.EXPORT, clear={"profile": "audit"}, hidden={"target": spelled(folder.name)}
        )
        with self._opened.read() as uow, already_recorded(folder):
            return audit.export(uow, self._opened, folder, choice, progress)

    def disclose_audit(
        self,
        folder: Path,
        *,
        disclose: Sequence[Opening],
        since: Sequence[int] = (),
        prove: Sequence[int] = (),
        progress: Progress = unwatched,
    ) -> AuditCheck:
        choice = self._checked(folder, audit.BundleChoice(since=since, prove=prove, disclose=disclose))
        self._opened.require_mark()
        with self._opened.act() as act:
            for seq, names in choice.names().items():
                opened = f"entry {seq}: {', '.join(names)}"
                hidden: dict[str, Json] = {"target": spelled(folder.name), "opened": opened}
                act.record(EntryType.EXPORT, clear={"profile": "audit-disclosed"}, hidden=hidden)
        with self._opened.read() as uow, already_recorded(folder):
            return audit.export(uow, self._opened, folder, choice, progress)

    def _checked(self, folder: Path, choice: audit.BundleChoice) -> audit.BundleChoice:
        """The same choice, once all of it is there and there is room for the folder; before anything is recorded."""
        check_new(self._opened, folder)
        with self._opened.read() as uow:
            audit.check_choice(uow, choice)
        return choice

    def audit_key(self) -> str:
        return audit.verifier_key(self._opened)
