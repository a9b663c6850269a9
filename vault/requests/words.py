"""What a job does with each column, and how it is set up, in plain words; from the manifest alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from vault.requests.manifest import kind_of
from vault.requests.models import CnnModel, ConvolutionalModel, MapModel, MlpModel, TransformerModel
from vault.views.field_types import ColumnType, FieldType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vault.requests.manifest import (
        Feature,
        Label,
        Manifest,
        Where,
    )
    from vault.requests.models import ModelAsk
    from vault.requests.transforms import OnehotFeature, StandardFeature, StandardLabel, VectorFeature

MOST_LABELS: Final = 12
QUOTE: Final = '"'
_PLAIN: Final = re.compile(r"[\w+-]+( [\w+-]+)*")


def transform_words(field: Feature | Label, type_: ColumnType) -> str:
    """How the model reads a column, and what it takes for a row without it."""
    if field.role == "label":
        return _label_words(field, type_)
    transform = field.transform
    withheld = "" if field.necessity == "required" else ", and so does every row when it is withheld"
    if transform.kind == "standard":
        fill = _amount(transform.fill, type_)
        return f"read as {_range(transform, type_)}; missing rows count as {fill}{withheld}"
    if transform.kind == "vector":
        fill = _amount(transform.fill, FieldType.FLOAT)
        each = _range(transform, FieldType.FLOAT)
        return f"read as {transform.size:,} numbers, each {each}; in missing rows each counts as {fill}{withheld}"
    if transform.kind == "bytes":
        fill = "a text without letters" if transform.fill is None else quoted(transform.fill)
        read = f"read as a text of at most {transform.length:,} bytes, what is longer is cut off"
        return f"{read}; missing rows count as {fill}{withheld}"
    others = "missing rows and other values count as"
    return f"read as one of: {_listed(transform.labels)}; {others} {_fill(transform)}{withheld}"


def _label_words(field: Label, type_: ColumnType) -> str:
    transform = field.transform
    if transform.kind == "standard":
        return f"predicted as {_range(transform, type_)}; missing rows teach nothing"
    return f"predicted as one of: {_listed(transform.labels)}; missing rows and other values teach nothing"


def _fill(transform: OnehotFeature) -> str:
    return "none of them" if transform.fill is None else _label(transform.fill)


def _range(transform: StandardFeature | StandardLabel | VectorFeature, type_: ColumnType) -> str:
    """Where a number is cut off: centre ± clip times scale."""
    reach = transform.clip * transform.scale
    low, high = (_amount(transform.center + side * reach, type_) for side in (-1, 1))
    noun = _NOUNS.get(type_, "a number")
    seconds = " seconds" if type_ is FieldType.TIMESTAMP else ""
    steps = (
        f"measured from {_amount(transform.center, type_)} in units of {_number(transform.scale)}{seconds}"
    )
    return f"{noun} from {low} to {high}, {steps}"


_NOUNS: Final[Mapping[ColumnType, str]] = {
    FieldType.TIMESTAMP: "a time",
    FieldType.BOOL: "a number (0 for false, 1 for true)",
}


def _amount(value: float, type_: ColumnType) -> str:
    """A value of a column: a time for the seconds of a timestamp, else a number."""
    if type_ is not FieldType.TIMESTAMP:
        return _number(value)
    try:
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{_number(value)} seconds after 1970"


def _number(value: float) -> str:
    """A number at six digits, without an exponent where it is short."""
    return f"{value:.6g}" if value else "0"


def _listed(labels: Sequence[str]) -> str:
    shown = ", ".join(map(_label, labels[:MOST_LABELS]))
    return shown if len(labels) <= MOST_LABELS else f"{shown} and {len(labels) - MOST_LABELS} more"


def _label(label: str) -> str:
    """A label as it is if it is plain words, else in quotes."""
    return label if _PLAIN.fullmatch(label) else quoted(label)


def quoted(text: str) -> str:
    """Somebody else's words, marked as such; a quotation mark of their own cannot end them."""
    return f"“{text.replace('“', QUOTE).replace('”', QUOTE)}”"


def ask_words(field: Feature | Label) -> str:
    """What a column is to a job: required feature, optional feature or required label."""
    return f"{field.necessity} {field.role}"


def window_words(where: Where) -> str:
    """Which records a job asks for, by their time."""
    if where.from_ is None and where.to is None:
        return "of any time"
    first = f"from {where.from_}" if where.from_ else ""
    last = f"before {where.to}" if where.to else ""
    return " and ".join(part for part in (first, last) if part)


def job_words(manifest: Manifest) -> str:
    """What is computed: a model of this kind is trained, or gradients or products of columns are summed up once."""
    if kind_of(manifest) == "moments":
        return "one noisy sum of the products of the columns with one another and with the label, no model"
    if kind_of(manifest) == "gradient_sum":
        return f"one noisy sum of gradients of a {model_words(manifest.model)}, no model"
    return model_words(manifest.model)


def model_words(model: ModelAsk) -> str:
    """The kind of model, with its layers where it has any."""
    if isinstance(model, TransformerModel):
        heads = "one head" if model.heads == 1 else f"{model.heads} heads"
        attention = f"attention in {heads}, hidden {_counts(model.hidden)} ({model.activation})"
        return f"a small transformer for texts of {model.length:,} bytes, {attention}"
    if not isinstance(model, MlpModel | ConvolutionalModel):
        return f"{model.kind} regression"
    if isinstance(model, MlpModel):
        return f"a small network, hidden {_counts(model.hidden)} ({model.activation})"
    filters = _filters_words(model)
    if model.kind == "series":
        return f"a small network for series of {model.length:,} moments, {filters}"
    if model.kind == "text":
        return f"a small network for texts of {model.length:,} bytes, {filters}"
    return f"a small network for images of {model.height} by {model.width} pixels, {filters}"


def _filters_words(model: ConvolutionalModel) -> str:
    outlines = model.outlines if isinstance(model, CnnModel) else 0
    fixed = [f"fixed filters for outlines in {outlines} directions"] if outlines else []
    trained = f"filters {_counts(model.filters)} ({model.activation}){_groups_words(model)}"
    return ", ".join([*fixed, trained] if model.filters else fixed)


def _groups_words(model: ConvolutionalModel) -> str:
    if not isinstance(model, MapModel) or not model.groups:
        return ""
    return f", normed in {model.groups} groups" if model.groups > 1 else ", normed together"


def _counts(numbers: Sequence[int]) -> str:
    return " and ".join(map(str, numbers))


def unit_words(manifest: Manifest) -> str:
    """What counts as one, as the manifest names it."""
    return manifest.unit.removeprefix("column:")
