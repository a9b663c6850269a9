"""The noise tiers of a signed campaign in a folder, for whoever takes it in by hand and was told one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vault.requests.bundle import SIGNATURE_LIMIT, read_bounded
from vault.requests.campaign import (
    CAMPAIGN_FILE,
    CAMPAIGN_LIMIT,
    CAMPAIGN_SIGNATURE_FILE,
    campaign_digest,
    campaign_signature,
    signed_campaign,
)
from vault.requests.folders import check_campaign_there


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignTiers:
    """A campaign by its digest; ``noises`` are the noise multipliers of its tiers by name, None its own noise."""

    digest: str
    noises: Mapping[str | None, float]

    @property
    def has_tiers(self) -> bool:
        """Whether there is anything to choose."""
        return len(self.noises) > 1


def tiers_in(folder: Path) -> CampaignTiers:
    """The noise tiers of the campaign in a folder; raises ``CampaignTampered``, ``CampaignInvalid`` and such."""
    check_campaign_there(folder)
    data = read_bounded(folder / CAMPAIGN_FILE, CAMPAIGN_LIMIT)
    line = read_bounded(folder / CAMPAIGN_SIGNATURE_FILE, SIGNATURE_LIMIT)
    document = signed_campaign(data, campaign_signature(line))
    return CampaignTiers(digest=campaign_digest(data), noises=document.noises)
