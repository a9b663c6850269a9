"""A job as a requester writes it by hand, in TOML or JSON; ``draft.py`` makes manifest and weights of it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar, get_type_hints

from vault.errors.families import Invalid
from vault.requester.closed_words import WORDS, check_keys_of_model, check_word, field_words
from vault.requester.key_types import check_type
from vault.requests.bundle import read_bounded
from vault.requests.canonical import Wire
from vault.requests.manifest import SUMS
from vault.requests.parse import MANIFEST_LIMIT
from vault.requests.transforms import (
    BytesFeature,
    ClassesLabel,
    OnehotFeature,
    StandardFeature,
    StandardLabel,
    VectorFeature,
)
from vault.requests.values import TIME_FORMAT
from vault.strict_toml import TooLarge, check_bounds, parse_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDescription:
    """One field of a job; ``transform`` is written as the manifest has it, ``{"kind": "standard", ...}``."""

    name: str
    role: str
    necessity: str = "required"
    transform: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDescription:
    """What a requester decides about a job; the rest follows: id, key, loss, noise, grid and weights.

    With a guess how many units there are, what is left out of ``training`` is chosen by the recipe. Times are
    RFC 3339 text in UTC; without ``expires`` a job can be accepted for 30 days. The values are checked when the
    manifest is made, not here.
    """

    collection: str
    unit: str
    max_rows_per_unit: int = 100
    unit_reduction: str = "mean"
    recipients: tuple[str, ...] = ()
    retention: str
    expires: str | None = None
    slot_minutes: int = 1440
    requester_name: str
    requester_contact: str
    purpose_dpv: str
    purpose_text: str
    model_kind: str
    model_hidden: tuple[int, ...] = (16,)
    model_activation: str = "tanh"
    model_height: int | None = None
    model_width: int | None = None
    model_length: int | None = None
    model_channels: int = 1
    model_embedding: int = 8
    model_outlines: int | None = None
    model_filters: tuple[int, ...] | None = None
    model_kernel: int | None = None
    model_heads: int | None = None
    model_groups: int | None = None
    model_pool: int | None = None
    kind: str = "train"
    training_units_guess: int | None = None
    training_sampling_rate: float | None = None
    training_expected_batch: int | None = None
    training_steps: int | None = None
    training_clip: float | None = None
    training_optimizer: str | None = None
    training_lr: float | None = None
    training_momentum: float = 0.0
    training_beta1: float = 0.9
    training_beta2: float = 0.999
    training_decay: str | None = None
    training_average: str = "tail"
    training_encoding: str = "int64"
    training_most_units: int | None = None
    where_from: str | None = None
    where_to: str | None = None
    fields: tuple[FieldDescription, ...]


def job_from_description(path: Path) -> JobDescription:
    """Read a description from a ``.toml`` or ``.json`` file; raises ``FileMissing`` or ``Invalid``."""
    return parse_description(read_document(path))


def read_document(path: Path) -> object:
    """What a ``.toml`` or ``.json`` file holds, as parsed; raises ``FileMissing`` or ``Invalid``."""
    text = read_bounded(path, MANIFEST_LIMIT)
    try:
        return _parsed_json(text) if path.suffix == ".json" else parse_toml(text)
    except TooLarge as error:
        raise Invalid(reason=f"{path.name} has {error}") from error
    except (ValueError, RecursionError) as error:
        form = "JSON" if path.suffix == ".json" else "TOML"
        raise Invalid(reason=f"{path.name} is not {form}{_from_line(error)}") from error


def _parsed_json(text: bytes) -> object:
    document = json.loads(text)
    check_bounds(document)
    return document


def _from_line(error: Exception) -> str:
    """Where the parser stopped; tomllib says it in its sentence alone."""
    found = re.search(r"\(?at line (\d+)|: line (\d+)|(at end of document)", str(error))
    if found is None:
        return ""
    line = found[1] or found[2]
    return f": it is wrong in line {line}" if line else ": something is missing at its end"


def parse_description(document: object) -> JobDescription:
    """The description in a parsed TOML or JSON document; raises ``Invalid`` naming the key that is wrong."""
    table = _table(document, "the description")
    if not {"label", "features"}.isdisjoint(table):
        raise Invalid(reason="label and features are for a job from a data card: name it with --card")
    flat = _flattened(table)
    _check_known(_KEYS, flat, "the description")
    for key in flat.keys() - {"fields"}:
        check_type(
            _as_written(key),
            flat[key],
            _TYPES[key],
            "a time, like 2027-01-31T00:00:00Z" if key in _TIMES else "",
        )
    for key, words in WORDS.items():
        check_word(_as_written(key), flat.get(key), words)
    check_keys_of_model({key.removeprefix("model_"): flat[key] for key in flat if key.startswith("model_")})
    rows = flat.get("fields")
    if not isinstance(rows, tuple):
        raise Invalid(reason="the description has no [[fields]]")
    if flat.get("kind") in SUMS:
        flat = {**_ONE_SUM, **flat}
    flat["fields"] = tuple(_field(_table(row, "one of [[fields]]")) for row in rows)
    return _made(JobDescription, flat, "the description")


def template() -> str:
    """An example description with every key, ready to be edited."""
    return _TEMPLATE


_TEMPLATE: Final = """\
# A job for somebody's vault. Every number here is public: take it from a codebook or a guess,
# never from the data of the person you ask.
collection = "sleep"        # what the person calls their records
unit = "day"                # their privacy unit: record, day or column:NAME
max_rows_per_unit = 100     # rows of one unit that count
unit_reduction = "mean"     # mean or sum of the gradients of one unit's rows
recipients = []             # who gets the result besides you
retention = "deleted when the study ends"
# kind = "gradient_sum"     # instead of training one noisy sum over all units: of gradients, or of "moments";
#                             [training] then has clip alone
# expires = 2027-01-31T00:00:00Z     without it: 30 days from now
slot_minutes = 1440         # how long the person has to decide after the run; at least 60

[requester]
name = "Sleep lab"
contact = "lab@example.org"

[purpose]
dpv = "AcademicResearch"
text = "Does activity during the day tell the quality of the night?"

[model]
kind = "logistic"           # linear, logistic, mlp; cnn for images, series for time series, text, transformer
# hidden = [16]             # mlp: one to three layers; transformer: one to three blocks of attention
# activation = "tanh"       # all but linear and logistic: tanh or relu
# height = 28               # cnn: the one feature is a vector of height x width x channels numbers
# width = 28
# length = 100              # series: one of length x channels numbers
# channels = 1              # cnn and series
# embedding = 8             # text and transformer: the numbers that each byte becomes; the one feature is of bytes
# outlines = 8              # cnn: before all others fixed filters, for outlines in 4, 8 or 16 directions
# filters = [16]            # cnn, series and text: one to three layers; behind outlines none but those you write
# kernel = 3                # the same; odd
# pool = 2                  # cnn and series: after each layer the means of so many neighbours; 3 with outlines
# groups = 4                # the same: the filters are normed in so many groups; without it not at all
# heads = 2                 # transformer: share the numbers of a byte

[training]
units_guess = 200           # how many days (units) you think there are; off by ten either way does little harm
# What follows is chosen for you from the guess; a number written here is taken instead.
# sampling_rate = 0.2       # each unit takes part in a step with this chance
# expected_batch = 40       # about sampling_rate times the number of units
# steps = 500
# clip = 1.0                # largest influence of one unit on one step
# lr = 0.5
# momentum = 0.0
# optimizer = "adam"        # sgd or adam; adam has beta1 = 0.9 and beta2 = 0.999 for momentum
# decay = "cosine"          # none, linear or cosine: the learning rate goes down to nothing
# average = "tail"          # tail, ema or last
# encoding = "int16"        # int64, int16 or int8: bytes of a number of the update; few cut what goes beyond
# most_units = 2000         # the units these few bytes have room for; without it ten times the guess

# [where]                   # only records of this time
# from = 2026-01-01T00:00:00Z
# to = 2026-07-01T00:00:00Z

[[fields]]
name = "good_night"
role = "label"
transform = { kind = "classes", labels = ["no", "yes"] }

[[fields]]
name = "steps"
role = "feature"
transform = { kind = "standard", center = 7000, scale = 3000, clip = 3, fill = 7000 }

[[fields]]
name = "weekday"
role = "feature"
necessity = "optional"      # may be withheld; then every row has the fill
transform = { kind = "onehot", labels = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] }
"""

# what [training] says where no step is taken
_ONE_SUM: Final = {
    "training_sampling_rate": 1,
    "training_expected_batch": 1,
    "training_steps": 1,
    "training_average": "last",
    "training_optimizer": "none",
}

_FactsT = TypeVar("_FactsT", FieldDescription, JobDescription)
_TABLES: Final = ("requester", "purpose", "model", "training", "where")
_KEYS: Final = tuple(field.name for field in fields(JobDescription))
_TYPES: Final = get_type_hints(JobDescription)
_TIMES: Final = ("expires", "where_from", "where_to")
_TYPES_OF_FIELD: Final = get_type_hints(FieldDescription)
_TRANSFORMS: Final[Mapping[tuple[str, str], type[Wire]]] = {
    ("feature", "standard"): StandardFeature,
    ("feature", "vector"): VectorFeature,
    ("feature", "bytes"): BytesFeature,
    ("feature", "onehot"): OnehotFeature,
    ("label", "standard"): StandardLabel,
    ("label", "classes"): ClassesLabel,
}


def _flattened(document: Mapping[str, object]) -> dict[str, object]:
    """``[model] kind`` becomes ``model_kind``; the document's own keys stay as they are."""
    flat: dict[str, object] = {}
    for key, value in document.items():
        if key in _TABLES:
            table = _table(value, f"[{key}]")
            flat.update({f"{key}_{name}": _plain(f"{key}_{name}", item) for name, item in table.items()})
        else:
            flat[key] = _plain(key, value)
    return flat


def _plain(key: str, value: object) -> object:
    if isinstance(value, list):
        return tuple(value)
    if key not in _TIMES or not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise Invalid(reason=f"{_as_written(key)} needs its zone, like 2027-01-31T00:00:00Z")
    return value.astimezone(UTC).strftime(TIME_FORMAT)


def _table(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise Invalid(reason=f"{what} is not a table of keys and values")
    return value


def _made(kind: type[_FactsT], given: Mapping[str, Any], what: str) -> _FactsT:
    _check_known([field.name for field in fields(kind)], given, what)
    for field in fields(kind):
        if field.default is MISSING and field.name not in given:
            raise Invalid(reason=f"{what} has no {_as_written(field.name)}")
    return kind(**given)


def _field(row: Mapping[str, object]) -> FieldDescription:
    """One of ``[[fields]]``; a transform of a kind that is known may have no key that its kind does not."""
    field = _made(FieldDescription, row, "[[fields]]")
    for key, hint in _TYPES_OF_FIELD.items():
        check_type(f"[[fields]] {key}", getattr(field, key), hint)
    for what, word, words in field_words(field.name, field.role, field.necessity, field.transform):
        check_word(what, word, words)
    kind = field.transform.get("kind")
    check_type(f"the kind of the transform of {field.name}", kind, str)
    if form := _TRANSFORMS.get((field.role, str(kind))):
        _check_known(form.model_fields, field.transform, f"the transform of {field.name}")
        for key, value in field.transform.items():
            hint = form.model_fields[key].annotation
            check_type(f"{key} in the transform of {field.name}", value, hint)
    return field


def _check_known(known: Collection[str], given: Iterable[str], what: str) -> None:
    """Refuse a key that is not in the format, before any is missed: most often one is the other, misspelled."""
    for name in sorted(set(given) - set(known)):
        raise Invalid(reason=f"{what} has a key {_as_written(name)}, and {_known_instead(name, known)}")


def _known_instead(name: str, known: Collection[str]) -> str:
    """The key that was meant, where one is near; else all there are."""
    near = get_close_matches(name, [*known, *(_TABLES if known is _KEYS else ())], n=1)
    if near:
        return f"the nearest it knows is {_as_written(near[0])}"
    return f"knows only {', '.join(map(_as_written, known))}"


def _as_written(name: str) -> str:
    if name in _TABLES:
        return f"[{name}]"
    table, _, key = name.partition("_")
    return f"[{table}] {key}" if table in _TABLES and key else name
