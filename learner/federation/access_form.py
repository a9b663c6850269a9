"""The form of what a folder of a courier or a mesh says of its access: commands make names and units of it.

A process that may be turned against its owner writes there.
"""

from __future__ import annotations

import re
from typing import Final

_CAMPAIGN: Final = re.compile("([0-9a-f]{32})?")
_KEY: Final = re.compile("[0-9a-f]{64}")


def check_campaign(campaign: str) -> None:
    """Raise ``ValueError`` for what is no vault's id of a campaign; none is known before a joining is done."""
    if not _CAMPAIGN.fullmatch(campaign):
        raise ValueError


def check_key(key: str) -> None:
    """Raise ``ValueError`` for what is no public key of a vault."""
    if not _KEY.fullmatch(key):
        raise ValueError
