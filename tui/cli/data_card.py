"""A data card on the command line: what was chosen for it, and everything that it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.cli.terminal import write_facts, write_table
from tui.text.card_facts import values_of
from tui.text.parse import parse_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vault.views.cards import CardChoice, DataCard


def card_choice(
    collection: str, *, unit: str, columns: Iterable[str], labels: Iterable[str], to: str
) -> CardChoice:
    """What the options say; raises UsageError for words without their column."""
    from vault.views.cards import CardChoice

    typed = dict(_halves(one) for one in columns)
    worded = {name: tuple(parse_names(words)) for name, words in map(_halves, labels)}
    for name in (name for name, words in worded.items() if not words):
        raise click.UsageError(f"--labels {name}=WORD,WORD needs the words that can stand in the column")
    return CardChoice(collection=collection, unit=unit, columns=typed, labels=worded, to=to)


def _halves(text: str) -> tuple[str, str]:
    name, _, word = text.rpartition("=") if "=" in text else (text, "", "")
    return name, word


def write_card(card: DataCard) -> None:
    """Everything that is on the card, and nothing else."""
    facts = [("collection", card.collection), ("unit", card.unit), ("export", card.format)]
    facts += [("for", card.to), ("signed by", card.vault_key)]
    write_facts([(name, value) for name, value in facts if value])
    rows = [(one.name, one.type, values_of(one), one.meaning) for one in card.columns]
    write_table(("column", "type", "values", "meaning"), rows)
