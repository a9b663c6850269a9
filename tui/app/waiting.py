"""What the top line says of the vault: how much of the budget is used, and how many things wait for somebody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.couriers.carrying import waiting_for_couriers
from tui.widgets.standing import Standing

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession

NOTHING_SEEN: Final[tuple[int, tuple[tuple[str, int], ...]]] = (-1, ())
"""Of the trail and of couriers, before the first answer."""


def standing_of(vault: OwnerSession, couriers: Path) -> Standing:
    """The facts that change when the trail grows or a courier was on its way; what was approved waits until it ran."""
    status = vault.status()
    used = [line.used_percent for line in vault.budget() if line.requester is None]
    waiting = status.requests_waiting + status.campaigns_waiting + status.approved + status.held
    return Standing(
        used_percent=max(used) if used else None,
        waiting=waiting + waiting_for_couriers(couriers, vault),
    )
