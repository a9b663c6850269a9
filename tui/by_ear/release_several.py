"""Several held updates released at once, by ear: each with its digest, under one word, each leaving by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tui.text import release_facts, wording
from tui.text.error_words import with_way_out
from tui.text.parse import parse_count, parse_names
from vault.errors.families import Invalid, LockboxError, Locked

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.releases import ReleaseView

SECONDS: Final = 10
NOT_NOW: Final = "Do not release now"


def release_several(talk: Talk, vault: OwnerSession, held: Sequence[ReleaseView]) -> None:
    """Ask which of them, say each of those with its digest, and send exactly these digests."""
    for number, one in enumerate(held, start=1):
        talk.say(f"{number}. For {one.recipient}, from {one.collection}, digest {one.digest[:8]}.")
    chosen = talk.ask_for(
        "Numbers of those that leave, with commas between them, or nothing to go back:",
        lambda typed: _meant(typed, held),
    )
    if not chosen:
        return
    _say_each(talk, chosen)
    if talk.types(wording.RELEASE_WORD, NOT_NOW) and not is_cancelled(talk):
        _send_each(talk, vault, chosen)


def _meant(typed: str, held: Sequence[ReleaseView]) -> list[ReleaseView]:
    """Those of these numbers, each once; raises `Invalid`."""
    numbers = sorted({parse_count(one) for one in parse_names(typed)})
    if not all(1 <= number <= len(held) for number in numbers):
        raise Invalid(reason=f"the numbers go from 1 to {len(held)}")
    return [held[number - 1] for number in numbers]


def _say_each(talk: Talk, chosen: Sequence[ReleaseView]) -> None:
    """What cannot be undone, and each update: to whom, what leaves, what it cost, and its whole digest."""
    talk.say(
        f"Released at once: {wording.counted(len(chosen), 'update')}. They leave your computer, each to who asked for "
        "it, and cannot be called back. Withdrawing consent later will not remove what they taught.",
        *([wording.MAY_HAVE_LEFT] if any(one.state == "sending" for one in chosen) else []),
    )
    for number, one in enumerate(chosen, start=1):
        talk.say(f"Update {number} of {len(chosen)}.")
        talk.facts([*release_facts.short_facts(one), ("where to", release_facts.where_to(one, None))])
        talk.say(*filter(None, [release_facts.token_missing(one, None)]))
    talk.say(release_facts.NOT_MEASURED)


def is_cancelled(talk: Talk) -> bool:
    """Whether the enter key is pressed in the seconds before anything is sent."""
    talk.say(f"Sending in {SECONDS} seconds. To cancel, press the enter key.")
    if talk.is_quiet_for(SECONDS):
        return False
    talk.say("Cancelled: nothing was recorded, nothing left.")
    return True


def _send_each(talk: Talk, vault: OwnerSession, chosen: Sequence[ReleaseView]) -> None:
    """One after the other; where one is refused, those after it stay."""
    for number, one in enumerate(chosen, start=1):
        try:
            vault.send(one.id, confirm_digest=one.digest)
        except Locked:
            raise
        except LockboxError as error:
            talk.say(f"Update {number} was refused, and what comes after it stays: {with_way_out(error)}")
            return
        talk.say(f"Update {number} has left for {one.recipient}. It cannot be called back.")
