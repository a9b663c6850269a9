"""Data cards of collections: what their format defines and what their owner chose to tell, nothing from their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.errors.families import Invalid
from vault.errors.requests import CardInvalid
from vault.records.collections import check_fields, find_collection, live_row
from vault.requests.canonical import NotCanonical, canonical, parse_as
from vault.requests.card import Card, CardColumn
from vault.requests.catalogue_card import columns_of, format_card
from vault.sealing.signing import fingerprint
from vault.views import cards

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.records.collections import CollectionFacts
    from vault.store.tables import RequesterRow
    from vault.store.unit_of_work import UnitOfWork
    from vault.views.cards import CardChoice


def draft_card(
    uow: UnitOfWork, choice: CardChoice, *, to: RequesterRow | None, vault_key: bytes | None
) -> Card:
    """The card that was chosen; raises UnknownCollection, CollectionErased, UnknownField, CardInvalid and Invalid."""
    facts = find_collection(uow, choice.collection)
    chosen = {**choice.columns, **{name: choice.columns.get(name, "") for name in choice.labels}}
    check_fields(facts, frozenset(chosen))
    known = _known_columns(uow, facts)
    told = [column.name for column in facts.fields if column.name in known or column.name in chosen]
    if not told:
        raise Invalid(reason=f"nothing of {facts.name} would be told: name columns with --column")
    document = {
        "v": 1,
        "collection": facts.name,
        "unit": _unit(uow, choice, facts),
        "format": _format_of(uow, facts) if known else None,
        "columns": [_checked(_told(name, known, choice, facts)) for name in told],
        "to": to.key.hex() if to else None,
        "vault_key": vault_key.hex() if vault_key else None,
    }
    try:
        return parse_as(Card, canonical(document))
    except NotCanonical as error:
        raise CardInvalid(reason=str(error)) from error


def _unit(uow: UnitOfWork, choice: CardChoice, facts: CollectionFacts) -> str | None:
    """What its format counts as one, or its owner says; any other unit may follow from what a row holds."""
    found, known_as = str(facts.unit), _format_of(uow, facts)
    said = (
        choice.unit
        if choice.unit in ("", "record", "day")
        else f"column:{choice.unit.removeprefix('column:')}"
    )
    if said and said != found:
        raise Invalid(reason=f"the unit of {facts.name} is {facts.unit}, and not {choice.unit}")
    return found if said or (known_as and format_card(known_as).unit == found) else None


def _format_of(uow: UnitOfWork, facts: CollectionFacts) -> str | None:
    row = live_row(uow, facts.name)
    return row.known_as if row else None


def _known_columns(uow: UnitOfWork, facts: CollectionFacts) -> Mapping[str, CardColumn]:
    """The columns of its known export that are still there under their names; none for any other table.

    One that bears the name of another is told apart by its type, where that is another one too.
    """
    known_as = _format_of(uow, facts)
    types = {field.name: field.type.value for field in facts.fields}
    every = columns_of(known_as) if known_as else {}
    return {name: one for name, one in every.items() if types.get(name) == one.type}


def _told(
    name: str, known: Mapping[str, CardColumn], choice: CardChoice, facts: CollectionFacts
) -> dict[str, object]:
    told = known[name].model_dump(mode="json") if name in known else dict.fromkeys(CardColumn.model_fields)
    typed, labels = choice.columns.get(name), choice.labels.get(name)
    if typed:
        _check_type(name, typed, facts)
    given = {"name": name, "type": typed or told["type"], "labels": labels or told["labels"]}
    return told | given


def _checked(column: dict[str, object]) -> dict[str, object]:
    """What is told of a column, if it can be; raises CardInvalid with its name."""
    try:
        parse_as(CardColumn, canonical(column))
    except NotCanonical as error:
        raise CardInvalid(reason=f"of the column {column['name']}, {error}") from error
    return column


def _check_type(name: str, typed: str, facts: CollectionFacts) -> None:
    """Refuse a type that the column does not have: a job that trusts it would not fit."""
    (found,) = (field.type for field in facts.fields if field.name == name)
    if typed != found.value:
        raise Invalid(reason=f"{name} is {found} in {facts.name}, and not {typed}")


def shown_card(card: Card, text: bytes) -> cards.DataCard:
    """A card as it is shown, with its file."""
    return cards.DataCard(
        collection=card.collection or "",
        unit=card.unit or "",
        format=card.format or "",
        columns=tuple(map(_shown_column, card.columns)),
        to=_fingerprint(card.to),
        vault_key=_fingerprint(card.vault_key),
        text=text.decode(),
    )


def _fingerprint(key: str | None) -> str:
    return fingerprint(bytes.fromhex(key)) if key else ""


def _shown_column(column: CardColumn) -> cards.CardColumn:
    return cards.CardColumn(
        name=column.name,
        type=column.type or "",
        meaning=column.meaning or "",
        measure=column.measure or "",
        low=column.constants.low if column.constants else None,
        high=column.constants.high if column.constants else None,
        labels=column.labels or (),
    )
