"""What a vault signs by its key for one requester so that a coordinator enrols that key: whoever has it means it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vault.errors.families import Invalid
from vault.requests.campaign_tiers import check_tier
from vault.requests.enrolment_message import enrolment_message
from vault.requests.requesters import id_of, vault_key
from vault.store.tables import CampaignRow

if TYPE_CHECKING:
    from vault.sealing.keytree import KeyTree
    from vault.store.unit_of_work import UnitOfWork

_HEX: Final = re.compile("[0-9a-f]{64}", re.ASCII)


def public_key(text: str) -> bytes:
    """A public key from its digits; raises ``Invalid``."""
    if not _HEX.fullmatch(text):
        raise Invalid(reason="a public key has 64 hexadecimal digits")
    return bytes.fromhex(text)


def signed_enrolment(
    uow: UnitOfWork, keys: KeyTree, requester: bytes, *, campaign: str, code: str, tier: str | None
) -> tuple[bytes, bytes]:
    """The public key of this vault for a requester, known or not, and its signature.

    Raises ``Invalid``, and ``OtherTier`` where the campaign is here in another noise tier for good.
    """
    if not all(_HEX.fullmatch(one) for one in (campaign, code)):
        raise Invalid(reason="a campaign's digest and a code have 64 hexadecimal digits")
    for row in uow.find(CampaignRow, digest=campaign):
        check_tier(uow, row, tier)
    key = vault_key(keys, id_of(uow, keys, requester))
    return key.public, key.sign(enrolment_message(campaign, code))
