"""The forms of ids, keys and times in a folder of a courier or a mesh: commands make names, units and dates of them.

A process that may be turned against its owner writes there.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
YEARS: Final = range(2000, 9000)
"""A year that a clock may tell: what is reckoned with it stays a date."""

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


def check_time(stamp: str) -> None:
    """Raise ``ValueError`` for what is no time that a clock may tell; an empty one is none yet."""
    if stamp and datetime.strptime(stamp, TIME_FORMAT).replace(tzinfo=UTC).year not in YEARS:
        raise ValueError
