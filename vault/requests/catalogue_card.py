"""What a card tells of a part of a known export: names, types, meanings and constants, all from its documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.importers.catalogue.formats import find_format, find_part
from vault.requests.card import Card, CardColumn, CardConstants

if TYPE_CHECKING:
    from vault.importers.catalogue.schema import Constants, KnownColumn, Part


def format_card(name: str) -> Card:
    """The card of a part of a known export, ``fitbit/sleep``, that no vault made; raises ``Invalid``."""
    part = _part(name)
    return Card(
        v=1,
        collection=None,
        unit=str(part.unit),
        format=name,
        columns=tuple(map(_column, part.columns)),
        to=None,
        vault_key=None,
    )


def columns_of(name: str) -> dict[str, CardColumn]:
    """The columns that a part of a known export always has, by their names; raises ``Invalid``."""
    return {column.name: _column(column) for column in _part(name).columns}


def _part(name: str) -> Part:
    known, _, part = name.partition("/")
    return find_part(find_format(known), part)


def _column(column: KnownColumn) -> CardColumn:
    return CardColumn(
        name=column.name,
        type=column.type.value,
        meaning=column.meaning or None,
        measure=column.measure or None,
        constants=_constants(column.constants) if column.constants else None,
        labels=column.labels if len(column.labels) > 1 else None,
    )


def _constants(found: Constants) -> CardConstants:
    return CardConstants(low=found.low, high=found.high, center=found.centre, scale=found.scale)
