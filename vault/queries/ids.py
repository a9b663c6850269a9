"""From the beginning of an id to the one id that begins so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.errors.campaigns import UnknownCampaign
from vault.errors.consent import UnknownGrant
from vault.errors.families import Invalid
from vault.errors.release import UnknownRelease
from vault.errors.requests import IdTooShort, UnknownRequest
from vault.store.tables import CampaignRow, GrantRow, HeldRow, RequestRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.requests.evaluate import StoredJob
    from vault.store.unit_of_work import UnitOfWork

SHORTEST_ID = 4


# ids ------------------------------------------------------------------------------------------------------


def full_id(ids: Sequence[str], beginning: str) -> str:
    """The one id that begins so, or empty; raises `IdTooShort`, and `Invalid` where several begin so."""
    if len(beginning) < SHORTEST_ID:
        raise IdTooShort(beginning=beginning, least=SHORTEST_ID)
    fitting = [one for one in ids if one.startswith(beginning.lower())]
    if len(fitting) > 1:
        raise Invalid(reason=f"{len(fitting)} ids begin with {beginning}; type more of it")
    return fitting[0] if fitting else ""


def full_request_id(uow: UnitOfWork, beginning: str) -> str:
    """The id of the request that begins so; raises `UnknownRequest`."""
    full = full_id([row.id for row in uow.find(RequestRow)], beginning)
    if not full:
        raise UnknownRequest(request=beginning)
    return full


def is_named(uow: UnitOfWork, drill: StoredJob, beginning: str) -> bool:
    """Whether the drill that lies open is the one whose id begins so among those of all requests."""
    return full_id([drill.row.id, *(row.id for row in uow.find(RequestRow))], beginning) == drill.row.id


def full_release_id(uow: UnitOfWork, beginning: str) -> str:
    """The id of the held update that begins so; raises `UnknownRelease`."""
    full = full_id([row.id for row in uow.find(HeldRow)], beginning)
    if not full:
        raise UnknownRelease(release=beginning)
    return full


def full_grant_id(uow: UnitOfWork, beginning: str) -> str:
    """The id of the consent that begins so; raises `UnknownGrant`."""
    full = full_id([row.id for row in uow.find(GrantRow)], beginning)
    if not full:
        raise UnknownGrant(grant=beginning)
    return full


def full_campaign_id(uow: UnitOfWork, beginning: str) -> str:
    """The id of the campaign that begins so; raises `UnknownCampaign`."""
    full = full_id([one for (one,) in uow.values(CampaignRow, ("id",))], beginning)
    if not full:
        raise UnknownCampaign(campaign=beginning)
    return full
