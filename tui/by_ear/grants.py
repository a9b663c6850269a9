"""A consent by hand, by ear: each part of it asked for, then all of it said, then given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.text import consent_facts, grant_facts, wording
from tui.text.parse import parse_count, parse_epsilon, parse_moment, parse_names
from vault.views.purposes import PURPOSES

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.collections import CollectionView
    from vault.views.consents import GrantDraft, GrantTerms
    from vault.views.requesters import RequesterView

NOBODY: Final = "Nobody may ask yet: take in the key of somebody first."
NO_DATA: Final = "There is nothing to learn from yet: import a file first."
NOT_NOW: Final = "Not now"


def give_consent(talk: Talk, vault: OwnerSession) -> None:
    """Ask for the parts of a consent, say all of it, and give it; nothing is chosen beforehand."""
    who, collection = _who(talk, vault.requesters()), None
    if who is not None:
        collection = _which(talk, vault.collections())
    if who is None or collection is None:
        return
    terms = _terms(talk, who, collection)
    if terms is None:
        return
    draft = vault.preview_grant(**terms)
    _say_whole(talk, draft, collection)
    if draft.special:
        talk.say(wording.special_question(draft.special))
        if not talk.agrees("Yes, I consent explicitly", f"No. {NOT_NOW}"):
            return
    count = len(draft.fields)
    if talk.agrees("Allow this column" if count == 1 else f"Allow these {count} columns", NOT_NOW):
        talk.say(grant_facts.given(vault.grant(special_confirmed=bool(draft.special), **terms)))


def _who(talk: Talk, found: list[RequesterView]) -> RequesterView | None:
    if not found:
        talk.say(NOBODY)
    lines = [f"{one.name}, {wording.key_warning(one.status)}." for one in found]
    chosen = talk.choose("Who would learn?", lines)
    return None if chosen is None else found[chosen]


def _which(talk: Talk, found: list[CollectionView]) -> CollectionView | None:
    if not found:
        talk.say(NO_DATA)
    lines = [f"{one.name}: {wording.counted(one.rows, 'row')}." for one in found]
    chosen = talk.choose("From which data?", lines)
    return None if chosen is None else found[chosen]


def _terms(talk: Talk, who: RequesterView, collection: CollectionView) -> GrantTerms | None:
    """What is said, part by part; None where a part that has to be there is left out."""
    talk.say(*(f"{one.name}: {one.type}, {one.sensitivity}." for one in collection.fields))
    fields = parse_names(
        talk.ask("Names of the columns that may be read, with commas between them, or nothing to go back:")
    )
    purposes = [*PURPOSES]
    purpose = talk.choose("What for?", [f"{PURPOSES[one]}." for one in purposes]) if fields else None
    if purpose is None:
        return None
    until = talk.ask_for("Until which day, such as 2026-12-31, or nothing to go back:", parse_moment)
    if until is None:
        return None
    begin = talk.ask_for("Only records from a day on, or nothing for all of them:", parse_moment)
    end = talk.ask_for("Only records before a day, or nothing for all of them:", parse_moment)
    return {
        "requester": who.name,
        "collection": collection.name,
        "fields": fields,
        "purpose": purposes[purpose],
        "not_after": until,
        "not_before": None,
        "window": (begin, end),
        "uses": talk.ask_for("How many runs, or nothing for one:", parse_count) or 1,
        "epsilon_cap": talk.ask_for(
            "The ε that a run may cost at most, or nothing for what the budget allows:", parse_epsilon
        ),
    }


def _say_whole(talk: Talk, draft: GrantDraft, collection: CollectionView) -> None:
    """Everything that the record will hold, its notice word for word."""
    talk.say(consent_facts.granting(draft, collection))
    talk.facts(grant_facts.draft_facts(draft, collection))
    if draft.special:
        talk.say(wording.special_sentence(draft.special))
    talk.say("What you agree to, as its record will say:", draft.notice)
