"""From the beginning of an id to the one id that begins so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vault.errors.campaigns import OtherThanCampaign, UnknownCampaign
from vault.errors.consent import OtherThanConsent, UnknownGrant
from vault.errors.families import Invalid
from vault.errors.release import NoResultYet, UnknownRelease
from vault.errors.requests import SHORTEST_ID, IdTooShort, OtherThanRequest, UnknownRequest
from vault.requests.states import in_words
from vault.store.tables import CampaignRow, GrantRow, HeldRow, RequestRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vault.requests.evaluate import StoredJob
    from vault.store.unit_of_work import UnitOfWork

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
        what = _other(uow, beginning)
        raise OtherThanRequest(request=beginning, what=what) if what else UnknownRequest(request=beginning)
    return full


def is_named(uow: UnitOfWork, drill: StoredJob, beginning: str) -> bool:
    """Whether the drill that lies open is the one whose id begins so among those of all requests."""
    return full_id([drill.row.id, *(row.id for row in uow.find(RequestRow))], beginning) == drill.row.id


def full_release_id(uow: UnitOfWork, beginning: str) -> str:
    """The id of the held update that begins so; raises `UnknownRelease`."""
    full = full_id([row.id for row in uow.find(HeldRow)], beginning)
    if not full:
        state = _state_of(uow, beginning)
        raise NoResultYet(release=beginning, state=state) if state else UnknownRelease(release=beginning)
    return full


def full_grant_id(uow: UnitOfWork, beginning: str) -> str:
    """The id of the consent that begins so; raises `UnknownGrant`."""
    full = full_id([row.id for row in uow.find(GrantRow)], beginning)
    if not full:
        what = _other(uow, beginning)
        raise OtherThanConsent(grant=beginning, what=what) if what else UnknownGrant(grant=beginning)
    return full


def full_campaign_id(uow: UnitOfWork, beginning: str) -> str:
    """The id of the campaign that begins so; raises `UnknownCampaign`."""
    full = full_id([one for (one,) in uow.values(CampaignRow, ("id",))], beginning)
    if not full:
        what = _other(uow, beginning)
        raise (
            OtherThanCampaign(campaign=beginning, what=what) if what else UnknownCampaign(campaign=beginning)
        )
    return full


def is_campaign(uow: UnitOfWork, beginning: str) -> bool:
    """Whether a campaign has the one id that begins so."""
    return _other(uow, beginning) == _KINDS[CampaignRow]


_KINDS: Final[Mapping[type[RequestRow | CampaignRow | GrantRow], str]] = {
    RequestRow: "a request",
    CampaignRow: "a campaign",
    GrantRow: "a consent",
}


def _other(uow: UnitOfWork, beginning: str) -> str:
    """What has the one id that begins so, empty where nothing has it or several have."""
    found = [
        what
        for kind, what in _KINDS.items()
        for (one,) in uow.values(kind, ("id",))
        if one.startswith(beginning.lower())
    ]
    return found[0] if len(found) == 1 else ""


def _state_of(uow: UnitOfWork, beginning: str) -> str:
    """Where the one request stands whose id begins so; empty where there is none."""
    found = [row.state for row in uow.find(RequestRow) if row.id.startswith(beginning.lower())]
    return in_words(found[0]) if len(found) == 1 else ""
