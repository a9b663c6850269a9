"""Every known export, in the order in which `lockbox formats` lists them."""

from __future__ import annotations

from typing import Final

from vault.errors.families import Invalid
from vault.importers.catalogue.apple_schema import APPLE_HEALTH
from vault.importers.catalogue.calendar_schema import ICALENDAR, SPOTIFY
from vault.importers.catalogue.fhir_schema import FHIR
from vault.importers.catalogue.money_schema import BANK, OFX, QIF
from vault.importers.catalogue.people_schema import MBOX, VCARD, WHATSAPP
from vault.importers.catalogue.schema import KnownFormat, Part
from vault.importers.catalogue.timeline_schema import TIMELINE
from vault.importers.catalogue.tracks_schema import FIT, GPX, TCX
from vault.importers.catalogue.wrist_schema import FITBIT, GARMIN

FORMATS: Final[dict[str, KnownFormat]] = {
    one.name: one
    for one in (
        APPLE_HEALTH,
        FITBIT,
        GARMIN,
        TIMELINE,
        FHIR,
        BANK,
        OFX,
        QIF,
        GPX,
        TCX,
        FIT,
        ICALENDAR,
        SPOTIFY,
        WHATSAPP,
        MBOX,
        VCARD,
    )
}
SHOWN_PARTS: Final = 12


def find_format(name: str | None) -> KnownFormat:
    """The known export of this name; raises Invalid where there is none."""
    if name not in FORMATS:
        raise Invalid(reason=f"there is no known export {name}, only {', '.join(FORMATS)}")
    return FORMATS[name]


def find_part(known: KnownFormat, name: str) -> Part:
    """The part of this name; raises Invalid where the format has none."""
    part = known.part(name)
    if part is None:
        names = ", ".join(one.name for one in known.parts[:SHOWN_PARTS])
        more = " and more" if len(known.parts) > SHOWN_PARTS else ""
        raise Invalid(
            reason=f"{known.title} has no part {name}, only {names}{more}; see: lockbox formats {known.name}"
        )
    return part
