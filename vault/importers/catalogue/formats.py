"""Every known export, in the order in which `lockbox formats` lists them."""

from __future__ import annotations

from typing import Final

from vault.importers.catalogue.apple_schema import APPLE_HEALTH
from vault.importers.catalogue.schema import KnownFormat

FORMATS: Final[dict[str, KnownFormat]] = {one.name: one for one in (APPLE_HEALTH,)}
