"""A signed campaign as it lies in a folder: its bytes, once the signature beside them holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vault.requests.bundle import SIGNATURE_LIMIT, read_bounded
from vault.requests.campaign import (
    CAMPAIGN_FILE,
    CAMPAIGN_LIMIT,
    CAMPAIGN_SIGNATURE_FILE,
    CampaignDocument,
    campaign_digest,
    campaign_signature,
    signed_campaign,
)

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFile:
    """What the bytes say, their digest, they themselves, and the line of their signature."""

    document: CampaignDocument
    digest: str
    data: bytes
    signature: bytes


def read_signed_campaign(folder: Path) -> CampaignFile:
    """The signed campaign in a folder; raises ``FileMissing``, ``CampaignTampered`` and ``CampaignInvalid``."""
    data = read_bounded(folder / CAMPAIGN_FILE, CAMPAIGN_LIMIT)
    line = read_bounded(folder / CAMPAIGN_SIGNATURE_FILE, SIGNATURE_LIMIT)
    document = signed_campaign(data, campaign_signature(line))
    return CampaignFile(document=document, digest=campaign_digest(data), data=data, signature=line)
