"""Until when a job can be accepted: a vault takes none that has expired, and none for longer than a consent lasts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from vault.consent.grants import LONGEST
from vault.errors.requests import ManifestInvalid

if TYPE_CHECKING:
    from datetime import datetime

    from vault.requests.manifest import Manifest


def check_expiry(manifest: Manifest, now: datetime) -> None:
    """Refuse a job that has expired, or expires too late; raises ``ManifestInvalid``."""
    if now >= manifest.expires_at:
        raise ManifestInvalid(reason="it has expired")
    if manifest.expires_at - now > LONGEST:
        raise ManifestInvalid(reason=f"it expires more than {LONGEST // timedelta(days=1)} days from now")
