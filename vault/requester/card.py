"""A job from a data card: what the card tells of its columns needs not be written by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vault.errors.families import Invalid
from vault.errors.requests import CardMissing, CardNotSigned, CardOfOtherVault, CardTellsTooLittle, NotOnCard
from vault.importers.catalogue.formats import FORMATS
from vault.requests.bundle import read_bounded
from vault.requests.card import CARD_LIMIT, Card, CardColumn, parse_card
from vault.requests.catalogue_card import format_card
from vault.sealing.keyfile import read_key
from vault.sealing.signing import fingerprint

__all__ = [
    "Asked",
    "Card",
    "check_features",
    "check_label",
    "names_columns",
    "read_card",
    "signed_by",
    "template",
    "with_card",
]

CLIP: Final = 3.0
"""In scales: what lies farther from the centre counts as this far."""
TEXT_LENGTH: Final = 200
"""Bytes of a text that are read."""
_NUMBERS: Final = ("float", "int")
_YES_OR_NO: Final = ("false", "true")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a requester said besides the description: the column to predict, and those to predict it from."""

    label: str = ""
    features: tuple[str, ...] = ()


def read_card(named: str, vault_key_file: Path | None = None) -> Card:
    """The card in a file, or that of a part of a known export, ``fitbit/sleep``.

    With the file of the vault's key only a card that is signed by it is taken. Raises ``CardMissing``,
    ``CardInvalid``, ``CardTampered``, ``CardNotSigned``, ``CardOfOtherVault``, ``Invalid``.
    """
    path = Path(named)
    if not path.exists():
        return _format_card(named)
    card = parse_card(read_bounded(path, CARD_LIMIT))
    if vault_key_file is not None:
        _check_signer(card, read_key(vault_key_file, "vault-public"))
    return card


def _check_signer(card: Card, key: bytes) -> None:
    if card.vault_key is None:
        raise CardNotSigned()
    if card.vault_key != key.hex():
        raise CardOfOtherVault(signer=signed_by(card))


def _format_card(named: str) -> Card:
    """The card of a part of a known export; raises ``CardMissing`` for what names neither a file nor an export."""
    if named.count("/") == 1 and "." not in named:
        return format_card(named)
    if named in FORMATS:
        parts = ", ".join(f"{named}/{part.name}" for part in FORMATS[named].parts)
        raise Invalid(reason=f"a card is of one part of an export; of {named} there are {parts}")
    raise CardMissing(path=named)


def with_card(document: object, card: Card, asked: Asked) -> object:
    """A description, as parsed, with what the card says of its collection, its unit and its columns.

    Its columns are ``label`` and ``features``, by their names alone, or ``[[fields]]``, whose transforms may be left
    out. Raises ``NotOnCard``, ``CardTellsTooLittle`` and ``Invalid``; what else is wrong is found by its own parser.
    """
    if not isinstance(document, Mapping):
        return document  # its own parser says so
    said = {name: value for name, value in document.items() if name not in ("label", "features")}
    label, features = asked.label or document.get("label", ""), asked.features or document.get("features", ())
    if label or features:
        said["fields"] = _short_fields(label, features, said)
    rows = _rows(said.get("fields"))
    is_alone = sum(isinstance(row, Mapping) and row.get("role") == "feature" for row in rows) == 1
    said["fields"] = [_with_transform(row, card, is_alone=is_alone) for row in rows]
    about = {name: value for name, value in (("unit", card.unit), ("collection", card.collection)) if value}
    for name in about.keys() & said.keys():
        if said[name] != about[name]:
            raise Invalid(reason=f"the card says {name} {about[name]}, and the description {said[name]}")
    return about | {"model": {"kind": _model_for(said["fields"])}} | said


def names_columns(document: object) -> bool:
    """Whether a description says which columns it is about."""
    return isinstance(document, Mapping) and not {"label", "features", "fields"}.isdisjoint(document)


def _short_fields(label: object, features: object, said: Mapping[str, object]) -> list[dict[str, object]]:
    if "fields" in said:
        raise Invalid(reason="the description has both [[fields]] and a label or features: give one of them")
    if not isinstance(label, str) or not label or not isinstance(features, list | tuple) or not features:
        raise Invalid(
            reason="a job from a card has a label, the name of a column, and features, a list of them"
        )
    return [{"name": label, "role": "label"}, *({"name": name, "role": "feature"} for name in features)]


def _rows(found: object) -> list[Any]:
    if not isinstance(found, list | tuple) or not found:
        raise Invalid(reason="the description names no columns: give it a label and features, or [[fields]]")
    return list(found)


def _with_transform(row: object, card: Card, *, is_alone: bool) -> object:
    """A field with the transform of the card, where it has none of its own."""
    if not isinstance(row, Mapping) or "transform" in row:
        return row
    name, role = row.get("name"), row.get("role")
    column = _column(card, name)
    return {**row, "transform": _transform(column, is_label=role == "label", is_alone=is_alone)}


def check_label(card: Card, name: str) -> str:
    """The name of a column that can be predicted; raises ``NotOnCard``, ``CardTellsTooLittle``."""
    _transform(_column(card, name), is_label=True)
    return name


def check_features(card: Card, label: str, names: Sequence[str]) -> tuple[str, ...]:
    """The names of columns that another can be predicted from; raises the same, and ``Invalid`` for no other."""
    for name in names:
        _transform(_column(card, name), is_label=False, is_alone=len(names) == 1)
    if not names or label in names or len(set(names)) != len(names):
        raise Invalid(reason="name one column or more, each once and none of them the one to predict")
    return tuple(names)


def _column(card: Card, name: object) -> CardColumn:
    column = next((each for each in card.columns if each.name == name), None)
    if column is None:
        raise NotOnCard(name=name, there=", ".join(each.name for each in card.columns))
    return column


def _transform(column: CardColumn, *, is_label: bool, is_alone: bool = False) -> dict[str, object]:
    """How a column is read; a text is read by its bytes where it is the only feature."""
    labels = column.labels or (_YES_OR_NO if column.type == "bool" else None)
    if labels:
        return {"kind": "classes" if is_label else "onehot", "labels": list(labels)}
    if column.type == "text" and not is_label:
        return _text(column, is_alone=is_alone)
    found = column.constants
    if column.type not in _NUMBERS or found is None:
        raise CardTellsTooLittle(
            name=column.name,
            role="label" if is_label else "feature",
            reason="it has neither the range of a number nor the words of a category",
        )
    scaled = {"kind": "standard", "center": found.center, "scale": found.scale, "clip": CLIP}
    return scaled if is_label else scaled | {"fill": found.center}


def _text(column: CardColumn, *, is_alone: bool) -> dict[str, object]:
    if not is_alone:
        raise CardTellsTooLittle(
            name=column.name,
            role="feature",
            reason="a text is read by itself, with no other feature beside it",
        )
    return {"kind": "bytes", "length": TEXT_LENGTH}


def _model_for(rows: object) -> str:
    """Regression for a number to predict, classification for a category; for a text always its own kind."""
    if any(_kind_of_transform(row) == "bytes" for row in _rows(rows)):
        return "text"
    kinds = {
        _kind_of_transform(row)
        for row in _rows(rows)
        if isinstance(row, Mapping) and row.get("role") == "label"
    }
    return "logistic" if "classes" in kinds else "linear"


def _kind_of_transform(row: object) -> object:
    transform = row.get("transform") if isinstance(row, Mapping) else None
    return transform.get("kind") if isinstance(transform, Mapping) else None


def signed_by(card: Card) -> str:
    """The fingerprint of the key that it is signed with, empty for a card that is not signed."""
    return fingerprint(bytes.fromhex(card.vault_key)) if card.vault_key else ""


def template(card: Card) -> str:
    """A description for a job from this card, ready to be edited: its columns stand in it as comments."""
    rows = "\n".join(f"#   {_said(column)}" for column in card.columns)
    collection = "" if card.collection else 'collection = "…"     # what the person calls their records\n'
    collection += "" if card.unit else 'unit = "…"           # record, day or column:NAME: ask the person\n'
    return _TEMPLATE.format(collection=collection, columns=rows) + _without_range(card)


def _without_range(card: Card) -> str:
    """How a job reads the numbers of which the card tells no range; empty where there are none."""
    names = [one.name for one in card.columns if one.type in _NUMBERS and not (one.constants or one.labels)]
    fields = "".join(_FIELD.format(name=json.dumps(name, ensure_ascii=False)) for name in names)
    return f"\n{_NO_RANGE}{fields}" if names else ""


def _said(column: CardColumn) -> str:
    words = ", ".join(column.labels or ())
    told = [column.type or "", column.meaning or "", column.measure or "", words]
    return ": ".join([column.name, "; ".join(filter(None, told))]).rstrip(": ")


_TEMPLATE: Final = """\
{collection}label = "…"          # the column to predict
features = ["…"]     # and those to predict it from
retention = "deleted when the study ends"

[requester]
name = "Sleep lab"
contact = "lab@example.org"

[purpose]
dpv = "AcademicResearch"
text = "What is asked, in one sentence?"

[training]
units_guess = 200    # how many units you think there are; off by ten either way does little harm

# The columns on the card:
{columns}
"""

_NO_RANGE: Final = """\
# Of these the card tells no range. A job that reads one of them names all its columns so, in place of label and
# features above; of those with a range or with words the transform may be left out.
"""
_FIELD: Final = """\
#
# [[fields]]
# name = {name}
# role = "feature"   # or "label", then without fill
# transform = {{ kind = "standard", center = 50, scale = 20, clip = 3, fill = 50 }}   # public numbers, from a codebook
"""
