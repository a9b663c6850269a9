"""The words that a description may have where the format has a closed list of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final, get_args

from vault.errors.families import Invalid
from vault.requests.manifest import (
    Encoding,
    Feature,
    FieldAsk,
    Kind,
    Manifest,
    Output,
)
from vault.requests.models import MlpModel, ModelAsk
from vault.requests.optimizers import Adam
from vault.requests.text import listed
from vault.requests.transforms import (
    BytesFeature,
    ClassesLabel,
    OnehotFeature,
    StandardFeature,
    StandardLabel,
    VectorFeature,
)


def _words(model: Any, key: str) -> tuple[str, ...]:
    return get_args(model.model_fields[key].annotation)


def _kinds(models: tuple[Any, ...], key: str = "kind") -> tuple[str, ...]:
    return tuple(word for model in models for word in _words(model, key))


OPTIMIZERS: Final = ("sgd", "adam", "none")
ROLES: Final = _kinds(get_args(FieldAsk), "role")
NECESSITIES: Final = _words(Feature, "necessity")
TRANSFORMS: Final[Mapping[str, tuple[str, ...]]] = {
    "feature": _kinds((StandardFeature, VectorFeature, BytesFeature, OnehotFeature)),
    "label": _kinds((StandardLabel, ClassesLabel)),
}
WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": get_args(Kind),
    "unit_reduction": _words(Manifest, "unit_reduction"),
    "model_kind": _kinds(get_args(ModelAsk)),
    "model_activation": _words(MlpModel, "activation"),
    "training_optimizer": OPTIMIZERS,
    "training_decay": _words(Adam, "decay"),
    "training_average": _words(Output, "average"),
    "training_encoding": get_args(Encoding),
}
"""By the key of a `JobDescription`."""


KEYS_OF_MODELS: Final[Mapping[str, tuple[str, ...]]] = {
    word: tuple(key for key in model.model_fields if key not in ("kind", "weights"))
    for model in get_args(ModelAsk)
    for word in _words(model, "kind")
}
"""What ``[model]`` says beside its kind, by the kind."""


def check_keys_of_model(given: Mapping[str, object]) -> None:
    """Refuse a key that belongs to other kinds of models, by the keys of ``[model]``; of no known kind none is."""
    kind = given.get("kind")
    known = KEYS_OF_MODELS.get(kind) if isinstance(kind, str) else None
    for key in () if known is None else sorted(given.keys() - {"kind", *known}):
        kinds = [word for word, keys in KEYS_OF_MODELS.items() if key in keys]
        raise Invalid(reason=f"[model] {key} is for {listed(kinds)}, and the kind is {kind}")


def check_word(what: str, value: object, words: tuple[str, ...]) -> None:
    """Refuse a text that is none of these words and name the nearest; what is no text is for others to refuse."""
    if not isinstance(value, str) or value in words:
        return
    near = get_close_matches(value.lower(), words, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    raise Invalid(reason=f"{what} is {value!r} and has to be {listed(words, last='or')}{meant}")


def field_words(
    name: str, role: object, necessity: object, transform: object
) -> Iterator[tuple[str, Any, Any]]:
    """What each word of a field is about, the word, and what it can be."""
    yield f"the role of {name}", role, ROLES
    yield f"the necessity of {name}", necessity, NECESSITIES
    if isinstance(transform, Mapping) and str(role) in TRANSFORMS:
        yield f"the kind of the transform of {name}", transform.get("kind"), TRANSFORMS[str(role)]
