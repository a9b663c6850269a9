"""Until when a campaign can be accepted: as long as a job of its last round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.errors.campaigns import CampaignInvalid
from vault.errors.requests import ManifestInvalid
from vault.requests.expiry import check_expiry

if TYPE_CHECKING:
    from datetime import datetime

    from vault.requests.campaign import CampaignDocument


def check_end(document: CampaignDocument, now: datetime) -> None:
    """Refuse a campaign whose last round is over, or that goes on for longer than a consent; `CampaignInvalid`."""
    try:
        check_expiry(document.job, now)
    except ManifestInvalid as error:
        raise CampaignInvalid(reason=str(error.facts["reason"])) from error
