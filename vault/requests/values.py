"""The values that stand in signed JSON: texts, ids, keys, times and numbers, each with its rule."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from vault.requests.canonical import rule
from vault.requests.text import NAME_LIMIT, TEXT_LIMIT, text_faults
from vault.views.purposes import PURPOSES

TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
TIER_NAME: Final = re.compile("[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
"""Of a noise tier: it stands in lines of a log that are read by their form alone."""


def _clean_name(text: str) -> str:
    for fault in text_faults(text, limit=NAME_LIMIT):
        raise rule(fault)
    return text


def _clean_text(text: str) -> str:
    for fault in text_faults(text, limit=TEXT_LIMIT):
        raise rule(fault)
    return text


def _field_name(text: str) -> str:
    if text.startswith("_"):
        raise rule("begins with an underscore, which names of the vault's own columns do")
    return _clean_name(text)


def _purpose(iri: str) -> str:
    if iri not in PURPOSES:
        raise rule("is not one of the purposes that lockbox knows")
    return iri


def _moment(text: str) -> str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", text):
        raise rule("is not a time like 2026-01-02T03:04:05Z")
    try:
        moment(text)
    except ValueError as error:
        raise rule("is not a time that exists") from error
    return text


def _unit(text: str) -> str:
    if text in ("record", "day"):
        return text
    if not text.startswith("column:"):
        raise rule("is not record, day or column:NAME")
    _field_name(text.removeprefix("column:"))
    return text


def _tier_name(text: str) -> str:
    if not TIER_NAME.fullmatch(text):
        raise rule("is not 1 to 32 small letters, digits and hyphens")
    return text


def _hex(digits: int) -> AfterValidator:
    pattern = re.compile(f"[0-9a-f]{{{digits}}}")

    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise rule(f"is not {digits} lower-case hexadecimal digits")
        return text

    return AfterValidator(check)


Name = Annotated[str, AfterValidator(_clean_name)]
Text = Annotated[str, AfterValidator(_clean_text)]
FieldName = Annotated[str, AfterValidator(_field_name)]
Moment = Annotated[str, AfterValidator(_moment)]
PurposeIri = Annotated[str, AfterValidator(_purpose)]
TierName = Annotated[str, AfterValidator(_tier_name)]
Unit = Annotated[str, AfterValidator(_unit)]
Id = Annotated[str, _hex(32)]
Digest = Annotated[str, _hex(64)]
PublicKey = Annotated[str, _hex(64)]
Signature = Annotated[str, _hex(128)]
Amount = Annotated[float, Field(allow_inf_nan=False, ge=-1e12, le=1e12)]
Scale = Annotated[float, Field(allow_inf_nan=False, ge=1e-9, le=1e12)]
Clip = Annotated[float, Field(allow_inf_nan=False, ge=1e-3, le=1e3)]


def moment(text: str) -> datetime:
    """The aware moment a manifest names; raises ``ValueError`` for one that does not exist."""
    return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
