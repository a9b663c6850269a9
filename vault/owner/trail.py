"""What an owner sees of the vault as a whole: its state, its budget and its trail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.lifecycle.backup import check_new, write_backup
from vault.owner.settle import settle
from vault.queries import audit
from vault.queries.budget import budget_lines
from vault.queries.budget_history import budget_points
from vault.queries.status import vault_status
from vault.queries.timeline import timeline
from vault.training.probe import probe

if TYPE_CHECKING:
    from learner.protocol import ProbeResult
    from vault.lifecycle.opened import OpenVault
    from vault.settings import Paths
    from vault.views.audit import AuditCheck, AuditLine
    from vault.views.budget import BudgetLine
    from vault.views.history import BudgetPoint, TimelineGroup
    from vault.views.status import VaultStatus


class TrailActions:
    """The vault as a whole, its budget and its audit trail."""

    _opened: OpenVault

    def status(self) -> VaultStatus:
        """What the vault holds, what waits, and whether anything ever left."""
        with self._opened.read() as uow:
            return vault_status(uow, self._opened)

    def settle(self) -> None:
        """End what has expired and bring what a crash interrupted to a true state."""
        settle(self._opened)

    def backup(self, target: Path) -> None:
        """Write a consistent, encrypted copy of the live vault and its key header into one file."""
        check_new(self._opened, target)
        write_backup(self._opened, target)
        # Recorded after the copy, so that here the copy is always the older one and can never outrun its original.
        self._opened.note(EntryType.EXPORT, clear={"profile": "backup"}, hidden={"target": target.name})

    def budget(self) -> list[BudgetLine]:
        """How much of each lifetime cap is spent, by collection and by requester."""
        with self._opened.read() as uow:
            return budget_lines(uow)

    def budget_history(self) -> list[BudgetPoint]:
        """Every charge ever made, the oldest first, with what was used of its collection's budget after it."""
        with self._opened.read() as uow:
            return budget_points(uow)

    def timeline(self, *, before: int | None = None, limit: int | None = None) -> list[TimelineGroup]:
        """The trail with each request's whole life together, the group in which something happened last first.

        With ``limit`` the newest so many entries alone, of those before the entry of number ``before``.
        """
        with self._opened.read() as uow:
            return timeline(uow, before=before, limit=limit)

    def audit_lines(self, *, newest: int | None = None) -> list[AuditLine]:
        """The trail, or its `newest` entries, one sentence an entry, the oldest first."""
        with self._opened.read() as uow:
            return audit.lines(uow, newest=newest)

    def verify_audit(self) -> AuditCheck:
        """Recompute the whole trail; raises `LogBroken`."""
        with self._opened.read() as uow:
            return audit.check(uow, self._opened)

    def export_audit(self, folder: Path) -> AuditCheck:
        """Write the trail as a bundle anybody can verify; it names no field, requester, file or value."""
        check_new(self._opened, folder)
        self._opened.note(EntryType.EXPORT, clear={"profile": "audit"}, hidden={"target": folder.name})
        with self._opened.read() as uow:
            return audit.export(uow, self._opened, folder)

    def audit_key(self) -> str:
        """The verifier key (C2SP vkey) an auditor should get from the owner, not from the bundle."""
        return audit.verifier_key(self._opened)

    @staticmethod
    def probe_sandbox(paths: Paths) -> list[ProbeResult]:
        """Try, from inside a locked-in learner, everything it must not be able to do to this vault."""
        return probe(paths)
