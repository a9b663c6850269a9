"""The release manifest: what a vault says about one update, signed, and read by the requester who gets it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from learner.protocol import UPDATE_GRID_EXPONENT
from vault.budget.pricing import accountant_name
from vault.errors.release import ReleaseInvalid
from vault.requests.canonical import NotCanonical, Wire, canonical, dump, parse_as, parse_version, rule
from vault.requests.encodings import UPDATE_STEP, update_step
from vault.requests.manifest import (
    FIELDS_LIMIT,
    Campaign,
    Computation,
    Encoding,
    Manifest,
    SecondManifest,
    second_version,
)
from vault.requests.models import ModelAsk
from vault.requests.optimizers import OptimizerAsk
from vault.requests.values import Digest, FieldName, Id, Moment, Name, PublicKey, PurposeIri, Text, Unit
from vault.sealing.digest import sha256_hex

if TYPE_CHECKING:
    from vault.budget.pricing import Price

RELEASE_FILE: Final = "release.json"
RELEASE_SIGNATURE_FILE: Final = "release.sig"
UPDATE_FILE: Final = "update.safetensors"

RELEASE_DOMAINS: Final[Mapping[int, bytes]] = {1: b"lockbox release v1\n", 2: b"lockbox release v2\n"}
"""Goes before the bytes of a release manifest of each version in what a vault signs."""

RELEASE_LIMIT: Final = 256 * 1024
UPDATE_LIMIT: Final = 8 * 1024 * 1024
"""Bytes: 1,000,000 parameters of 8 bytes and a header."""

_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,12})?", re.ASCII)


def _decimal(text: str) -> str:
    if not _DECIMAL.fullmatch(text):
        raise rule("is not a plain decimal number")
    return text


def _whole_minute(text: str) -> str:
    if not text.endswith(":00Z"):
        raise rule("is not a whole minute")
    return text


DecimalText = Annotated[str, AfterValidator(_decimal)]
FieldNames = Annotated[tuple[FieldName, ...], Field(max_length=FIELDS_LIMIT)]
Finite = Annotated[float, Field(allow_inf_nan=False, gt=0)]
Count = Annotated[int, Field(ge=1, lt=2**53)]


class ReleaseMechanism(Wire):
    """How the update was noised, and what its price rests on."""

    sampling_rate: Finite
    expected_batch: Count
    clip_norm: Finite
    noise_multiplier: Finite
    steps: Count
    grid: Annotated[int, Field(ge=0, le=62)]
    average: Literal["last", "tail", "ema"]
    accountant: Name
    numerical_assumption: bool


class Update(Wire):
    """The file beside the manifest."""

    sha256: Digest
    size: Annotated[int, Field(ge=1, le=UPDATE_LIMIT)]


class FirstUpdate(Update):
    """int64 tensors, in units of ``2^-grid_exponent``."""

    format: Literal["lockbox-update-v1"]
    grid_exponent: Annotated[int, Field(ge=UPDATE_GRID_EXPONENT, le=UPDATE_GRID_EXPONENT)]


class SecondUpdate(Update):
    """Tensors of whole numbers in this encoding, in units of ``step``."""

    encoding: Encoding
    step: Finite

    @model_validator(mode="after")
    def _step_fits(self) -> Self:
        if self.encoding == "int64" and self.step != UPDATE_STEP:
            raise rule("has a step that is not that of its encoding")
        return self


class ReleaseManifest(Wire):
    """Everything a vault says about one release; its own SHA-256 is the digest a person confirms."""

    v: int
    release_id: Id
    request_id: Id
    job_id: Id
    job_manifest_sha256: Digest
    requester: PublicKey
    collection: Name
    unit: Unit
    fields_used: FieldNames
    fields_withheld: FieldNames
    purpose: PurposeIri
    retention: Text
    mechanism: ReleaseMechanism
    epsilon: DecimalText
    delta: DecimalText
    update: Update
    vault_key: PublicKey

    @model_validator(mode="after")
    def _fields_are_apart(self) -> Self:
        names = self.fields_used + self.fields_withheld
        if len(set(names)) != len(names):
            raise rule("names a field twice")
        return self


class FirstRelease(ReleaseManifest):
    """A release in the first version of the format, which told the minute in which its training ended."""

    v: Annotated[int, Field(ge=1, le=1)]
    update: FirstUpdate
    held_at: Annotated[Moment, AfterValidator(_whole_minute)]


class SecondRelease(ReleaseManifest):
    """A release in the second version of the format: no time stands in it."""

    v: Annotated[int, Field(ge=2, le=2)]
    job: Computation
    model: Annotated[ModelAsk, Field(discriminator="kind")]
    optimizer: OptimizerAsk
    update: SecondUpdate
    campaign: Campaign | None


VERSIONS: Final[Mapping[int, type[ReleaseManifest]]] = {1: FirstRelease, 2: SecondRelease}


def build_release_manifest(
    job: Manifest,
    *,
    request_id: str,
    job_digest: str,
    allowed: frozenset[str],
    price: Price,
    update: bytes,
    vault_key: bytes,
    release_id: str | None = None,
) -> bytes:
    """The canonical bytes of the manifest of one held update.

    ``allowed`` are the fields that the consent names, ``vault_key`` is the 32-byte public key that will sign. Nothing
    else that happened in the vault is told, and no time. Without ``release_id`` the release goes by the id of its
    request.
    """
    asked = second_version(job)
    return dump(
        SecondRelease(
            v=2,
            release_id=release_id or request_id,
            request_id=request_id,
            job_id=job.job_id,
            job_manifest_sha256=job_digest,
            requester=job.requester.key,
            collection=job.collection,
            unit=job.unit,
            fields_used=tuple(field.name for field in job.fields if field.name in allowed),
            fields_withheld=tuple(field.name for field in job.fields if field.name not in allowed),
            purpose=job.purpose.dpv,
            retention=job.retention,
            mechanism=mechanism_of(
                job,
                accountant=accountant_name(),
                numerical_assumption=price.numerical_assumption,
            ),
            epsilon=f"{price.epsilon:f}",
            delta=f"{price.delta:f}",
            update=_update(update, asked),
            job=asked.job,
            model=asked.model,
            optimizer=asked.optimizer,
            campaign=asked.campaign,
            vault_key=vault_key.hex(),
        )
    )


def parse_release_manifest(data: bytes) -> ReleaseManifest:
    """The release manifest in these bytes; raises ``ReleaseInvalid``."""
    if len(data) > RELEASE_LIMIT:
        raise ReleaseInvalid(reason=f"its manifest is larger than {RELEASE_LIMIT // 1024} KiB")
    try:
        return parse_version(VERSIONS, data)
    except NotCanonical as error:
        raise ReleaseInvalid(reason=f"its manifest is not acceptable, {error}") from error


def encoding_in(release: ReleaseManifest) -> Encoding:
    """How the numbers of the update are written."""
    return release.update.encoding if isinstance(release.update, SecondUpdate) else "int64"


def step_of(release: ReleaseManifest) -> float:
    """What one whole number of the update moves a weight by."""
    return release.update.step if isinstance(release.update, SecondUpdate) else UPDATE_STEP


def mechanism_of(job: Manifest, *, accountant: str, numerical_assumption: bool) -> ReleaseMechanism:
    """The job's mechanism as a release states it."""
    return ReleaseMechanism(
        sampling_rate=job.dp.sampling_rate,
        expected_batch=job.dp.expected_batch,
        clip_norm=job.dp.clip,
        noise_multiplier=job.dp.noise_multiplier,
        steps=job.dp.steps,
        grid=job.output.grid,
        average=job.output.average,
        accountant=accountant,
        numerical_assumption=numerical_assumption,
    )


def without_time(release: ReleaseManifest, job: Manifest) -> bytes:
    """The canonical bytes of the same release, of this job, in the second version of the format."""
    asked = second_version(job)
    said = release.model_dump(mode="json", by_alias=True, exclude={"held_at", "update"})
    update = {
        **release.update.model_dump(include={"sha256", "size"}),
        "encoding": "int64",
        "step": UPDATE_STEP,
    }
    more = asked.model_dump(mode="json", by_alias=True, include={"job", "model", "optimizer", "campaign"})
    document = canonical({**said, **more, "v": 2, "update": update})
    return dump(parse_as(SecondRelease, document))


def _update(update: bytes, asked: SecondManifest) -> SecondUpdate:
    return SecondUpdate(
        sha256=sha256_hex(update),
        size=len(update),
        encoding=asked.output.encoding,
        step=update_step(asked),
    )
