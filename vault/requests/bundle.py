"""A job as it travels: ``manifest.json``, ``manifest.sig`` and ``weights.safetensors`` in one folder."""

from __future__ import annotations

import base64
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vault.errors.families import Invalid
from vault.errors.records import FileMissing
from vault.errors.requests import ManifestInvalid, ManifestTampered, WeightsInvalid
from vault.requests.canonical import NotCanonical, read_object, version_of
from vault.requests.folders import JOB, check_job_there
from vault.requests.parse import MANIFEST_LIMIT
from vault.sealing.signing import SIGNATURE_BYTES, is_signed_by
from vault.strict_base64 import from_base64

MANIFEST_FILE, SIGNATURE_FILE = JOB
WEIGHTS_FILE: Final = "weights.safetensors"

JOB_DOMAINS: Final[Mapping[int, bytes]] = {
    1: b"lockbox job manifest v1\n",
    2: b"lockbox job manifest v2\n",
}
"""Goes before the bytes of a manifest of each version in what is signed: no other signature can stand for a job's."""

SIGNATURE_LIMIT: Final = 256
"""Bytes of the signature file."""
WEIGHTS_LIMIT: Final = 4 * 1024 * 1024
"""Bytes: 1,000,000 parameters of 4 bytes and a header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFiles:
    """The three files of a job, as bytes; the signature is the 64 raw bytes of its line."""

    manifest: bytes
    signature: bytes
    weights: bytes


def read_job(folder: Path) -> JobFiles:
    """The job in a folder, nothing but its sizes and the form of its signature checked.

    Raises ``FileMissing``, ``HoldsCampaign``, ``HoldsNeither``, ``NotSigned``,
    ``ManifestTampered``, and ``Invalid`` for what is not a file of the allowed size.
    """
    if folder.exists() and not folder.is_dir():
        raise Invalid(reason=f"{folder.name} is not a folder; a job is one, as lockbox job new makes it")
    if not folder.exists():
        raise FileMissing(path=folder)
    check_job_there(folder)
    manifest = read_bounded(folder / MANIFEST_FILE, MANIFEST_LIMIT)
    line = read_bounded(folder / SIGNATURE_FILE, SIGNATURE_LIMIT)
    weights = read_bounded(folder / WEIGHTS_FILE, WEIGHTS_LIMIT)
    return JobFiles(manifest=manifest, signature=_signature(line), weights=weights)


def check_sizes(job: JobFiles) -> None:
    """Refuse oversize parts before anything is computed with them, wherever they came from."""
    if len(job.manifest) > MANIFEST_LIMIT:
        raise ManifestInvalid(reason=f"it is larger than {MANIFEST_LIMIT // 1024} KiB")
    if len(job.weights) > WEIGHTS_LIMIT:
        raise WeightsInvalid(reason=f"the file is larger than {WEIGHTS_LIMIT // 1024} KiB")


def check_signature(job: JobFiles) -> bytes:
    """The requester's public key, once the manifest's signature verifies under it.

    The key is named inside the manifest; all that is known of the manifest before the signature holds is that it is
    bounded canonical JSON with a version and a key in it. Raises ``ManifestInvalid`` or ``ManifestTampered``.
    """
    domain, key = _named_signer(job.manifest)
    if not is_signed_by(key, domain + job.manifest, job.signature):
        raise ManifestTampered()
    return key


def signature_line(signature: bytes) -> bytes:
    """The content of a signature file: one line of base64."""
    return base64.b64encode(signature) + b"\n"


def parse_signature_line(line: bytes) -> bytes:
    """The 64 bytes of a signature file; ``ValueError`` unless it is what ``signature_line`` writes."""
    try:
        signature = from_base64(line[:-1].decode("ascii"))
    except ValueError as error:
        raise ValueError("the signature is not one line of base64") from error
    if len(signature) != SIGNATURE_BYTES or signature_line(signature) != line:
        raise ValueError("the signature is not one line of base64")
    return signature


def read_bounded(path: Path, limit: int) -> bytes:
    """A regular file of at most ``limit`` bytes; raises ``FileMissing`` or ``Invalid``."""
    try:
        # Without O_NONBLOCK a named pipe in a stranger's folder would hang the vault.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise FileMissing(path=path) from error
    except OSError as error:
        raise Invalid(reason=f"{path.name} cannot be read") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Invalid(reason=f"{path.name} is not a file")
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise Invalid(reason=f"{path.name} is larger than {limit} bytes")
    return data


def _signature(line: bytes) -> bytes:
    try:
        return parse_signature_line(line)
    except ValueError as error:
        raise ManifestTampered() from error


def _named_signer(manifest: bytes) -> tuple[bytes, bytes]:
    """What is signed before the manifest, by its version, and the key it names."""
    try:
        document = read_object(manifest)
        domain = JOB_DOMAINS[version_of(document, JOB_DOMAINS)]
    except NotCanonical as error:
        raise ManifestInvalid(reason=str(error)) from error
    requester = document.get("requester")
    key = requester.get("key") if isinstance(requester, dict) else None
    if not isinstance(key, str) or not re.fullmatch("[0-9a-f]{64}", key):
        raise ManifestInvalid(reason="it names no requester key")
    return domain, bytes.fromhex(key)
