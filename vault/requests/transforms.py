"""How a job reads its columns: the closed list of transforms, each with its bounds."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from vault.importers.text_bytes import bytes_of
from vault.requests.canonical import Wire, rule
from vault.requests.values import Amount, Clip, Name, Scale, Text

LABELS_LIMIT: Final = 1000
VECTOR_LIMIT: Final = 1000
BYTES_LIMIT: Final = 1000


class StandardFeature(Wire):
    """A number: ``(v - center) / scale`` clipped to ±``clip``; ``fill`` (raw) for null and not granted."""

    kind: Literal["standard"]
    center: Amount
    scale: Scale
    clip: Clip
    fill: Amount


class VectorFeature(Wire):
    """A list of ``size`` numbers, one input each, all scaled alike; ``fill`` (raw) for each where it is missing."""

    kind: Literal["vector"]
    size: Annotated[int, Field(ge=2, le=VECTOR_LIMIT)]
    center: Amount
    scale: Scale
    clip: Clip
    fill: Amount


class BytesFeature(Wire):
    """A text as its first ``length`` bytes in UTF-8; ``fill`` (null: no bytes) for null and not granted."""

    kind: Literal["bytes"]
    length: Annotated[int, Field(ge=1, le=BYTES_LIMIT)]
    fill: Text | None

    @property
    def fill_bytes(self) -> bytes:
        """The bytes that stand for a missing text."""
        found = None if self.fill is None else bytes_of(self.fill, self.length)
        return bytes(self.length) if found is None else found

    @model_validator(mode="after")
    def _fill_is_a_text(self) -> Self:
        if self.fill is not None and not any(self.fill_bytes):
            raise rule("fills with what counts as missing itself")
        return self


class OnehotFeature(Wire):
    """A category, one input a label; ``fill`` (null: no input set) for null, unknown and not granted."""

    kind: Literal["onehot"]
    labels: Annotated[tuple[Name, ...], Field(min_length=1, max_length=LABELS_LIMIT)]
    fill: Name | None

    @model_validator(mode="after")
    def _labels_fit(self) -> Self:
        _check_distinct(self.labels)
        if self.fill is not None and self.fill not in self.labels:
            raise rule("fills with a label that is not in its list")
        return self


class StandardLabel(Wire):
    """A number to predict, standardised and clipped; a row without it teaches nothing."""

    kind: Literal["standard"]
    center: Amount
    scale: Scale
    clip: Clip


class ClassesLabel(Wire):
    """A class to predict; a row whose value is not in the list teaches nothing."""

    kind: Literal["classes"]
    labels: Annotated[tuple[Name, ...], Field(min_length=2, max_length=LABELS_LIMIT)]

    @model_validator(mode="after")
    def _labels_fit(self) -> Self:
        _check_distinct(self.labels)
        return self


def _check_distinct(labels: tuple[str, ...]) -> None:
    if len(set(labels)) != len(labels):
        raise rule("lists a label twice")
