"""What is allowed, by ear, and how to withdraw it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tui.by_ear.acting import attempt
from tui.by_ear.grants import give_consent
from tui.by_ear.what_if import ask_of_job, ask_what_if
from tui.text import consent_facts, wording

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.consents import GrantView

Part: TypeAlias = "Callable[[Talk, OwnerSession], None]"

KEEP: Final = "Keep it"
NEW, WHAT_IF, OF_JOB = (
    "Allow somebody something new.",
    "Hear what your consents would say if somebody asked.",
    "Hear what they would say about a job in a folder.",
)
WITHDRAW, RECEIPT = "Withdraw it.", "Hear its receipt."


def hear_consents(talk: Talk, vault: OwnerSession) -> None:
    """Give a new consent, or choose one of all there are, those in force first, again and again."""
    while True:
        found = consent_facts.by_standing(vault.grants(), datetime.now(UTC))
        lines = [f"{one.requester}, {one.purpose_words}, {one.collection}: {one.state}." for one in found]
        if not found:
            talk.say("You have allowed nobody anything.")
        chosen = talk.choose("Consents, those in force first.", [*FIRST, *lines])
        if chosen is None:
            return
        if chosen < len(FIRST):
            _begin(talk, vault, [*FIRST.values()][chosen])
        else:
            _hear_consent(talk, vault, found[chosen - len(FIRST)])


def _begin(talk: Talk, vault: OwnerSession, part: Part) -> None:
    attempt(talk, lambda: part(talk, vault))


def _hear_consent(talk: Talk, vault: OwnerSession, one: GrantView) -> None:
    talk.say(f"{consent_facts.state_sentence(one, datetime.now(UTC))}.")
    collections = {each.name: each for each in vault.collections()}
    requesters = {each.name: each for each in vault.requesters()}
    talk.facts(consent_facts.facts(one, collections.get(one.collection), requesters.get(one.requester)))
    choices = [*[WITHDRAW] * (one.state != "withdrawn"), RECEIPT]
    chosen = talk.choose("What do you want to do?", choices)
    if chosen is None:
        return
    if choices[chosen] == WITHDRAW:
        _withdraw(talk, vault, one)
    else:
        _say_receipt(talk, vault.receipt(one.id))


def _say_receipt(talk: Talk, receipt: Mapping[str, Any]) -> None:
    talk.say("An ISO/IEC TS 27560 receipt; its record is the very thing that decides.")
    talk.facts(consent_facts.receipt_facts(receipt))
    talk.say("What you were shown, word for word:", consent_facts.notice_of(receipt))


def _withdraw(talk: Talk, vault: OwnerSession, one: GrantView) -> None:
    """Say what it stops, destroys and cannot reach; where something is lost, a word is typed."""
    planned = vault.preview_withdraw(one.id)
    talk.say(*consent_facts.withdrawing(planned))
    is_for_good = consent_facts.is_for_good(planned)
    if talk.types(wording.WITHDRAW_WORD, KEEP) if is_for_good else talk.agrees("Withdraw it", KEEP):
        talk.say(consent_facts.withdrawn(vault.withdraw(one.id)))


FIRST: Final[Mapping[str, Part]] = {NEW: give_consent, WHAT_IF: ask_what_if, OF_JOB: ask_of_job}
"""What can be done without choosing a consent."""
