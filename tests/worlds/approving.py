"""Approving a request as it lies there now, for tests that are about something else."""

from __future__ import annotations

from typing import Any

from vault.owner.interface.owner import Owner


def approve(vault: Owner, request_id: str, **how: Any) -> None:
    """Approve the very manifest that is stored."""
    vault.approve(request_id, manifest_digest=vault.request(request_id).manifest_digest, **how)
