"""The audit trail: reading, verifying and exporting it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from vault.owner.interface.kinds import Progress, proven, unwatched, watched
from vault.views.audit import AuditCheck, AuditLine, HiddenField, Opening
from vault.views.history import TimelineGroup, TrailFilter


class Audit(Protocol):
    """The audit trail: reading, verifying and exporting it."""

    def audit_lines(self, *, newest: int | None = None) -> list[AuditLine]:
        """The trail, or its `newest` entries, one sentence an entry, the oldest first."""

    def timeline(
        self, *, before: int | None = None, limit: int | None = None, about: TrailFilter | None = None
    ) -> list[TimelineGroup]:
        """The trail with each request's whole life together, the group in which something happened last first.

        With ``limit`` the newest so many entries alone, of those before the entry of number ``before``; with ``about``
        of those of a requester, a collection or an outcome. Raises `UnknownRequester`.
        """

    @watched
    def verify_audit(self, *, progress: Progress = unwatched) -> AuditCheck:
        """Recompute the whole trail; raises `LogBroken`."""

    def hidden_fields(self, seq: int) -> list[HiddenField]:
        """What an entry hides and the vault can still open; raises `Invalid` for one that is not there."""

    @watched
    def export_audit(
        self,
        folder: Path,
        *,
        since: Sequence[int] = (),
        prove: Sequence[int] = (),
        progress: Progress = unwatched,
    ) -> AuditCheck:
        """Write the trail as a bundle anybody can verify; it names no field, requester, file or value.

        With `since` it proves that it goes on from earlier sizes, with `prove` that single entries are in it. Raises
        `Invalid` for what is not there.
        """

    @proven
    @watched
    def disclose_audit(
        self,
        folder: Path,
        *,
        disclose: Sequence[Opening],
        since: Sequence[int] = (),
        prove: Sequence[int] = (),
        progress: Progress = unwatched,
    ) -> AuditCheck:
        """Write the same bundle with chosen hidden fields readable for whoever gets it.

        Every entry of which something is opened gets an entry on the trail. Raises `Invalid` for what is not there.
        """

    def audit_key(self) -> str:
        """The verifier key (C2SP vkey) an auditor should get from the owner, not from the bundle."""
