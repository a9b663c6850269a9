"""A data card: what a person tells a requester about a collection, in one file; nothing of it is computed from records.

The file is canonical JSON (RFC 8785) and one line end: the card, and its signature (Ed25519, RFC 8032) by the
vault's key for one requester, or none. A card without an addressee is not signed: one key for all would show that
two cards are of one person.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from vault.errors.requests import CardInvalid, CardTampered
from vault.records.schema import is_plain_name
from vault.requests.canonical import NotCanonical, Wire, canonical, dump, parse_as, rule
from vault.requests.values import Amount, FieldName, Name, PublicKey, Scale, Signature, Text, Unit
from vault.sealing.signing import SigningKey, is_signed_by
from vault.views.field_types import column_type

CARD_LIMIT: Final = 256 * 1024
"""Bytes of the file."""
COLUMNS_LIMIT: Final = 1000
LABELS_LIMIT: Final = 1000
DOMAIN: Final = b"lockbox data card v1\n"
"""Goes before the bytes of a card in what is signed."""


def _type_word(word: str) -> str:
    try:
        column_type(word)
    except ValueError as error:
        raise rule("is no type of columns") from error
    return word


ColumnWord = Annotated[str, AfterValidator(_type_word)]


class CardConstants(Wire):
    """The plausible range of a number, and what brings most of its values near -1 to 1: its format defines both."""

    low: Amount
    high: Amount
    center: Amount
    scale: Scale


class CardColumn(Wire):
    """One column; what is null was not told."""

    name: FieldName
    type: ColumnWord | None
    meaning: Text | None
    measure: Text | None
    constants: CardConstants | None
    labels: Annotated[tuple[Name, ...], Field(min_length=2, max_length=LABELS_LIMIT)] | None

    @model_validator(mode="after")
    def _labels_differ(self) -> Self:
        if self.labels is not None and len(set(self.labels)) != len(self.labels):
            raise rule("names a label twice")
        return self


class Card(Wire):
    """A collection as its owner describes it; ``format`` is the part of a known export, ``fitbit/sleep``.

    ``to`` is the key of the requester that it is for, ``vault_key`` the one that signs releases to them, both in hex.
    The card of a format alone, that no vault made, names no collection; a unit that was guessed from rows is not told.
    """

    v: Annotated[int, Field(ge=1, le=1)]
    collection: Name | None
    unit: Unit | None
    format: Text | None
    columns: Annotated[tuple[CardColumn, ...], Field(min_length=1, max_length=COLUMNS_LIMIT)]
    to: PublicKey | None
    vault_key: PublicKey | None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise rule("names a column twice")
        if (self.to is None) != (self.vault_key is None):
            raise rule("has an addressee without a key, or a key without an addressee")
        return self


class _CardFile(Wire):
    card: Card
    signature: Signature | None


def card_file(card: Card, key: SigningKey | None) -> bytes:
    """The file of a card, signed with the key for its addressee where it has one."""
    signature = key.sign(DOMAIN + dump(card)).hex() if key else None
    return canonical({"card": card.model_dump(mode="json"), "signature": signature}) + b"\n"


def parse_card(data: bytes) -> Card:
    """The card in a file, every rule kept; raises ``CardInvalid``, and ``CardTampered`` for another signature."""
    try:
        found = parse_as(_CardFile, data.removesuffix(b"\n"))
    except NotCanonical as error:
        raise CardInvalid(reason=_with_name(str(error), data)) from error
    if not _is_signed_as_it_says(found):
        raise CardTampered()
    return found.card


def _with_name(fault: str, data: bytes) -> str:
    """The fault of a column with its name in the place of its number, where that is a name."""
    place = re.match(r"card\.columns\[([0-9]+)\]\.?", fault)
    if place is None:
        return fault
    number = int(place[1])
    rest = fault[place.end() :].strip()
    try:
        name = json.loads(data)["card"]["columns"][number]["name"]
    except (KeyError, TypeError):
        name = None
    which = f"the column {name}" if isinstance(name, str) and is_plain_name(name) else f"column {number + 1}"
    return f"of {which}, {rest}"


def _is_signed_as_it_says(found: _CardFile) -> bool:
    key, signature = found.card.vault_key, found.signature
    if key is None or signature is None:
        return key is None and signature is None
    return is_signed_by(bytes.fromhex(key), DOMAIN + dump(found.card), bytes.fromhex(signature))
