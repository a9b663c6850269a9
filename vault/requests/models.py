"""The closed list of models that a job may train."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from learner.protocol import (
    DIRECTIONS,
    Convolution,
    Map,
    ModelSpec,
    TextBlocks,
    attention_fault,
    convolutions,
    map_fault,
)
from vault.requests.canonical import Wire, rule
from vault.requests.text import listed
from vault.requests.values import Digest

Size = Annotated[int, Field(ge=1, le=1000)]
Channels = Annotated[int, Field(ge=1, le=64)]
Filters = Annotated[tuple[Annotated[int, Field(ge=1, le=64)], ...], Field(max_length=3)]
Widths = Annotated[tuple[Annotated[int, Field(ge=1, le=256)], ...], Field(min_length=1, max_length=3)]
Activation: TypeAlias = Literal["tanh", "relu"]


def _odd(size: int) -> int:
    if size % 2 == 0:
        raise rule("is even, and a kernel has a middle")
    return size


def _directions(count: int) -> int:
    if count not in DIRECTIONS:
        raise rule(f"is not {listed(list(map(str, DIRECTIONS)), last='or')}")
    return count


class LinearModel(Wire):
    """Linear regression."""

    kind: Literal["linear"]
    weights: Digest


class LogisticModel(Wire):
    """Logistic regression over the classes of the label."""

    kind: Literal["logistic"]
    weights: Digest


class MlpModel(Wire):
    """A small network with one to three hidden layers."""

    kind: Literal["mlp"]
    hidden: Widths
    activation: Activation
    weights: Digest


class ConvolutionalModel(Wire):
    """A small network that looks at each place of what it takes in with its neighbours."""

    filters: Filters
    activation: Activation
    weights: Digest

    @property
    @abstractmethod
    def layers(self) -> tuple[Convolution, ...]:
        """The convolutions in their order."""

    @model_validator(mode="after")
    def _has_maps(self) -> Self:
        if not self.layers:
            raise rule("has no filters")
        if fault := map_fault(self.layers):
            raise rule(fault)
        return self


class MapModel(ConvolutionalModel):
    """One that takes in a map of numbers; one vector is one map. With ``groups`` its filters are normed in so many."""

    groups: Annotated[int, Field(ge=1, le=64, exclude_if=lambda groups: groups == 0)] = 0

    @model_validator(mode="after")
    def _has_groups(self) -> Self:
        if self.groups and not self.filters:
            raise rule("has groups, and no filters that they could norm")
        if self.groups and any(count % self.groups for count in self.filters):
            raise rule("has filters that its groups do not share evenly")
        return self


class CnnModel(MapModel):
    """The same for images: row by row, the channels of a pixel together.

    With ``outlines`` fixed filters for as many directions stand before the others, and there may be no others.
    """

    kind: Literal["cnn"]
    height: Size
    width: Size
    channels: Channels
    kernel: Annotated[int, Field(ge=1, le=7), AfterValidator(_odd)]
    pool: Annotated[int, Field(ge=1, le=4)]
    outlines: Annotated[
        int, AfterValidator(_directions), Field(exclude_if=lambda outlines: outlines == 0)
    ] = 0

    @property
    def layers(self) -> tuple[Convolution, ...]:
        """The convolutions in their order."""
        image = Map(height=self.height, width=self.width, channels=self.channels)
        return convolutions(image, self.filters, (self.kernel,) * 2, (self.pool,) * 2, self.outlines)


class SeriesModel(MapModel):
    """The same for series: one moment after another, the channels of a moment together."""

    kind: Literal["series"]
    length: Size
    channels: Channels
    kernel: Annotated[int, Field(ge=1, le=31), AfterValidator(_odd)]
    pool: Annotated[int, Field(ge=1, le=8)]

    @property
    def layers(self) -> tuple[Convolution, ...]:
        """The convolutions in their order."""
        series = Map(height=1, width=self.length, channels=self.channels)
        return convolutions(series, self.filters, (1, self.kernel), (1, self.pool))


class TextModel(ConvolutionalModel):
    """One that takes in a text, each byte of which becomes so many numbers; means over the whole text decide."""

    kind: Literal["text"]
    length: Size
    embedding: Channels
    kernel: Annotated[int, Field(ge=1, le=31), AfterValidator(_odd)]

    @property
    def layers(self) -> tuple[Convolution, ...]:
        """The convolutions in their order."""
        text = Map(height=1, width=self.length, channels=self.embedding)
        return convolutions(text, self.filters, (1, self.kernel), (1, 1))


class TransformerModel(Wire):
    """One that takes in a text as the bytes that look at one another; means over the whole text decide."""

    kind: Literal["transformer"]
    length: Size
    embedding: Channels
    heads: Annotated[int, Field(ge=1, le=8)]
    hidden: Widths
    activation: Activation
    weights: Digest

    @property
    def blocks(self) -> TextBlocks:
        """The blocks of attention, one for each hidden width."""
        return TextBlocks(length=self.length, numbers=self.embedding, heads=self.heads, hidden=self.hidden)

    @model_validator(mode="after")
    def _has_blocks(self) -> Self:
        if fault := attention_fault(self.blocks):
            raise rule(fault)
        return self


TextReader: TypeAlias = TextModel | TransformerModel
"""The models that take in one text by its bytes."""
ModelAsk: TypeAlias = (
    LinearModel | LogisticModel | MlpModel | CnnModel | SeriesModel | TextModel | TransformerModel
)


def model_spec(model: ModelAsk) -> ModelSpec:
    """The model as the learner builds it."""
    if isinstance(model, MlpModel):
        return ModelSpec(kind="mlp", hidden=model.hidden, activation=model.activation)
    if isinstance(model, TransformerModel):
        return ModelSpec(
            kind="transformer",
            image=(1, model.length, model.embedding),
            hidden=model.hidden,
            heads=model.heads,
            activation=model.activation,
        )
    if not isinstance(model, ConvolutionalModel):
        return ModelSpec(kind=model.kind)
    first = model.layers[0]
    trained = next((layer for layer in model.layers if not layer.fixed), first)
    return ModelSpec(
        kind="text" if isinstance(model, TextModel) else "cnn",
        image=(first.taken.height, first.taken.width, first.taken.channels),
        filters=model.filters,
        kernel=trained.kernel,
        pool=first.pool,
        groups=model.groups if isinstance(model, MapModel) else 0,
        outlines=model.outlines if isinstance(model, CnnModel) else 0,
        activation=model.activation,
    )
