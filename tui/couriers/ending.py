"""With a campaign that is left, refused or withdrawn, what its courier or its mesh has of it ends as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.couriers.cut_off import end_cut_off_couriers, end_cut_off_meshes
from tui.couriers.door_tokens import end_tokens
from tui.text import carrying_facts, mesh_standing
from vault.errors.campaigns import OtherThanCampaign, UnknownCampaign
from vault.errors.requests import SHORTEST_ID, IdTooShort

if TYPE_CHECKING:
    from pathlib import Path

    from learner.federation.courier_folder import CourierFolder
    from learner.federation.mesh_folder import MeshFolder
    from vault.owner.interface.owner import Owner
    from vault.settings import Paths
    from vault.views.campaigns import CampaignView


def end_access(vault: Owner, paths: Paths, campaign: str) -> list[str]:
    """End the tokens that a courier or a mesh has for a campaign, and destroy what it kept; a sentence for each.

    The vault knows the token, and the campaign's digest its folders: what a turned courier writes there changes
    nothing. What joinings of whatever campaign left that were cut off ends as well; every other token of their
    requester stays. Raises `Unavailable` where a folder cannot be removed; no token of it works then.
    """
    digest = vault.end_campaign_token(campaign)
    carried, meshed = _of_courier(paths.courier, campaign, digest), _of_mesh(paths.mesh, campaign, digest)
    end_tokens(vault, [*carried, *meshed])  # those of a campaign that this vault does not know
    for courier in carried:
        courier.destroy()
    for mesh in meshed:
        mesh.destroy()
    end_cut_off_couriers(vault, paths.courier)
    end_cut_off_meshes(vault, paths.mesh)
    return [carrying_facts.ACCESS_ENDS] * bool(carried) + [mesh_standing.ACCESS_ENDS] * bool(meshed)


def check_length(beginning: str) -> None:
    """Raise `IdTooShort` for what could be the beginning of many ids."""
    if len(beginning) < SHORTEST_ID:
        raise IdTooShort(beginning=beginning, least=SHORTEST_ID)


def campaign_named(vault: Owner, beginning: str) -> CampaignView | None:
    """The campaign whose id begins so, as the vault knows it; None where it knows none."""
    try:
        return vault.campaign(beginning)
    except (UnknownCampaign, OtherThanCampaign, IdTooShort):
        return None


def campaign_called(vault: Owner, folder: Path) -> CampaignView | None:
    """The campaign by whose digest a folder is called, whatever stands in it; None where the vault knows none."""
    known = (vault.campaign(line.id) for line in vault.campaigns())
    return next((one for one in known if one.digest[:16] == folder.name), None)


def _of_courier(home: Path, campaign: str, digest: str) -> list[CourierFolder]:
    if not home.is_dir():
        return []
    from learner.federation.courier_folder import folders_of

    return folders_of(home, campaign, digest)


def _of_mesh(home: Path, campaign: str, digest: str) -> list[MeshFolder]:
    if not home.is_dir():
        return []
    from learner.federation.mesh_folder import folders_of, introductions_of

    found = folders_of(home, campaign, digest)
    return [*found, *(each for one in found for each in introductions_of(home, one))]
