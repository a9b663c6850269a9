"""Withdrawing a consent: what runs under it is stopped, what is held is destroyed, and its campaign is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault import unsent
from vault.consent import receipts
from vault.queries.consents import withdrawal_view
from vault.requests import campaigns
from vault.requests.lapsed import return_lapsed
from vault.training.stop import stop_under_withdrawn

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.views.consents import Withdrawal


def withdraw_consent(vault: OpenVault, grant_id: str, *, reason: str = "") -> Withdrawal:
    """Withdraw a consent by its whole id, and leave the campaign it was given for, if it was for one."""
    try:
        with vault.act() as act:
            receipts.withdraw_grant(act, grant_id)
            destroyed = unsent.destroy_held_under(act, grant_id)
            returned = return_lapsed(act)
            campaigns.note_left(act, grant_id, reason=reason)
            return withdrawal_view(act.uow, vault, grant_id, destroyed, returned)
    finally:
        # Whatever was raised: where it is withdrawn and only the reminder could not be written, it is withdrawn.
        stop_under_withdrawn(vault, grant_id)
