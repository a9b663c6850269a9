"""The job manifest: what a requester asks, in closed lists and bounded public constants.

The order of the checks is part of the contract: size, strict canonical JSON, types and bounds of each value,
then what values must be to one another. Nothing computes with a constant before it is known to be in bounds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from learner.protocol import MAX_UNITS
from vault.requests.canonical import Wire, planned, rule
from vault.requests.models import MapModel, ModelAsk, TextReader
from vault.requests.optimizers import NoOptimizer, OptimizerAsk, Sgd
from vault.requests.transforms import (
    BytesFeature,
    ClassesLabel,
    OnehotFeature,
    StandardFeature,
    StandardLabel,
    VectorFeature,
)
from vault.requests.values import (
    Digest,
    FieldName,
    Id,
    Moment,
    Name,
    PublicKey,
    PurposeIri,
    Text,
    Unit,
    moment,
)

FIELDS_LIMIT: Final = 256
RECIPIENTS_LIMIT: Final = 16
PEERS_LIMIT: Final = 32
"""Of a mesh, whose recipients are its peers."""

OWNERS_KINDS: Final = ("own",)
"""What an owner has computed for themselves alone, and nobody asks for."""

SUMS: Final = ("gradient_sum", "moments")
"""Kinds of jobs that take no step: what leaves is one noisy sum."""

UNSIGNED_KEY: Final = "0" * 64
"""Stands where the requester's key comes when the job is signed; no signature verifies under it."""


class Requester(Wire):
    """Who asks: the name they give themselves, their Ed25519 key in hex, and how to reach them."""

    name: Name
    key: PublicKey
    contact: Text


class Purpose(Wire):
    """What for: a DPV purpose and one sentence in the requester's words."""

    dpv: PurposeIri
    text: Text


class Where(Wire):
    """The records asked for: those whose time is at or after ``from`` and before ``to``; null is open."""

    from_: Moment | None = Field(alias="from")
    to: Moment | None

    @property
    def start(self) -> datetime | None:
        """The first moment asked for."""
        return None if self.from_ is None else moment(self.from_)

    @property
    def end(self) -> datetime | None:
        """The first moment no longer asked for."""
        return None if self.to is None else moment(self.to)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise rule("ends before it begins")
        return self


class Feature(Wire):
    """A field the model reads."""

    name: FieldName
    role: Literal["feature"]
    necessity: Literal["required", "optional"]
    transform: Annotated[
        StandardFeature | VectorFeature | BytesFeature | OnehotFeature, Field(discriminator="kind")
    ]


class Label(Wire):
    """The field the model predicts; it is always required."""

    name: FieldName
    role: Literal["label"]
    necessity: Literal["required"]
    transform: Annotated[StandardLabel | ClassesLabel, Field(discriminator="kind")]


FieldAsk: TypeAlias = Feature | Label


class Output(Wire):
    """What leaves: the last weights or an average of late ones; noise is drawn on a grid of ``2^-grid``."""

    average: Literal["last", "tail", "ema"]
    grid: Annotated[int, Field(ge=0, le=62)]


def _not_the_owners(value: object) -> object:
    if isinstance(value, str) and value in OWNERS_KINDS:
        raise planned(f"is {value}, which is for the owner of a vault alone")
    return value


def _no_campaign(campaign: Campaign | None) -> None:
    if campaign is not None:
        raise planned(
            "is not null, and a round of a campaign is signed by its round key, as no job by itself"
        )


class FirstOutput(Output):
    """What leaves, as the first version of the format has it."""

    average: Literal["last", "tail"]


Encoding: TypeAlias = Literal["int64", "int16", "int8"]
"""How the numbers of an update are written."""


class EncodedOutput(Output):
    """What leaves, its numbers written so that hardly any digit of them is lost."""

    encoding: Literal["int64"]


class ScaledOutput(Output):
    """What leaves, in few bytes: the largest number is as far as ``most_units`` units could move one."""

    encoding: Literal["int16", "int8"]
    most_units: Annotated[int, Field(ge=1, le=MAX_UNITS)]


OutputAsk: TypeAlias = EncodedOutput | ScaledOutput


Kind: TypeAlias = Literal["train", "gradient_sum", "moments"]


class Computation(Wire):
    """What is done with the records: a model is trained, or gradients or products of columns are summed up once."""

    kind: Annotated[Kind, BeforeValidator(_not_the_owners)]


class Campaign(Wire):
    """The round of a campaign that a job belongs to; `digest` is that of the campaign's own document."""

    digest: Digest
    round: Annotated[int, Field(ge=1, le=10_000)]


CampaignRound = Annotated[Campaign | None, AfterValidator(_no_campaign)]


class Dp(Wire):
    """The mechanism: Poisson rate q, expected batch b, clip norm C, noise multiplier sigma, steps T."""

    sampling_rate: Annotated[float, Field(allow_inf_nan=False, ge=1e-9, le=1)]
    expected_batch: Annotated[int, Field(ge=1, le=1_000_000)]
    clip: Annotated[float, Field(allow_inf_nan=False, ge=1e-4, le=1e4)]
    noise_multiplier: Annotated[float, Field(allow_inf_nan=False, ge=0.3, le=1000)]
    steps: Annotated[int, Field(ge=1, le=10_000)]


class Manifest(Wire):
    """One job, whole: another byte is another job. There is no delta: the vault prices at its own."""

    v: int
    job_id: Id
    requester: Requester
    purpose: Purpose
    recipients: Annotated[tuple[Name, ...], Field(max_length=RECIPIENTS_LIMIT)]
    retention: Text
    expires: Moment
    collection: Name
    unit: Unit
    max_rows_per_unit: Annotated[int, Field(ge=1, le=10_000)]
    unit_reduction: Literal["sum", "mean"]
    where: Where
    fields: Annotated[
        tuple[Annotated[FieldAsk, Field(discriminator="role")], ...],
        Field(min_length=2, max_length=FIELDS_LIMIT),
    ]
    model: Annotated[ModelAsk, Field(discriminator="kind")]
    loss: Literal["squared", "cross_entropy"]
    optimizer: OptimizerAsk
    output: Output
    dp: Dp
    slot_minutes: Annotated[int, Field(ge=60, le=43_200)]

    @property
    def features(self) -> tuple[Feature, ...]:
        """The fields the model reads, in the order of its inputs."""
        return tuple(field for field in self.fields if isinstance(field, Feature))

    @property
    def label(self) -> Label:
        """The one field the model predicts."""
        return next(field for field in self.fields if isinstance(field, Label))

    @property
    def required(self) -> frozenset[str]:
        """The names of the fields without which the job cannot run."""
        return frozenset(field.name for field in self.fields if field.necessity == "required")

    @property
    def optional(self) -> frozenset[str]:
        """The names of the fields that may be withheld."""
        return frozenset(field.name for field in self.fields if field.necessity == "optional")

    @property
    def expires_at(self) -> datetime:
        """The moment after which the job may not run."""
        return moment(self.expires)

    @model_validator(mode="after")
    def _fields_fit(self) -> Self:
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            raise rule("names a field twice")
        if len(self.features) != len(self.fields) - 1:
            raise rule("must have exactly one label")
        return self

    @model_validator(mode="after")
    def _loss_fits(self) -> Self:
        has_classes = isinstance(self.label.transform, ClassesLabel)
        if has_classes != (self.loss == "cross_entropy"):
            raise rule("has a loss that does not fit its label")
        if self.model.kind == ("linear" if has_classes else "logistic"):
            raise rule("has a model that does not fit its label")
        return self

    @model_validator(mode="after")
    def _text_fits(self) -> Self:
        asked = [each.transform for each in self.features]
        lengths = [each.length if isinstance(each, BytesFeature) else 0 for each in asked]
        if isinstance(self.model, TextReader):
            if lengths != [self.model.length]:
                raise rule(
                    f"has a model that takes in one text of {self.model.length} bytes, and not what its features are"
                )
        elif any(lengths):
            raise rule(
                "has a feature of bytes and a model that is neither of the kind text nor a transformer"
            )
        return self

    @model_validator(mode="after")
    def _map_fits(self) -> Self:
        if not isinstance(self.model, MapModel):
            return self
        sizes = [
            each.transform.size if isinstance(each.transform, VectorFeature) else 1 for each in self.features
        ]
        taken = self.model.layers[0].taken
        if sizes != [taken.size]:
            raise rule(
                f"has a model that takes in one vector of {taken.size} numbers ({taken.height} by {taken.width}, "
                f"{taken.channels} each), and not what its features are"
            )
        return self


class FirstManifest(Manifest):
    """A job in the first version of the format: it trains, its update is int64, and it is of no campaign."""

    v: Annotated[int, Field(ge=1, le=1)]
    optimizer: Sgd
    output: FirstOutput

    @model_validator(mode="after")
    def _knows_its_parts(self) -> Self:
        if any(isinstance(each.transform, VectorFeature | BytesFeature) for each in self.features):
            raise rule("has a transform that its version does not have")
        return self


class SecondManifest(Manifest):
    """A job in the second version of the format."""

    v: Annotated[int, Field(ge=2, le=2)]
    job: Computation
    output: Annotated[OutputAsk, Field(discriminator="encoding")]
    campaign: CampaignRound

    @model_validator(mode="after")
    def _kind_fits(self) -> Self:
        if (self.job.kind in SUMS) != isinstance(self.optimizer, NoOptimizer):
            raise rule("has an optimizer that does not fit its kind")
        if self.job.kind not in SUMS:
            return self
        if self.model.kind not in ("linear", "logistic"):
            raise rule("is a sum of gradients of a model that is neither linear nor logistic")
        if self.job.kind == "moments" and self.model.kind != "linear":
            raise rule("is of moments and has a label that is no number")
        if (self.dp.sampling_rate, self.dp.expected_batch, self.dp.steps) != (1, 1, 1):
            raise rule("is a sum and not of one step over all units")
        if self.output.average != "last":
            raise rule("is a sum with an average")
        return self


class CampaignJob(SecondManifest):
    """What all rounds of a campaign are but for their id and weights; its recipients may be the peers of a mesh."""

    recipients: Annotated[tuple[Name, ...], Field(max_length=PEERS_LIMIT)]


class RoundManifest(CampaignJob):
    """The job of one round of a campaign."""

    campaign: Campaign


VERSIONS: Final[Mapping[int, type[Manifest]]] = {1: FirstManifest, 2: SecondManifest}


def kind_of(manifest: Manifest) -> Kind:
    """What is done with the records; in the first version of the format it was always the same."""
    return manifest.job.kind if isinstance(manifest, SecondManifest) else "train"


def second_version(manifest: Manifest) -> SecondManifest:
    """The same job as the second version of the format has it."""
    if isinstance(manifest, SecondManifest):
        return manifest
    document = manifest.model_dump(mode="json", by_alias=True)
    more = {"v": 2, "job": {"kind": "train"}, "campaign": None}
    output = {**document["output"], "encoding": "int64"}
    return SecondManifest.model_validate_json(json.dumps({**document, **more, "output": output}))
