"""The message that enrols a key, for both ends; apart, so that a coordinator has it without the store of a vault."""

from __future__ import annotations

from typing import Final

ENROLMENT_DOMAIN: Final = b"lockbox enrolment of a key v1\n"
"""Goes before a campaign's digest and an invitation's code, 32 bytes each, in what is signed."""


def enrolment_message(campaign: str, code: str) -> bytes:
    """What the key that enrols signs, from the digest of the campaign and the code of the invitation in hex."""
    return ENROLMENT_DOMAIN + bytes.fromhex(campaign) + bytes.fromhex(code)
