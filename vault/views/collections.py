"""A collection and its columns, as they are shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """One column of a collection."""

    name: str
    type: str
    sensitivity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionView:
    """One collection: its size, its privacy unit and its columns.

    `unit_field` is the column of the units, or the zone in which days begin; nothing for UTC.
    """

    name: str
    rows: int
    unit: str
    unit_field: str | None
    time_field: str | None
    lifetime_epsilon: str
    created_at: str
    fields: tuple[FieldView, ...]
