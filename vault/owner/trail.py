"""What an owner sees of the vault as a whole: its state, its budget and its trail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vault import history, overview, trail, upkeep
from vault.audit.entries import EntryType

if TYPE_CHECKING:
    from learner.protocol import ProbeResult
    from vault import views
    from vault.opening import OpenVault
    from vault.settings import Paths
    from vault.trail_views import BudgetPoint, TimelineGroup


class TrailActions:
    """The vault as a whole, its budget and its audit trail."""

    _opened: OpenVault

    def status(self) -> views.VaultStatus:
        """What the vault holds, what waits, and whether anything ever left."""
        with self._opened.read() as uow:
            return overview.status(uow, self._opened)

    def settle(self) -> None:
        """End what has expired and bring what a crash interrupted to a true state."""
        upkeep.settle(self._opened)

    def backup(self, target: Path) -> None:
        """Write a consistent, encrypted copy of the live vault and its key header into one file."""
        upkeep.check_new(self._opened, target)
        upkeep.write_backup(self._opened, target)
        # Recorded after the copy, so that here the copy is always the older one and can never outrun its original.
        self._opened.note(EntryType.EXPORT, clear={"profile": "backup"}, hidden={"target": target.name})

    def budget(self) -> list[views.BudgetLine]:
        """How much of each lifetime cap is spent, by collection and by requester."""
        with self._opened.read() as uow:
            return overview.budget(uow)

    def budget_history(self) -> list[BudgetPoint]:
        """Every charge ever made, the oldest first, with what was used of its collection's budget after it."""
        with self._opened.read() as uow:
            return history.budget_points(uow)

    def timeline(self, *, before: int | None = None, limit: int | None = None) -> list[TimelineGroup]:
        """The trail with each request's whole life together, the group in which something happened last first.

        With ``limit`` the newest so many entries alone, of those before the entry of number ``before``.
        """
        with self._opened.read() as uow:
            return history.timeline(uow, before=before, limit=limit)

    def audit_lines(self, *, newest: int | None = None) -> list[views.AuditLine]:
        """The trail, or its `newest` entries, one sentence an entry, the oldest first."""
        with self._opened.read() as uow:
            return trail.lines(uow, newest=newest)

    def verify_audit(self) -> views.AuditCheck:
        """Recompute the whole trail; raises `LogBroken`."""
        with self._opened.read() as uow:
            return trail.check(uow, self._opened)

    def export_audit(self, folder: Path) -> views.AuditCheck:
        """Write the trail as a bundle anybody can verify; it names no field, requester, file or value."""
        upkeep.check_new(self._opened, folder)
        self._opened.note(EntryType.EXPORT, clear={"profile": "audit"}, hidden={"target": folder.name})
        with self._opened.read() as uow:
            return trail.export(uow, self._opened, folder)

    def audit_key(self) -> str:
        """The verifier key (C2SP vkey) an auditor should get from the owner, not from the bundle."""
        return trail.verifier_key(self._opened)

    @staticmethod
    def probe_sandbox(paths: Paths) -> list[ProbeResult]:
        """Try, from inside a locked-in learner, everything it must not be able to do to this vault."""
        return upkeep.probe(paths)
