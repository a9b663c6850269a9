"""The requester's façade: keys, jobs, and checking what comes back. It opens no vault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from vault.audit.verify import verify_bundle
from vault.budget import pricing
from vault.budget.pricing import Price
from vault.errors import DestinationUnusable, Invalid
from vault.requests.asks import mechanism
from vault.requests.bundle import (
    JOB_DOMAIN,
    MANIFEST_FILE,
    SIGNATURE_FILE,
    WEIGHTS_FILE,
    check_signature,
    check_sizes,
    read_bounded,
    read_job,
    signature_line,
)
from vault.requests.description import FieldDescription, JobDescription, job_from_description, template
from vault.requests.draft import draft_job
from vault.requests.manifest import (
    MANIFEST_LIMIT,
    UNSIGNED_KEY,
    Manifest,
    manifest_bytes,
    manifest_digest,
    parse_manifest,
)
from vault.requests.release_check import check_answers, check_release, moved, read_release
from vault.requests.release_manifest import ReleaseManifest, parse_release_manifest
from vault.requests.shapes import dimension, shapes
from vault.requests.weights import WEIGHTS_LIMIT, check_weights
from vault.sealing.durable import create_file, replace_files
from vault.sealing.keyfile import key_line, read_key, read_secret_key, write_secret_key
from vault.sealing.signing import SigningKey, fingerprint, is_signed_by
from vault.views import AuditCheck

__all__ = [
    "FieldDescription",
    "JobDescription",
    "JobFacts",
    "Keys",
    "ReleaseFacts",
    "SignedJob",
    "apply_update",
    "check_job",
    "job_from_description",
    "keygen",
    "new_job",
    "sign_job",
    "template",
    "verify_release",
    "verify_trail",
]

DELTA = Decimal("0.000001")
"""The delta at which every vault prices every job (privacy unit: as the manifest says)."""

PUBLIC_FILE = "requester.pub"
SECRET_FILE = "requester.key"  # noqa: S105 - the name of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Where a new key pair lies and the fingerprint by which people compare its public half."""

    public: Path
    secret: Path
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """A job that passed every check that needs no vault, and its price; ``fingerprint`` is that of its key.

    ``digest`` is the SHA-256 of the manifest's bytes, in hex; before signing, digest and fingerprint are empty.
    """

    manifest: Manifest
    digest: str
    fingerprint: str
    parameters: int
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedJob:
    """What was signed, and by which key."""

    job_id: str
    digest: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFacts:
    """A release that verified: its manifest, that manifest's SHA-256, and what it was checked against."""

    manifest: ReleaseManifest
    digest: str
    vault_fingerprint: str
    answers_job: bool


def keygen(folder: Path) -> Keys:
    """Make an Ed25519 key pair: the secret file readable by its owner alone, the public one to hand out.

    Raises ``Invalid`` when there is a key already, ``DiskFull``, ``DiskReadOnly``, ``Unavailable``.
    """
    _make_folder(folder)
    public, secret = folder / PUBLIC_FILE, folder / SECRET_FILE
    key = SigningKey.generate()
    write_secret_key(secret, key.seed())
    create_file(public, f"{key_line('requester-public', key.public)}\n".encode())
    return Keys(public=public, secret=secret, fingerprint=fingerprint(key.public))


def new_job(
    description: JobDescription, *, epsilon: Decimal, folder: Path, now: datetime, delta: Decimal = DELTA
) -> JobFacts:
    """Write an unsigned job that costs at most ``epsilon`` at ``delta`` (PLD) into a new folder.

    Raises ``DestinationUnusable``, and ``ManifestInvalid`` or ``Invalid`` for what a vault would refuse anyhow.
    """
    _check_free(folder)
    draft = draft_job(description, epsilon=epsilon, delta=delta, now=now)
    _make_folder(folder)
    create_file(folder / MANIFEST_FILE, draft.manifest)
    create_file(folder / WEIGHTS_FILE, draft.weights)
    manifest = parse_manifest(draft.manifest)
    return _facts(manifest, digest="", signer="", delta=delta)


def sign_job(folder: Path, secret_file: Path) -> SignedJob:
    """Put the requester's key into the manifest and sign its bytes; a signed job may be signed again.

    Raises ``ManifestInvalid``, ``WeightsTampered`` or ``WeightsInvalid`` for a job that no vault would take,
    ``Invalid`` when the manifest names another key, ``KeyFileInvalid``.
    """
    key = SigningKey.from_seed(read_secret_key(secret_file))
    manifest = parse_manifest(read_bounded(folder / MANIFEST_FILE, MANIFEST_LIMIT))
    if manifest.requester.key not in (UNSIGNED_KEY, key.public.hex()):
        raise Invalid(reason="the manifest names the key of another requester")
    weights = read_bounded(folder / WEIGHTS_FILE, WEIGHTS_LIMIT)
    check_weights(weights, shapes(manifest), manifest.model.weights)
    sender = manifest.requester.model_copy(update={"key": key.public.hex()})
    signed = manifest.model_copy(update={"requester": sender})
    data = manifest_bytes(signed)
    signature = signature_line(key.sign(JOB_DOMAIN + data))
    replace_files(folder, {MANIFEST_FILE: data, SIGNATURE_FILE: signature})
    return SignedJob(
        job_id=manifest.job_id,
        digest=manifest_digest(data),
        fingerprint=fingerprint(key.public),
    )


def check_job(folder: Path) -> JobFacts:
    """Everything a vault checks of a job before it looks at itself, and what the job costs.

    Raises ``FileMissing``, ``ManifestTampered``, ``ManifestInvalid``, ``WeightsTampered``, ``WeightsInvalid``.
    """
    job = read_job(folder)
    check_sizes(job)
    key = check_signature(job)
    manifest = parse_manifest(job.manifest)
    check_weights(job.weights, shapes(manifest), manifest.model.weights)
    digest = manifest_digest(job.manifest)
    return _facts(manifest, digest=digest, signer=fingerprint(key), delta=DELTA)


def verify_release(folder: Path, vault_key_file: Path, job_folder: Path | None = None) -> ReleaseFacts:
    """Check a release: signature, digest, form, and with the job folder that it answers exactly that job.

    Raises ``ReleaseInvalid``, ``FileMissing``, ``KeyFileInvalid``, and the errors of ``read_job``.
    """
    vault_key = read_key(vault_key_file, "vault-public")
    files = read_release(folder)
    manifest = check_release(files, vault_key)
    if job_folder is not None:
        check_answers(manifest, files.update, read_job(job_folder))
    return ReleaseFacts(
        manifest=manifest,
        digest=manifest_digest(files.manifest),
        vault_fingerprint=fingerprint(vault_key),
        answers_job=job_folder is not None,
    )


def verify_trail(folder: Path, vkey: str, *, kept: Sequence[Path] = ()) -> AuditCheck:
    """Verify an exported audit bundle from its files alone, under a key the auditor already trusts.

    ``kept`` are checkpoint files of earlier bundles: they alone show that the holder of the key rewrote nothing.
    Raises ``LogBroken`` with the first reason why it does not verify.
    """
    notes = [read_bounded(path, MANIFEST_LIMIT) for path in kept]
    point = verify_bundle(folder, vkey, verify=is_signed_by, kept=notes).checkpoint
    return AuditCheck(
        size=point.size, root=point.root.hex(), origin=point.origin, vkey=vkey, seen_before=bool(notes)
    )


def apply_update(start_weights: bytes, folder: Path) -> bytes:
    """The starting weights moved by a release's update, as float32 safetensors; verify the release first.

    Raises ``ReleaseInvalid`` or ``FileMissing``.
    """
    files = read_release(folder)
    return moved(start_weights, parse_release_manifest(files.manifest), files.update)


def _facts(manifest: Manifest, *, digest: str, signer: str, delta: Decimal) -> JobFacts:
    return JobFacts(
        manifest=manifest,
        digest=digest,
        fingerprint=signer,
        parameters=dimension(manifest),
        price=pricing.price(mechanism(manifest), delta),
    )


def _check_free(folder: Path) -> None:
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise DestinationUnusable(path=folder, reason="something is already there")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DestinationUnusable(path=folder, reason="it cannot be made") from error
