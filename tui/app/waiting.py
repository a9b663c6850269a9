"""What the top line says of the vault: how much of the budget is used, and how many things wait for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.couriers.carrying import last_written, waiting_for_couriers
from tui.widgets.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths
    from vault.views.runs import Pulse

NOTHING_SEEN: Final[tuple[int, tuple[tuple[str, int], ...]]] = (-1, ())
"""Of the trail and of couriers, before the first answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A pulse with what couriers and meshes had written before it; what is asked after its moment is newer than it."""

    pulse: Pulse
    written: tuple[tuple[str, int], ...]
    moment: float

    @property
    def seen(self) -> tuple[int, tuple[tuple[str, int], ...]]:
        """What screens are loaded again for, where it is another than before."""
        return self.pulse.audit_entries, self.written


def look_at(vault: OwnerSession, paths: Paths, clock: Callable[[], float], *, is_background: bool) -> Look:
    """Ask for what changes by itself."""
    written = last_written(paths.courier, paths.mesh)
    return Look(written=written, pulse=vault.pulse(is_background=is_background), moment=clock())


def standing_of(vault: OwnerSession, couriers: Path) -> Standing:
    """The facts that change when the trail grows or a courier was on its way; what was approved waits until it ran."""
    status = vault.status()
    used = [line.used_percent for line in vault.budget() if line.requester is None]
    waiting = status.requests_waiting + status.campaigns_waiting + status.approved + status.held
    return Standing(
        is_read_only=bool(status.read_only_because),
        used_percent=max(used) if used else None,
        waiting=waiting + waiting_for_couriers(couriers, vault),
    )
