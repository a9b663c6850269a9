"""What an owner does with the audit trail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.file_names import spelled
from vault.lifecycle.backup import check_new
from vault.owner.interface.kinds import Progress, unwatched
from vault.queries import audit
from vault.queries.timeline import timeline

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.views.audit import AuditCheck, AuditLine
    from vault.views.history import TimelineGroup


class AuditActions:
    """Reading, verifying and exporting the trail."""

    _opened: OpenVault

    def audit_lines(self, *, newest: int | None = None) -> list[AuditLine]:
        with self._opened.read() as uow:
            return audit.lines(uow, newest=newest)

    def timeline(self, *, before: int | None = None, limit: int | None = None) -> list[TimelineGroup]:
        with self._opened.read() as uow:
            return timeline(uow, before=before, limit=limit)

    def verify_audit(self, *, progress: Progress = unwatched) -> AuditCheck:
        with self._opened.read() as uow:
            return audit.check(uow, self._opened, progress)

    def export_audit(self, folder: Path) -> AuditCheck:
        check_new(self._opened, folder)
        self._opened.note(
            EntryType.EXPORT, clear={"profile": "audit"}, hidden={"target": spelled(folder.name)}
        )
        with self._opened.read() as uow:
            return audit.export(uow, self._opened, folder)

    def audit_key(self) -> str:
        return audit.verifier_key(self._opened)
