"""A data card as sentences: everything that it tells, and what becomes of its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui.text.layout import escaped
from tui.text.parse import parse_names
from vault.errors.families import Invalid

if TYPE_CHECKING:
    from vault.views.cards import CardColumn, DataCard


def card_words(card: DataCard) -> str:
    """Everything that a requester would read."""
    facts = [("collection", card.collection), ("unit", card.unit), ("export", card.format)]
    facts += [("for", card.to), ("signed by", card.vault_key)]
    lines = [f"{name}: {escaped(value)}" for name, value in facts if value]
    missing = filter(None, [unit_missing(card)])
    return "\n".join(
        ["All that a requester would read:", *lines, *map(_column_words, card.columns), *missing]
    )


def unit_missing(card: DataCard) -> str:
    """That a job needs more than the card tells, and whom they have to ask; empty where it tells the unit."""
    return (
        ""
        if card.unit
        else "A job needs what counts as one, which the card does not tell: they have to ask you."
    )


def _column_words(column: CardColumn) -> str:
    told = [column.type, values_of(column), column.meaning]
    return ": ".join(filter(None, [escaped(column.name), escaped("; ".join(filter(None, told)))]))


def values_of(column: CardColumn) -> str:
    """The words or the range of a column on a card."""
    if column.labels:
        return ", ".join(column.labels)
    if column.low is None or column.high is None:
        return ""
    return f"{column.low:g} to {column.high:g} {column.measure}".strip()


def handed_out(card: DataCard, file: Path | None) -> str:
    """What is known to whoever gets the file, or how to make one."""
    if file is None:
        return "That is all that a requester would read; none of it comes from your records. To write it: name a file."
    whose = "signed with your key for them" if card.vault_key else "not signed"
    return (
        f"The card is in {escaped(str(file))}, {whose}. Give it to them as you like; that you made it is recorded. "
        "They ask by it: lockbox job new JOB.toml --card FILE --to JOBDIR"
    )


def types_of(text: str) -> dict[str, str]:
    """Columns with the types that their owner tells, `steps=int; mood=text`; raises `Invalid`."""
    found = {}
    for one in filter(None, map(str.strip, text.split(";"))):
        name, _, word = (part.strip() for part in one.rpartition("="))
        if not (name and word):
            raise Invalid(reason="“Types” is written steps=int; mood=text")
        found[name] = word
    return found


def labels_of(text: str) -> dict[str, tuple[str, ...]]:
    """Columns with the words that can stand in them, `mood=good, bad; well=yes, no`; raises `Invalid`."""
    found = {}
    for one in filter(None, map(str.strip, text.split(";"))):
        name, _, words = one.partition("=")
        found[name.strip()] = tuple(parse_names(words))
        if not (name.strip() and found[name.strip()]):
            raise Invalid(reason="“Words” is written mood=good, bad; well=yes, no")
    return found
