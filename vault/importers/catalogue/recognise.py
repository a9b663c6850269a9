"""Which known export a file is, by its content alone."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from vault.errors.records import Unreadable
from vault.importers.catalogue.bank import SHEETS as BANK_SHEETS
from vault.importers.catalogue.chats import is_chat
from vault.importers.catalogue.formats import FORMATS, find_part
from vault.importers.catalogue.mailbox import START as _MAIL
from vault.importers.catalogue.sheets import find_sheet
from vault.importers.catalogue.streams import digest_of_path, head_of, member_heads
from vault.importers.catalogue.timeline import shapes_of
from vault.importers.catalogue.wrist import FITBIT_SHEETS, GARMIN_SHEETS
from vault.importers.source import File

_ZIP: Final = b"PK\x03\x04"
_APPLE = re.compile(rb"<!DOCTYPE\s+HealthData\b|<HealthData[\s>]")
# What repeats holds on to what it took, so that no start of a file takes longer than its length.
_START: Final = rb"(?:\xef\xbb\xbf)?\s*+"
_XML_START: Final = _START + rb"(?:<\?xml[^>]*+>\s*+)?+(?:(?><!--.*?-->)\s*+)*+"
_FHIR = re.compile(
    _START
    + rb'\{[^{}]*"resourceType"\s*:\s*"(?:Bundle|Observation|Condition|Medication(?:Request|Statement|Administration)|'
    rb'Procedure|Immunization|AllergyIntolerance|Encounter|Patient)"'
)
_OFX = re.compile(_START + rb"(?:OFXHEADER\s*:|<\?xml[^>]*>\s*<\?OFX\b|<\?OFX\b|<OFX>)")
_QIF = re.compile(_START + rb"!(?:Type|Account|Option|Clear)\b[:\w ]*", re.IGNORECASE)
_GPX = re.compile(_XML_START + rb"<(?:\w++:)?gpx[\s>]", re.DOTALL)
_TCX = re.compile(_XML_START + rb"<TrainingCenterDatabase[\s>]", re.DOTALL)
_ICALENDAR = re.compile(_START + rb"BEGIN:VCALENDAR\b", re.IGNORECASE)
_VCARD = re.compile(_START + rb"BEGIN:VCARD\b", re.IGNORECASE)
_SPOTIFY = re.compile(_START + rb'\[\s*\{[^{}]*"(?:ms_played|msPlayed)"')

SIGNS: Final[tuple[tuple[str, Callable[[bytes], bool]], ...]] = (
    ("apple-health", lambda head: _APPLE.search(head) is not None),
    ("fitbit", lambda head: find_sheet(head, FITBIT_SHEETS) is not None),
    ("garmin", lambda head: find_sheet(head, GARMIN_SHEETS) is not None),
    ("google-timeline", lambda head: any(shapes_of(head))),
    ("fhir", lambda head: _FHIR.match(head) is not None),
    ("bank-csv", lambda head: find_sheet(head, BANK_SHEETS) is not None),
    ("ofx", lambda head: _OFX.match(head) is not None),
    ("qif", lambda head: _QIF.match(head) is not None),
    ("gpx", lambda head: _GPX.match(head) is not None),
    ("tcx", lambda head: _TCX.match(head) is not None),
    ("fit", lambda head: head[8:12] == b".FIT"),
    ("icalendar", lambda head: _ICALENDAR.match(head) is not None),
    ("spotify", lambda head: _SPOTIFY.match(head) is not None),
    ("whatsapp", is_chat),
    ("mbox", lambda head: _MAIL.match(b"\n" + head) is not None),
    ("vcard", lambda head: _VCARD.match(head) is not None),
)


def recognise(path: Path, name: str, part: str) -> File | None:
    """The known export that a file is, or that a zip holds, with the part that is wanted; None for any other file.

    Raises Unreadable for a damaged or hostile zip, Invalid for a part that the format has not.
    """
    head = head_of(path)
    known, member = _in_zip(path, name) if head.startswith(_ZIP) else (format_of(head), "")
    if known is None:
        return None
    chosen = find_part(FORMATS[known], part).name
    found = File(name=name, format=known, data=b"", path=path, member=member, whole=digest_of_path(path))
    return replace(found.of_part(chosen), is_named=bool(part))


def known_of(path: Path) -> str | None:
    """The known export that a file is, or that a zip holds; None for any other, and for what cannot be opened."""
    try:
        head = head_of(path)
        return _in_zip(path, path.name)[0] if head.startswith(_ZIP) else format_of(head)
    except (OSError, Unreadable):
        return None


def format_of(head: bytes) -> str | None:
    """The known export whose signs these first bytes carry."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", errors="ignore").encode(errors="ignore")
    return next((name for name, is_it in SIGNS if is_it(head)), None)


def _in_zip(path: Path, name: str) -> tuple[str | None, str]:
    archive = File(name=name, format="a known export", data=b"", path=path)
    for member, head in member_heads(archive):
        if known := format_of(head):
            return known, member
    return None, ""
