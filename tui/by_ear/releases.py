"""Held updates, by ear: what would leave, to whom, and the second decision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.by_ear.acting import carry_out, label, possible
from tui.by_ear.release_several import NOT_NOW, is_cancelled, release_several
from tui.by_ear.requests import say_price
from tui.text import release_facts, times, update_facts, wording
from tui.text.drawing import score_sentence

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.releases import ReleaseView

SEVERAL: Final = "Release several at once, under one word."


def hear_releases(talk: Talk, vault: OwnerSession, *, is_practice: bool) -> None:
    """Choose one of all updates, the newest first, again and again."""
    while found := vault.releases():
        held = [one for one in found if one.can_be_sent]
        first = [SEVERAL] * (len(held) > 1)
        lines = [f"For {one.recipient}, from {one.collection}: {update_facts.state(one)}." for one in found]
        chosen = talk.choose("Held updates and what became of them, the newest first.", [*first, *lines])
        if chosen is None:
            return
        if chosen < len(first):
            release_several(talk, vault, held)
        else:
            _hear_release(talk, vault, found[chosen - len(first)].id, is_practice=is_practice)
    talk.say("Nothing is held. Held updates stay here until you decide.")


def _hear_release(talk: Talk, vault: OwnerSession, release_id: str, *, is_practice: bool) -> None:
    """All about one update, and what can be done with it."""
    while True:
        one = vault.release(release_id)
        talk.say(f"This update: {update_facts.state(one)}.")
        talk.facts(release_facts.release_facts(one))
        talk.facts([("you can decide until", times.full_time(one.expires_at))] if one.can_be_sent else [])
        say_price(talk, one.price)
        if one.for_you is not None:
            attacked = release_facts.attack_on_run(one)
            talk.say("For you alone; this never leaves:", f"{score_sentence(one.for_you)}.")
            talk.say(*([attacked] if attacked else []))
        actions = possible("release", one)
        first = ["Release it: it leaves this computer."] if one.can_be_sent else []
        chosen = talk.choose("What do you want to do?", [*first, *map(label, actions)])
        if chosen is None:
            return
        if chosen < len(first):
            _release(talk, vault, one, is_practice=is_practice)
        else:
            carry_out(talk, vault, actions[chosen - len(first)], one)


def _release(talk: Talk, vault: OwnerSession, one: ReleaseView, *, is_practice: bool) -> None:
    """The second decision: a place, a typed word, and ten seconds in which it can be cancelled."""
    talk.say(
        "This leaves your computer and cannot be called back. Withdrawing consent later will not remove what this "
        "taught.",
        *([wording.MAY_HAVE_LEFT] if one.state == "sending" else []),
        release_facts.NOT_MEASURED,
        release_facts.to_whom(one, is_practice=is_practice),
    )
    typed = talk.ask(f"Path of a new folder for it, or nothing, and it is {release_facts.left_for(one)}:")
    if typed and (fault := release_facts.folder_fault(typed)):
        talk.say(fault)
        return
    to = Path(typed).expanduser().absolute() if typed else None
    missing = "" if is_practice else release_facts.token_missing(one, to)
    if beware := release_facts.beware_of_folder(one, to) or missing:
        talk.say(beware)
    if not talk.types(wording.RELEASE_WORD, NOT_NOW) or is_cancelled(talk):
        return
    sent = vault.send(one.id, confirm_digest=one.digest, to=to)
    talk.say(
        f"It has left for {sent.recipient}: {release_facts.where_to(one, to)}. It cannot be called back."
    )
