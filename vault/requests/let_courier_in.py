"""Take in a campaign with whoever asks by it, and let their courier in: all of it or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.errors.keys import KeyNotShown
from vault.requests import campaigns, requesters, tokens
from vault.requests.campaign import campaign_digest, signed_campaign
from vault.requests.campaign_tiers import BY_INVITATION, check_tier, set_tier
from vault.requests.stored_campaigns import show
from vault.sealing.signing import fingerprint as fingerprint_of
from vault.store.tables import CampaignRow, RequesterRow
from vault.views.campaigns import CourierAccess

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.errors.families import Refused


def let_in(
    act: AuditedTransaction, data: bytes, signature: bytes, *, name: str, fingerprint: str, with_access: bool,
    tier: str | None,
) -> CourierAccess | Refused:  # fmt: skip
    """Let in who goes for the requester of a campaign; returns the standing word that refuses it, if one does.

    The courier gets a token only ``with_access``: before, its campaign is looked at. With it the one that was made for
    the campaign before ends. ``tier`` is that of the invitation.

    Raises ``KeyNotShown``, what ``requesters.add`` does, of a campaign that is not here yet what ``take_in`` does, and
    ``OtherTier`` of one that is.
    """
    asker = signed_campaign(data, signature).job.requester
    key = bytes.fromhex(asker.key)
    if fingerprint_of(key) != fingerprint:
        raise KeyNotShown(fingerprint=fingerprint_of(key))
    known = act.uow.find(RequesterRow, key=key)
    row = known[0] if known else requesters.add(act, name=name, key=key)
    campaign, refusal = _taken_in(act, data, signature, tier)
    if refusal is not None:
        return refusal
    return CourierAccess(
        campaign=campaign,
        requester=row.name,
        theirs=asker.name,
        is_added=not known,
        fingerprint=fingerprint,
        token=tokens.issue(act, row.name, campaign=campaign) if with_access else "",
        state=show(act.uow, campaign).state.value,
    )


def _taken_in(
    act: AuditedTransaction, data: bytes, signature: bytes, tier: str | None
) -> tuple[str, Refused | None]:
    """The id of a campaign here, which may have come in before, and the standing word that refuses it."""
    for row in act.uow.find(CampaignRow, digest=campaign_digest(data)):
        check_tier(act.uow, row, tier)
        set_tier(act, row, tier, by=BY_INVITATION)
        return row.id, None
    return campaigns.take_in(act, data, signature, tier=tier)
