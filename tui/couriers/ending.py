"""With a campaign that is left, refused or withdrawn, what its courier or its mesh has of it ends as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.couriers.carrying import carried_here, dismissed
from tui.couriers.meshes import dismissed_mesh, meshes_here
from tui.text import carrying_facts, mesh_standing

if TYPE_CHECKING:
    from vault.owner.interface.owner import Owner
    from vault.settings import Paths


def end_access(vault: Owner, paths: Paths, campaign: str) -> list[str]:
    """End the tokens that a courier or a mesh has for a campaign, and destroy what it kept; a sentence for each.

    Every other token of their requester stays.
    """
    for one in (carried_here(paths.courier, None).get(campaign), meshes_here(paths.mesh).get(campaign)):
        if one is not None and one.access.door:
            vault.end_token(one.access.door)
    was_carried, was_meshed = dismissed(paths.courier, campaign), dismissed_mesh(paths.mesh, campaign)
    return [carrying_facts.ACCESS_ENDS] * was_carried + [mesh_standing.ACCESS_ENDS] * was_meshed
