"""What is allowed, by ear, and how to withdraw it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tui.by_ear.grants import give_consent
from tui.text import consent_facts, wording

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.consents import GrantView

KEEP: Final = "Keep it"
NEW: Final = "Allow somebody something new."


def hear_consents(talk: Talk, vault: OwnerSession) -> None:
    """Give a new consent, or choose one of all there are, those in force first, again and again."""
    while True:
        found = consent_facts.by_standing(vault.grants(), datetime.now(UTC))
        lines = [f"{one.requester}, {one.purpose_words}, {one.collection}: {one.state}." for one in found]
        if not found:
            talk.say("You have allowed nobody anything.")
        chosen = talk.choose("Consents, those in force first.", [NEW, *lines])
        if chosen is None:
            return
        if chosen == 0:
            give_consent(talk, vault)
        else:
            _hear_consent(talk, vault, found[chosen - 1])


def _hear_consent(talk: Talk, vault: OwnerSession, one: GrantView) -> None:
    talk.say(f"{consent_facts.state_sentence(one, datetime.now(UTC))}.")
    collections = {each.name: each for each in vault.collections()}
    requesters = {each.name: each for each in vault.requesters()}
    talk.facts(consent_facts.facts(one, collections.get(one.collection), requesters.get(one.requester)))
    if one.state == "withdrawn":
        return
    if talk.choose("What do you want to do?", ("Withdraw it.",)) is not None:
        _withdraw(talk, vault, one)


def _withdraw(talk: Talk, vault: OwnerSession, one: GrantView) -> None:
    """Say what it stops, destroys and cannot reach; where something is lost, a word is typed."""
    planned = vault.preview_withdraw(one.id)
    talk.say(*consent_facts.withdrawing(planned))
    is_for_good = consent_facts.is_for_good(planned)
    if talk.types(wording.WITHDRAW_WORD, KEEP) if is_for_good else talk.agrees("Withdraw it", KEEP):
        talk.say(consent_facts.withdrawn(vault.withdraw(one.id)))
