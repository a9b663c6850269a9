"""A data card: what its owner chooses to tell of a collection, and what a requester would read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChoice:
    """What goes onto a card besides the columns that a known export always has.

    `columns` is column → type, empty where the type is not told; `labels` is column → the words that can stand in it.
    `to` is the name of the requester that it is for, empty for anybody: then it is not signed. `unit` is what counts as
    one, empty where only a known export tells it: it may have been guessed from rows.
    """

    collection: str
    unit: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardColumn:
    """One column on a card; what is empty is not told. `low` to `high` is the range that its format defines."""

    name: str
    type: str
    meaning: str
    measure: str
    low: float | None
    high: float | None
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCard:
    """Everything that a card tells; `text` is the whole file, `format` the part of a known export.

    `to` is the fingerprint of the requester's key and `vault_key` that of the key it is signed with, both empty
    for a card for anybody.
    """

    collection: str
    unit: str
    format: str
    columns: tuple[CardColumn, ...]
    to: str
    vault_key: str
    text: str
