"""With a campaign that is left or refused by a command, what its courier or its mesh has of it ends as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vault.settings import Paths


def end_access(paths: Paths, campaign: str) -> list[str]:
    """Destroy what a courier or a mesh has of a campaign that is left or refused; what was done, a sentence each."""
    from tui.couriers.carrying import dismissed
    from tui.couriers.meshes import dismissed_mesh
    from tui.text import carrying_facts, mesh_standing

    was_carried, was_meshed = dismissed(paths.courier, campaign), dismissed_mesh(paths.mesh, campaign)
    return [carrying_facts.ACCESS_ENDS] * was_carried + [mesh_standing.ACCESS_ENDS] * was_meshed
