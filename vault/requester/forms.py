"""The closed forms in which parties of a campaign speak: canonical JSON, its values, and the parts of a release."""

from __future__ import annotations

from vault.requests.bundle import SIGNATURE_LIMIT
from vault.requests.canonical import NotCanonical, Wire, canonical, dump, parse_as, parse_version, rule
from vault.requests.enrolment_message import enrolment_message
from vault.requests.parse import MANIFEST_LIMIT
from vault.requests.release_manifest import RELEASE_LIMIT, UPDATE_LIMIT
from vault.requests.values import TIER_NAME, Digest, Name, PublicKey, Signature, TierName
from vault.sealing.signing import is_signed_by
from vault.strict_base64 import from_base64

__all__ = [
    "MANIFEST_LIMIT",
    "RELEASE_LIMIT",
    "SIGNATURE_LIMIT",
    "TIER_NAME",
    "UPDATE_LIMIT",
    "Digest",
    "Name",
    "NotCanonical",
    "PublicKey",
    "Signature",
    "TierName",
    "Wire",
    "canonical",
    "dump",
    "enrolment_message",
    "from_base64",
    "is_signed_by",
    "parse_as",
    "parse_version",
    "rule",
]
