"""The vault as a whole, through the process that has it open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.client.login import Remote
from vault.views.audit import AuditCheck, AuditLine
from vault.views.budget import BudgetLine
from vault.views.history import BudgetPoint, TimelineGroup
from vault.views.status import VaultStatus

if TYPE_CHECKING:
    from pathlib import Path


class RemoteTrail(Remote):
    """The vault as a whole, its budget and its audit trail."""

    def status(self) -> VaultStatus:
        """What the vault holds, what waits, and whether anything ever left."""
        return self._ask("status", VaultStatus)

    def settle(self) -> None:
        """End what has expired and bring what a crash interrupted to a true state."""
        self._tell("settle")

    def backup(self, target: Path) -> None:
        """Write a consistent, encrypted copy of the live vault and its key header into one file."""
        self._tell("backup", target=target)

    def budget(self) -> list[BudgetLine]:
        """How much of each lifetime cap is spent, by collection and by requester."""
        return self._ask("budget", list[BudgetLine])

    def budget_history(self) -> list[BudgetPoint]:
        """Every charge ever made, and what of its collection's budget was used after it."""
        return self._ask("budget_history", list[BudgetPoint])

    def audit_lines(self, *, newest: int | None = None) -> list[AuditLine]:
        """The trail, or its `newest` entries, one sentence an entry, the oldest first."""
        return self._ask("audit_lines", list[AuditLine], newest=newest)

    def timeline(self, *, before: int | None = None, limit: int | None = None) -> list[TimelineGroup]:
        """The trail by request, the newest first; of the newest entries before one alone where that is said."""
        return self._ask("timeline", list[TimelineGroup], before=before, limit=limit)

    def verify_audit(self) -> AuditCheck:
        """Recompute the whole trail; raises `LogBroken`."""
        return self._ask("verify_audit", AuditCheck)

    def export_audit(self, folder: Path) -> AuditCheck:
        """Write the trail as a bundle anybody can verify; it names no field, requester, file or value."""
        return self._ask("export_audit", AuditCheck, folder=folder)

    def audit_key(self) -> str:
        """The verifier key (C2SP vkey) an auditor should get from the owner, not from the bundle."""
        return self._ask("audit_key", str)
