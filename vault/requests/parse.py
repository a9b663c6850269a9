"""Manifests as bytes: parse them with every rule checked, write them, digest them."""

from __future__ import annotations

from typing import Final

from vault.errors.requests import ManifestInvalid
from vault.requests.canonical import NotCanonical, dump, parse_version
from vault.requests.encodings import encoding_faults
from vault.requests.manifest import VERSIONS, Manifest, RoundManifest
from vault.requests.shapes import grid_faults, oversize_faults
from vault.sealing.digest import sha256_hex

MANIFEST_LIMIT: Final = 256 * 1024
"""Bytes."""


def parse_manifest(data: bytes) -> Manifest:
    """The manifest in these bytes, all of its rules kept; raises ``ManifestInvalid``."""
    if len(data) > MANIFEST_LIMIT:
        raise ManifestInvalid(reason=f"it is larger than {MANIFEST_LIMIT // 1024} KiB")
    try:
        manifest = parse_version(VERSIONS, data)
    except NotCanonical as error:
        raise ManifestInvalid(reason=str(error)) from error
    for fault in oversize_faults(manifest) or grid_faults(manifest) or encoding_faults(manifest):
        raise ManifestInvalid(reason=fault)
    return manifest


def is_round(data: bytes) -> bool:
    """Whether a manifest names a campaign; no text in canonical JSON can hold these bytes."""
    return b'"campaign":{' in data


def parse_stored(data: bytes) -> Manifest:
    """The manifest of a job that was checked when it came in: one by itself, or a round of a campaign.

    Raises ``ManifestInvalid``.
    """
    if not is_round(data):
        return parse_manifest(data)
    try:
        return parse_version({2: RoundManifest}, data)
    except NotCanonical as error:
        raise ManifestInvalid(reason=str(error)) from error


def manifest_bytes(manifest: Manifest) -> bytes:
    """The canonical bytes that are signed and digested."""
    return dump(manifest)


def manifest_digest(data: bytes) -> str:
    """SHA-256 of the manifest's bytes, in hex: the job's name in consents, receipts and releases."""
    return sha256_hex(data)
