"""A data card, by ear: what it tells is asked part by part, then all of it is said, and only then it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.text.card_facts import card_words, handed_out, labels_of, types_of
from tui.text.parse import parse_names
from vault.views.cards import CardChoice

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.collections import CollectionView

ANYBODY: Final = "Anybody, not signed."


def describe(talk: Talk, vault: OwnerSession, one: CollectionView) -> None:
    """Ask what the card tells, say all of it, and write exactly that to a new file."""
    talk.say(
        "A data card is a file for requesters. Nothing on it is computed from your records: it tells what you name "
        "here, and what a known export always has. That you wrote one is recorded."
    )
    choice = _choice(talk, vault, one)
    if choice is None:
        return
    talk.say(card_words(vault.data_card(choice)))
    target = talk.ask_path("Path of a new file for it, or nothing to go back:")
    if target is not None and talk.agrees("Write the card", "Not now"):
        talk.say(handed_out(vault.hand_out_card(choice, target), target))


def _choice(talk: Talk, vault: OwnerSession, one: CollectionView) -> CardChoice | None:
    """What is told, to whom; None for nobody."""
    told = talk.ask("Names of the columns that it tells of, with commas between them, or nothing for none:")
    types = talk.ask_for("Their types, such as steps=int; mood=text, or nothing for none:", types_of)
    unit = talk.ask("What counts as one: record, day, or its column; or nothing, and it is not told:")
    labels = talk.ask_for("The words that can stand in them, such as mood=good, bad, or nothing:", labels_of)
    people = [each.name for each in vault.requesters()]
    to = talk.choose("Whom is it for?", [ANYBODY, *people])
    if to is None:
        return None
    return CardChoice(
        collection=one.name,
        unit=unit,
        columns=dict.fromkeys(parse_names(told), "") | (types or {}),
        labels=labels or {},
        to="" if to == 0 else people[to - 1],
    )
