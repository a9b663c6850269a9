"""The collections, the budgets and the week, by ear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.text import digest_facts, wording

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.collections import CollectionView


def hear_data(talk: Talk, vault: OwnerSession) -> None:
    """Choose one of all collections, again and again."""
    while found := vault.collections():
        lines = [f"{one.name}: {wording.counted(one.rows, 'row')}." for one in found]
        chosen = talk.choose("Your collections.", lines)
        if chosen is None:
            return
        _hear_collection(talk, found[chosen])
    talk.say("There is no data yet.")


def _hear_collection(talk: Talk, one: CollectionView) -> None:
    talk.say(
        f"{one.name}: {wording.counted(one.rows, 'row')}; {wording.unit_sentence(one.unit, one.unit_field)}.",
        *(f"{field.name}, {field.type}, {field.sensitivity}." for field in one.fields),
        f"To hear how its values are spread: lockbox data show {one.name}",
    )


def hear_budget(talk: Talk, vault: OwnerSession) -> None:
    """What is used of each lifetime budget."""
    lines = [one for one in vault.budget() if one.requester is None]
    for one in lines:
        members = f", one budget of {', '.join(one.members)}" if len(one.members) > 1 else ""
        talk.say(
            f"{one.collection}{members}: {wording.percent(one.used_percent)} used of ε {one.lifetime_epsilon}, by "
            f"{wording.counted(one.jobs, 'job')}; {wording.percent(wording.left_of(one.used_percent))} is left."
        )
    if not lines:
        talk.say("There is no budget before there is data.")


def hear_week(talk: Talk, vault: OwnerSession) -> None:
    """The digest of the week, which is noted on the trail unless it cannot be written."""
    found = vault.digest()
    talk.say(f"{digest_facts.title(found)}.", digest_facts.NOT_SENT)
    talk.say("What happened:", *digest_facts.happened(found))
    talk.say("What waits for you:", *digest_facts.waits(found))
    if not vault.status().read_only_because:
        vault.note_digest_read()
