"""The release manifest: what a vault says about one update, signed, and read by the requester who gets it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from learner.protocol import UPDATE_GRID_EXPONENT
from vault.budget.pricing import accountant_name
from vault.errors.release import ReleaseInvalid
from vault.requests.canonical import NotCanonical, Wire, dump, parse_as, rule
from vault.requests.manifest import FIELDS_LIMIT, Manifest
from vault.requests.values import Digest, FieldName, Id, Moment, Name, PublicKey, PurposeIri, Text, Unit
from vault.sealing.digest import sha256_hex

if TYPE_CHECKING:
    from vault.budget.pricing import Price

RELEASE_FILE: Final = "release.json"
RELEASE_SIGNATURE_FILE: Final = "release.sig"
UPDATE_FILE: Final = "update.safetensors"

RELEASE_DOMAIN: Final = b"lockbox release v1\n"
"""Goes before the manifest's bytes in what a vault signs."""

RELEASE_LIMIT: Final = 256 * 1024
UPDATE_LIMIT: Final = 2 * 1024 * 1024
"""Bytes: 200,000 parameters of 8 bytes and a header."""

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
    average: Literal["last", "tail"]
    accountant: Name
    numerical_assumption: bool


class Update(Wire):
    """The file beside the manifest: int64 tensors, in units of ``2^-grid_exponent``."""

    sha256: Digest
    size: Annotated[int, Field(ge=1, le=UPDATE_LIMIT)]
    format: Literal["lockbox-update-v1"]
    grid_exponent: Annotated[int, Field(ge=UPDATE_GRID_EXPONENT, le=UPDATE_GRID_EXPONENT)]


class ReleaseManifest(Wire):
    """Everything a vault says about one release; its own SHA-256 is the digest a person confirms."""

    v: Annotated[int, Field(ge=1, le=1)]
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
    held_at: Annotated[Moment, AfterValidator(_whole_minute)]
    vault_key: PublicKey

    @model_validator(mode="after")
    def _fields_are_apart(self) -> Self:
        names = self.fields_used + self.fields_withheld
        if len(set(names)) != len(names):
            raise rule("names a field twice")
        return self


def build_release_manifest(
    job: Manifest,
    *,
    request_id: str,
    job_digest: str,
    allowed: frozenset[str],
    price: Price,
    update: bytes,
    held_at: datetime,
    vault_key: bytes,
    release_id: str | None = None,
) -> bytes:
    """The canonical bytes of the manifest of one held update.

    ``allowed`` are the fields the job got, ``vault_key`` the 32-byte public key that will sign; the time is
    cut to the minute. Without ``release_id`` the release goes by the id of its request.
    """
    return dump(
        ReleaseManifest(
            v=1,
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
            update=_update(update),
            held_at=held_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00Z"),
            vault_key=vault_key.hex(),
        )
    )


def parse_release_manifest(data: bytes) -> ReleaseManifest:
    """The release manifest in these bytes; raises ``ReleaseInvalid``."""
    if len(data) > RELEASE_LIMIT:
        raise ReleaseInvalid(reason=f"its manifest is larger than {RELEASE_LIMIT // 1024} KiB")
    try:
        return parse_as(ReleaseManifest, data)
    except NotCanonical as error:
        raise ReleaseInvalid(reason=f"its manifest is not acceptable, {error}") from error


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


def _update(update: bytes) -> Update:
    return Update(
        sha256=sha256_hex(update),
        size=len(update),
        format="lockbox-update-v1",
        grid_exponent=UPDATE_GRID_EXPONENT,
    )
