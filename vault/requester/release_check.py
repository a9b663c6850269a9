"""What a requester checks of a release before using it: whose it is, which job it answers, and its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from vault.errors.families import Invalid
from vault.errors.records import FileMissing
from vault.errors.release import (
    AnswersOtherJob,
    AnswersOtherOfId,
    HoldsModel,
    HoldsSum,
    NotARelease,
    ReleaseInvalid,
)
from vault.requests.bundle import SIGNATURE_LIMIT, JobFiles, parse_signature_line, read_bounded
from vault.requests.encodings import TENSOR_TYPES, update_step
from vault.requests.manifest import SUMS, Manifest, second_version
from vault.requests.parse import manifest_digest, parse_stored
from vault.requests.release_manifest import (
    RELEASE_DOMAINS,
    RELEASE_FILE,
    RELEASE_LIMIT,
    RELEASE_SIGNATURE_FILE,
    UPDATE_FILE,
    UPDATE_LIMIT,
    ReleaseManifest,
    SecondRelease,
    encoding_in,
    mechanism_of,
    parse_release_manifest,
    step_of,
)
from vault.requests.shapes import update_shapes
from vault.requests.weights import NotTheTensors, Tensor, check_shapes, read_tensors, write_tensors
from vault.sealing.digest import sha256_hex
from vault.sealing.signing import is_signed_by


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFiles:
    """The three files of a release, as bytes; ``signature`` is the line of base64 as it stands."""

    manifest: bytes
    signature: bytes
    update: bytes


def read_release(folder: Path) -> ReleaseFiles:
    """The files of a release folder; raises ``FileMissing``, ``NotARelease``, ``Invalid`` or ``ReleaseInvalid``."""
    if folder.exists() and not folder.is_dir():
        raise NotARelease(path=folder)
    return ReleaseFiles(
        manifest=_read(folder / RELEASE_FILE, RELEASE_LIMIT),
        signature=_read(folder / RELEASE_SIGNATURE_FILE, SIGNATURE_LIMIT),
        update=_read(folder / UPDATE_FILE, UPDATE_LIMIT),
    )


def check_release(files: ReleaseFiles, vault_key: bytes) -> ReleaseManifest:
    """The manifest, once this key signed it and the update is the one it names; raises ``ReleaseInvalid``."""
    manifest = parse_release_manifest(files.manifest)
    if not is_signed_by(vault_key, RELEASE_DOMAINS[manifest.v] + files.manifest, _signature(files.signature)):
        raise ReleaseInvalid(reason="it is not signed by this vault key")
    if manifest.vault_key != vault_key.hex():
        raise ReleaseInvalid(reason="its manifest names another vault key")
    update_tensors(manifest, files.update)
    return manifest


def check_answers(release: ReleaseManifest, update: bytes, job: JobFiles) -> None:
    """Refuse a release that does not answer exactly this job.

    Raises ``AnswersOtherJob``, ``AnswersOtherOfId``, ``ReleaseInvalid`` or ``ManifestInvalid``.
    """
    asked = _asked(job.manifest)
    is_same = release.job_manifest_sha256 == manifest_digest(job.manifest)
    if not is_same and release.job_id != asked.job_id:
        raise AnswersOtherJob(answered=release.job_id, asked=asked.job_id)
    if not is_same:
        raise AnswersOtherOfId()
    if not _says_the_same(release, asked):
        raise ReleaseInvalid(reason="what its manifest says of the job is not what the job says")
    names = [field.name for field in asked.fields]
    if sorted(release.fields_used + release.fields_withheld) != sorted(names):
        raise ReleaseInvalid(reason="its fields are not those of the job")
    if not asked.required <= set(release.fields_used):
        raise ReleaseInvalid(reason="it withholds a field that the job requires")
    try:
        check_shapes(update_tensors(release, update), update_shapes(asked))
    except NotTheTensors as error:
        raise ReleaseInvalid(reason=f"in its update, {error}") from error


@lru_cache(maxsize=2)
def _asked(manifest: bytes) -> Manifest:
    """A job, read once for all who answer it."""
    return parse_stored(manifest)


def update_tensors(manifest: ReleaseManifest, update: bytes) -> dict[str, Tensor]:
    """The whole numbers of an update in its encoding, if it is the one that is named; raises ``ReleaseInvalid``."""
    if len(update) != manifest.update.size or sha256_hex(update) != manifest.update.sha256:
        raise ReleaseInvalid(reason="its update is not the one its manifest names")
    try:
        return read_tensors(update, dtype=TENSOR_TYPES[encoding_in(manifest)])
    except NotTheTensors as error:
        raise ReleaseInvalid(reason=f"in its update, {error}") from error


def summed(manifest: ReleaseManifest, update: bytes) -> bytes:
    """The sum in a release of a ``gradient_sum`` or of ``moments``, as float64 safetensors: ``integers * step``.

    Raises ``HoldsModel`` for a release of any other kind.
    """
    if not is_sum(manifest):
        raise HoldsModel()
    tensors = update_tensors(manifest, update)
    return write_tensors({name: tensor * step_of(manifest) for name, tensor in tensors.items()})


def is_sum(manifest: ReleaseManifest) -> bool:
    """Whether a release answers a job that asked for one sum."""
    return isinstance(manifest, SecondRelease) and manifest.job.kind in SUMS


def moved(start: bytes, manifest: ReleaseManifest, update: bytes) -> bytes:
    """The starting weights moved by the update, as float32 safetensors: ``start + integers * step``.

    Raises ``HoldsSum`` for a release of a sum, and ``ReleaseInvalid`` when the two do not fit together.
    """
    if is_sum(manifest):
        raise HoldsSum()
    steps = update_tensors(manifest, update)
    try:
        weights = read_tensors(start, dtype="F32")
        check_shapes(steps, {name: tensor.shape for name, tensor in weights.items()})
    except NotTheTensors as error:
        raise ReleaseInvalid(reason=f"it does not fit these weights, {error}") from error
    scale = step_of(manifest)
    return write_tensors(
        {
            name: (weights[name].astype(np.float64) + steps[name] * scale).astype(np.float32)
            for name in weights
        }
    )


def _says_the_same(release: ReleaseManifest, job: Manifest) -> bool:
    said = (release.job_id, release.requester, release.collection, release.unit)
    asked = (job.job_id, job.requester.key, job.collection, job.unit)
    aims = (release.purpose, release.retention) == (job.purpose.dpv, job.retention)
    stated = release.mechanism
    mechanism = mechanism_of(
        job, accountant=stated.accountant, numerical_assumption=stated.numerical_assumption
    )
    return said == asked and aims and stated == mechanism and _is_of_its_kind(release, job)


def _is_of_its_kind(release: ReleaseManifest, job: Manifest) -> bool:
    """Whether a release of the second version names the job's kind, model, optimizer, encoding, step and campaign."""
    if not isinstance(release, SecondRelease):
        return True
    asked = second_version(job)
    said = (release.job, release.model, release.optimizer, release.update.encoding, release.campaign)
    is_asked = said == (asked.job, asked.model, asked.optimizer, asked.output.encoding, asked.campaign)
    return is_asked and release.update.step == update_step(asked)


def _signature(line: bytes) -> bytes:
    try:
        return parse_signature_line(line)
    except ValueError as error:
        raise ReleaseInvalid(reason="its signature is not one line of base64") from error


def _read(path: Path, limit: int) -> bytes:
    try:
        return read_bounded(path, limit)
    except FileMissing:
        raise
    except Invalid as error:
        if isinstance(error.__cause__, OSError):
            raise
        raise ReleaseInvalid(reason=f"{path.name} is not a file of the allowed size") from error
