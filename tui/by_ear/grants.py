"""A consent by hand, by ear: each part of it asked for, then all of it said, then given."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Who would learn from which columns of what, and what for."""

    who: RequesterView
    collection: CollectionView
    fields: list[str]
    purpose: str


def give_consent(talk: Talk, vault: OwnerSession) -> None:
    """Ask for the parts of a consent, say all of it, and give it; nothing is chosen beforehand."""
    scope = asked_scope(talk, vault)
    terms = None if scope is None else _terms(talk, scope)
    if scope is None or terms is None:
        return
    draft = vault.preview_grant(**terms)
    _say_whole(talk, draft, scope.collection)
    if draft.special:
        talk.say(wording.special_question(draft.special))
        if not talk.agrees("Yes, I consent explicitly", f"No. {NOT_NOW}"):
            return
    count = len(draft.fields)
    if talk.agrees("Allow this column" if count == 1 else f"Allow these {count} columns", NOT_NOW):
        talk.say(grant_facts.given(vault.grant(special_confirmed=bool(draft.special), **terms)))


def asked_scope(talk: Talk, vault: OwnerSession) -> Scope | None:
    """Ask who, from what, which columns and what for; None where a part is left out."""
    who = _who(talk, vault.requesters())
    collection = None if who is None else _which(talk, vault.collections())
    if who is None or collection is None:
        return None
    talk.say(*(f"{one.name}: {one.type}, {one.sensitivity}." for one in collection.fields))
    fields = parse_names(
        talk.ask("Names of the columns that may be read, with commas between them, or nothing to go back:")
    )
    purposes = [*PURPOSES]
    chosen = talk.choose("What for?", [f"{PURPOSES[one]}." for one in purposes]) if fields else None
    if chosen is None:
        return None
    return Scope(who=who, collection=collection, fields=fields, purpose=purposes[chosen])


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


def _terms(talk: Talk, scope: Scope) -> GrantTerms | None:
    """How long, on which records, how often and at what price; None where it has no end."""
    until = talk.ask_for("Until which day, such as 2026-12-31, or nothing to go back:", parse_moment)
    if until is None:
        return None
    begin = talk.ask_for("Only records from a day on, or nothing for all of them:", parse_moment)
    end = talk.ask_for("Only records before a day, or nothing for all of them:", parse_moment)
    return {
        "requester": scope.who.name,
        "collection": scope.collection.name,
        "fields": scope.fields,
        "purpose": scope.purpose,
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
