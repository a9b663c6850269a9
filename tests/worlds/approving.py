"""Approving a request as it lies there now, for tests that are about something else."""

from __future__ import annotations

from typing import Any

from vault.owner.interface.owner import Owner


def approve(vault: Owner, request_id: str, **how: Any) -> None:
    """Approve the very manifest that is stored, under the consent that covers it if none is drafted."""
    found = vault.request(request_id)
    consent = None if how.get("draft") else found.decision.grant
    vault.approve(request_id, manifest_digest=found.manifest_digest, consent=consent, **how)
