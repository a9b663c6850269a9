"""The noise tier in which this vault is asked by a campaign: it can be corrected until the campaign is joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vault.audit.entries import EntryType
from vault.budget.ledger import check_rounds_payable
from vault.errors.campaigns import OWN_NOISE, OtherTier
from vault.requests.campaign import campaign_digest, signed_campaign
from vault.requests.requesters import find_by_key, not_blocked
from vault.requests.stored_campaigns import rounds_of, signed_document
from vault.requests.translate import mechanism
from vault.store.tables import CampaignRow
from vault.views.states import CampaignState

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.store.unit_of_work import UnitOfWork

BY_HAND: Final = "by hand"
BY_INVITATION: Final = "by another invitation"
_MOVABLE: Final = (CampaignState.WAITING, CampaignState.JOINED)


def in_other_tier(uow: UnitOfWork, data: bytes, signature: bytes, tier: str | None) -> CampaignRow | None:
    """The campaign in these bytes where it waits here in another noise tier than this one, and may be moved.

    None where it is not here, is in this tier, or is over for its owner. Raises `OtherTier` once it was joined or a
    round came, `RequesterBlocked`, and what is wrong with the bytes.
    """
    for row in uow.find(CampaignRow, digest=campaign_digest(data)):
        if row.tier != tier and row.state in _MOVABLE:
            not_blocked(find_by_key(uow, bytes.fromhex(signed_campaign(data, signature).job.requester.key)))
            check_tier(uow, row, tier)
            return row
    return None


def check_tier(uow: UnitOfWork, row: CampaignRow, tier: str | None) -> None:
    """Refuse another noise tier than that of a campaign here once it was joined or a round came; raises `OtherTier`."""
    is_new = row.state is CampaignState.WAITING and not rounds_of(uow, row)
    if row.tier != tier and not is_new:
        raise OtherTier(here=row.tier or OWN_NOISE)


def set_tier(act: AuditedTransaction, row: CampaignRow, tier: str | None, *, by: str) -> None:
    """Let a campaign wait in another noise tier, which `check_tier` allowed; raises `NoSuchTier`.

    `by` says for the trail what assigned it; also raises `BudgetExhausted` for a price that no vault can pay.
    """
    if row.tier == tier:
        return
    document = signed_document(row).at_tier(tier)
    check_rounds_payable(mechanism(document.job), document.rounds)
    row.tier = tier
    what = f"the noise tier of campaign {row.id[:8]}, {by}: {tier or OWN_NOISE}"
    act.record(EntryType.SETTINGS_CHANGE, hidden={"what": what})
