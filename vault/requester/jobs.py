"""A requester's jobs: write, sign and check them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from vault.budget import pricing
from vault.budget.filter import MOST_EPSILON
from vault.budget.payable import is_payable
from vault.budget.pricing import Price
from vault.errors.families import Invalid
from vault.errors.requests import NoVaultCanPay
from vault.requester.aim import DELTA, Aim
from vault.requester.description import JobDescription
from vault.requester.draft import draft_job
from vault.requester.forecast import Forecast, forecast
from vault.requests.bundle import (
    JOB_DOMAINS,
    MANIFEST_FILE,
    SIGNATURE_FILE,
    WEIGHTS_FILE,
    WEIGHTS_LIMIT,
    check_signature,
    check_sizes,
    read_bounded,
    read_job,
    signature_line,
)
from vault.requests.expiry import check_expiry
from vault.requests.folders import check_job_there
from vault.requests.manifest import UNSIGNED_KEY, Manifest, second_version
from vault.requests.parse import MANIFEST_LIMIT, is_round, manifest_bytes, manifest_digest, parse_manifest
from vault.requests.shapes import dimension, shapes
from vault.requests.translate import mechanism
from vault.requests.weights import check_weights
from vault.requests.words import job_words
from vault.sealing.durable import create_file, replace_files
from vault.sealing.keyfile import read_secret_key
from vault.sealing.signing import SigningKey, fingerprint
from vault.store.new_folder import check_free, new_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """A job that passed every check that needs no vault, and its price; ``fingerprint`` is that of its key.

    ``computes`` says in words what the job would do; ``digest`` is the SHA-256 of the manifest's bytes, in hex.
    Before signing, digest and fingerprint are empty.
    """

    manifest: Manifest
    digest: str
    fingerprint: str
    computes: str
    parameters: int
    price: Price
    forecast: Forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedJob:
    """What was signed, and by which key."""

    job_id: str
    digest: str
    fingerprint: str


def new_job(description: JobDescription, *, aim: Aim, folder: Path, now: datetime) -> JobFacts:
    """Write an unsigned job that keeps to ``aim`` into a new folder.

    Raises ``DestinationUnusable``, and ``ManifestInvalid``, ``Invalid`` or ``NoVaultCanPay`` for what every vault would
    refuse; then nothing is written.
    """
    check_free(folder)
    draft = draft_job(description, aim=aim, now=now)
    manifest, guess = parse_manifest(draft.manifest), description.training_units_guess
    check_expiry(manifest, now)
    facts = job_facts(manifest, digest="", signer="", delta=aim.delta, units_guess=guess)
    with new_folder(folder) as place:
        create_file(place / MANIFEST_FILE, draft.manifest)
        create_file(place / WEIGHTS_FILE, draft.weights)
    return facts


def sign_job(folder: Path, secret_file: Path) -> SignedJob:
    """Put the requester's key into the manifest and sign its bytes; a signed job may be signed again.

    What is signed is in the newest version of the format, whatever it was written in.

    Raises ``ManifestInvalid``, ``WeightsTampered`` or ``WeightsInvalid`` for a job that no vault would take,
    ``Invalid`` when the manifest names another key, ``KeyFileInvalid``.
    """
    key = SigningKey.from_seed(read_secret_key(secret_file))
    check_job_there(folder, is_signed=False)
    manifest = second_version(parse_manifest(read_bounded(folder / MANIFEST_FILE, MANIFEST_LIMIT)))
    if manifest.requester.key not in (UNSIGNED_KEY, key.public.hex()):
        raise Invalid(reason="the manifest names the key of another requester")
    weights = read_bounded(folder / WEIGHTS_FILE, WEIGHTS_LIMIT)
    check_weights(weights, shapes(manifest), manifest.model.weights)
    sender = manifest.requester.model_copy(update={"key": key.public.hex()})
    signed = manifest.model_copy(update={"requester": sender})
    data = manifest_bytes(signed)
    signature = signature_line(key.sign(JOB_DOMAINS[signed.v] + data))
    replace_files(folder, {MANIFEST_FILE: data, SIGNATURE_FILE: signature})
    return SignedJob(
        job_id=manifest.job_id,
        digest=manifest_digest(data),
        fingerprint=fingerprint(key.public),
    )


def check_job(folder: Path, *, now: datetime | None = None) -> JobFacts:
    """Everything a vault checks of a job before it looks at itself, and what the job costs.

    Whether it has expired is asked where it is said what time it is. Raises ``FileMissing``, ``ManifestTampered``,
    ``ManifestInvalid``, ``WeightsTampered``, ``WeightsInvalid``, ``NoVaultCanPay``.
    """
    _check_unsigned(folder)
    job = read_job(folder)
    check_sizes(job)
    if is_round(job.manifest):
        parse_manifest(job.manifest)  # says that such a one is signed by another key
    key = check_signature(job)
    manifest = parse_manifest(job.manifest)
    check_weights(job.weights, shapes(manifest), manifest.model.weights)
    digest = manifest_digest(job.manifest)
    if now is not None:
        check_expiry(manifest, now)
    return job_facts(manifest, digest=digest, signer=fingerprint(key), delta=DELTA)


def _check_unsigned(folder: Path) -> None:
    """Say what is wrong with a job before it is said that it is not signed, as who wrote it hears; raises the same."""
    check_job_there(folder, is_signed=False)
    if (folder / MANIFEST_FILE).exists() and not (folder / SIGNATURE_FILE).exists():
        parse_manifest(read_bounded(folder / MANIFEST_FILE, MANIFEST_LIMIT))


def job_facts(
    manifest: Manifest, *, digest: str, signer: str, delta: Decimal, units_guess: int | None = None
) -> JobFacts:
    """What is known of a job without a vault; raises ``NoVaultCanPay``."""
    asked = mechanism(manifest)
    if not is_payable(pricing.charge(asked)):
        raise NoVaultCanPay(most=MOST_EPSILON)
    price = pricing.price(asked, delta)
    return JobFacts(
        manifest=manifest,
        digest=digest,
        fingerprint=signer,
        computes=job_words(manifest),
        parameters=dimension(manifest),
        price=price,
        forecast=forecast(manifest, epsilon=price.epsilon, delta=delta, units_guess=units_guess),
    )
