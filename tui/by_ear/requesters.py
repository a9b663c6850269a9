"""Everybody who may ask, by ear: how far their key is known, and how their programs get in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.actions import REQUESTER, REVOKE, TOKEN, questions
from tui.by_ear.acting import attempt, carry_out, carry_out_by_name, label
from tui.text import times, wording

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.requesters import RequesterView

KEY: Final = "Hear the key that signs releases to them."


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedOnly:
    """Who an action is about, as far as a line of the inbox names them."""

    requester: str
    requester_status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Somebody about whom the actions of the inbox are that need no request of theirs."""

    line: NamedOnly
    fingerprint: str


def hear_requesters(talk: Talk, vault: OwnerSession) -> None:
    """Choose one of all who may ask or are blocked, again and again."""
    while found := vault.requesters():
        lines = [f"{one.name}: key {wording.KEY_STATUS[one.status]}." for one in found]
        chosen = talk.choose("Who may ask.", lines)
        if chosen is None:
            return
        _hear_requester(talk, vault, found[chosen])
    talk.say("Nobody may ask yet: take in the key of somebody first.")


def _hear_requester(talk: Talk, vault: OwnerSession, one: RequesterView) -> None:
    """All about one of them, and one thing that can be done."""
    talk.facts(_facts(one))
    asker = Asker(
        line=NamedOnly(requester=one.name, requester_status=one.status), fingerprint=one.fingerprint
    )
    actions = [
        each
        for each, question in questions("requests")
        if each.target is REQUESTER and not question.obstacle(asker)
    ]
    others = [KEY, TOKEN.help, REVOKE.help]
    chosen = talk.choose("What do you want to do?", [*map(label, actions), *others])
    if chosen is None:
        return
    if chosen < len(actions):
        carry_out(talk, vault, actions[chosen], asker)
    elif (other := others[chosen - len(actions)]) == KEY:
        talk.say(vault.vault_key(one.name))
    else:
        action = TOKEN if other == TOKEN.help else REVOKE
        attempt(talk, lambda: carry_out_by_name(talk, vault, action, one.name))


def _facts(one: RequesterView) -> list[tuple[str, str]]:
    """What is known of them."""
    return [
        ("name", one.name),
        ("fingerprint of their key", one.fingerprint),
        ("their key is", wording.KEY_STATUS[one.status]),
        ("reached at", one.contact or "nothing was noted"),
        ("may ask about", one.only_collection or "every collection"),
        ("added", times.full_time(one.added_at)),
        *(("note", sentence) for sentence in wording.name_warnings(one.name, one.resembles, one.alphabets)),
    ]
