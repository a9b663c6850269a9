"""With a campaign that is left, refused or withdrawn, what its courier or its mesh has of it ends as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.couriers.cut_off import end_cut_off_couriers, end_cut_off_meshes
from tui.couriers.door_tokens import end_tokens
from tui.text import carrying_facts, mesh_standing

if TYPE_CHECKING:
    from pathlib import Path

    from learner.federation.courier_folder import CourierFolder
    from learner.federation.mesh_folder import MeshFolder
    from vault.owner.interface.owner import Owner
    from vault.settings import Paths


def end_access(vault: Owner, paths: Paths, campaign: str) -> list[str]:
    """End the tokens that a courier or a mesh has for a campaign, and destroy what it kept; a sentence for each.

    What joinings of whatever campaign left that were cut off ends as well; every other token of their requester stays.
    Raises `Unavailable` where a folder cannot be removed; no token of it works then.
    """
    carried, meshed = _of_courier(paths.courier, campaign), _of_mesh(paths.mesh, campaign)
    end_tokens(vault, [*carried, *meshed])
    for courier in carried:
        courier.destroy()
    for mesh in meshed:
        mesh.destroy()
    end_cut_off_couriers(vault, paths.courier)
    end_cut_off_meshes(vault, paths.mesh)
    return [carrying_facts.ACCESS_ENDS] * bool(carried) + [mesh_standing.ACCESS_ENDS] * bool(meshed)


def _of_courier(home: Path, campaign: str) -> list[CourierFolder]:
    if not home.is_dir():
        return []
    from learner.federation.courier_folder import folders_of

    return folders_of(home, campaign)


def _of_mesh(home: Path, campaign: str) -> list[MeshFolder]:
    if not home.is_dir():
        return []
    from learner.federation.mesh_folder import folders_of, introductions_of

    found = folders_of(home, campaign)
    mine = [one for one in found if one.is_of(campaign)]
    return [*found, *(each for one in mine for each in introductions_of(home, one))]
