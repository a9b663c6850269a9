"""Verify a release and use its update."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vault.requester.release_check import check_answers, check_release, moved, read_release, summed
from vault.requester.trained import TrainedModel
from vault.requests.bundle import (
    read_job,
)
from vault.requests.parse import manifest_digest, parse_stored
from vault.requests.release_manifest import ReleaseManifest, parse_release_manifest
from vault.requests.shapes import shapes
from vault.requests.weights import check_weights
from vault.sealing.keyfile import read_key
from vault.sealing.signing import fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFacts:
    """A release that verified: its manifest, that manifest's SHA-256, and what it was checked against."""

    manifest: ReleaseManifest
    digest: str
    vault_fingerprint: str
    answers_job: bool


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


def trained_model(folder: Path, job_folder: Path) -> TrainedModel:
    """The model that a release makes of a job; verify the release with the job first.

    Raises ``HoldsSum``, ``ReleaseInvalid``, ``FileMissing``, ``WeightsTampered`` and the errors of ``read_job``.
    """
    manifest = parse_stored(read_job(job_folder).manifest)
    return TrainedModel.of(manifest, trained_weights(folder, job_folder))


def trained_weights(folder: Path, job_folder: Path) -> bytes:
    """The weights of that model, as float32 safetensors; raises the same."""
    job = read_job(job_folder)
    manifest = parse_stored(job.manifest)
    check_weights(job.weights, shapes(manifest), manifest.model.weights)
    return apply_update(job.weights, folder)


def apply_update(start_weights: bytes, folder: Path) -> bytes:
    """The starting weights moved by a release's update, as float32 safetensors; verify the release first.

    Raises ``HoldsSum``, ``ReleaseInvalid`` or ``FileMissing``.
    """
    files = read_release(folder)
    return moved(start_weights, parse_release_manifest(files.manifest), files.update)


def released_sum(folder: Path) -> bytes:
    """The sum in a release of a ``gradient_sum`` or of ``moments``, as float64 safetensors; verify the release first.

    Raises ``HoldsModel``, ``ReleaseInvalid`` or ``FileMissing``.
    """
    files = read_release(folder)
    return summed(parse_release_manifest(files.manifest), files.update)
