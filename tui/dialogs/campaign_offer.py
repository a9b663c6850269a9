"""A campaign as its dialog needs it, and what joining and leaving do, the courier included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui.couriers.carrying import Carried, carried_here, carry
from tui.couriers.decided import decided
from tui.couriers.ending import end_access
from tui.couriers.joining import let_in, signed_name
from tui.couriers.meshes import Meshed, meshes_here
from tui.text import campaign_facts, carrying_facts, wording
from tui.text.screen_words import on_screen
from vault.errors.families import LockboxError

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths
    from vault.views.campaigns import CampaignJoining, CampaignLeaving, CampaignLine, CampaignView


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A campaign with what joining it would write and what leaving it would end, each where it can be done.

    ``courier`` is how its courier stands and ``mesh`` how its mesh does, ``signed_as`` what its requester calls
    themselves where it came by an invitation, and ``warnings`` are what is wrong with the name that they have here.
    """

    campaign: CampaignView
    joining: CampaignJoining | None
    leaving: CampaignLeaving | None
    obstacle: str
    courier: Carried | None = None
    mesh: Meshed | None = None
    signed_as: str = ""
    warnings: tuple[str, ...] = ()


def prepare(vault: OwnerSession, campaign_id: str, paths: Paths) -> Offer:
    """Ask for all of it; why it cannot be joined now is said in the dialog."""
    found, joining, obstacle = vault.campaign(campaign_id), None, ""
    if found.line.state == "waiting":
        try:
            joining = vault.preview_join(campaign_id)
        except LockboxError as error:
            obstacle = found.obstacle or str(error)
    can_leave = found.line.state in campaign_facts.OPEN_STATES
    leaving = vault.preview_leave(campaign_id) if can_leave else None
    courier = carried_here(paths.courier, vault).get(found.line.id)
    return Offer(
        campaign=found,
        joining=joining,
        leaving=leaving,
        obstacle=obstacle,
        courier=courier,
        mesh=_mesh(vault, paths, found.line.id),
        signed_as="" if courier is None else signed_name(courier.folder),
        warnings=() if courier is None else _warnings(vault, found.line.requester),
    )


def _mesh(vault: OwnerSession, paths: Paths, campaign: str) -> Meshed | None:
    """How the mesh of a campaign stands; the vault is asked for its rounds where there is any mesh."""
    return meshes_here(paths.mesh, decided(vault.requests())).get(campaign) if paths.mesh.is_dir() else None


def _warnings(vault: OwnerSession, name: str) -> tuple[str, ...]:
    """What is wrong with a name that a person may have taken over from who asks."""
    found = (one for one in vault.requesters() if one.name == name)
    return tuple(
        warning for one in found for warning in wording.name_warnings(one.name, one.resembles, one.alphabets)
    )


def join(
    vault: OwnerSession,
    paths: Paths,
    offer: Offer,
    *,
    optional: frozenset[str],
    special: bool,
    unattended: bool,
) -> list[str]:
    """Join a campaign; where it came by an invitation a courier is let in before, and goes once. What was done."""
    found = offer.campaign
    courier = carried_here(paths.courier, None).get(found.line.id)
    if courier is not None and not courier.is_let_in:
        let_in(vault, courier.folder, courier.access.requester)
    vault.join_campaign(
        found.line.id,
        digest=found.digest,
        tier=found.tier,
        optional=optional,
        special_confirmed=special,
        unattended=unattended,
    )
    return [
        campaign_facts.joined(unattended=unattended),
        *([] if courier is None else _gone(vault, paths, found)),
    ]


def _gone(vault: OwnerSession, paths: Paths, found: CampaignView) -> list[str]:
    """Let the courier of a campaign that was joined go once; what keeps it from going undoes nothing."""
    told: list[Mapping[str, Any]] = []
    try:
        carry(vault, paths, carried_here(paths.courier, None)[found.line.id], told.append)
    except LockboxError as error:
        return [on_screen(error)]
    return [carrying_facts.what_it_did(told)]


def leave(vault: OwnerSession, paths: Paths, line: CampaignLine) -> CampaignLeaving:
    """Leave a campaign for good, and end what a courier or a mesh had of it."""
    done = vault.leave_campaign(line.id)
    end_access(vault, paths, line.id)
    return done
