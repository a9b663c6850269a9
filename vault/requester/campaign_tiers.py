"""The noise tiers of a signed campaign in a folder, for whoever takes it in by hand and was told one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vault.requests.campaign_file import read_signed_campaign
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
    found = read_signed_campaign(folder)
    return CampaignTiers(digest=found.digest, noises=found.document.noises)
