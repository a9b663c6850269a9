"""Bring what time or a crash left open to a true state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.consent.receipts import expire_grants
from vault.release import expire_held
from vault.requests.inbox import expire as expire_requests
from vault.training.interrupted import settle_interrupted

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.lifecycle.opened import OpenVault


def settle(vault: OpenVault) -> None:
    """Bring every request, held update and consent to its true state, each with its audit entry."""
    vault.settle(lambda act: _settle(act, vault))


def _settle(act: AuditedTransaction, vault: OpenVault) -> None:
    settle_interrupted(act, vault.running)
    expire_requests(act)
    expire_held(act)
    expire_grants(act)
