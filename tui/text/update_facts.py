"""What is said of an update that is kept private, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.text import wording

if TYPE_CHECKING:
    from vault.views.releases import ReleaseView

CANNOT_BE_SENT = (
    "It cannot be sent any more: its consent was withdrawn, its time is over, or its bytes are deleted."
)
BLOCKED = (
    "It cannot be sent while its requester is blocked. Once you unblock them it is for you to decide again, until its "
    "time is over."
)
_DECIDED = {
    "sending": "it may have left, and nothing of it is here any more",
    "released": "it has left this computer",
    "withheld": "it is kept private",
    "destroyed": "it is destroyed, its consent was withdrawn",
    "expired": "its time is over",
}


def nothing_to_decide(word: str) -> str:
    """Why no decision can be taken about an update in this state."""
    return f"Nothing is left to decide about this update: {_DECIDED[word]}."


def is_blocked(one: ReleaseView) -> bool:
    """Whether an update that can still be decided about cannot be sent, and its requester is blocked."""
    return not is_decided(one) and not one.can_be_sent and one.recipient_status == "blocked"


def state(one: ReleaseView) -> str:
    """Where an update stands."""
    is_held = is_blocked(one) and one.state == "held"
    return wording.REQUESTER_BLOCKED if is_held else wording.state(one.state)


def short_state(one: ReleaseView) -> str:
    """The same, short enough for a list: a mark and a word."""
    if state(one) == wording.REQUESTER_BLOCKED:
        return f"{wording.UPDATE_MARKS[one.state]} blocked"
    return wording.update_state(one.state)


def why_not_sent(one: ReleaseView) -> str:
    """Why an update that is still here cannot be sent."""
    return BLOCKED if is_blocked(one) else CANNOT_BE_SENT


def kept_private(done: tuple[str, bool], entry: str = "") -> str:
    """What was done with an update whose entry is given, and may have left."""
    if done[1]:
        return (
            f"What was still here of the update is deleted{entry}. It may have left, which cannot be called back. "
            "The budget it cost stays spent."
        )
    return f"The update is deleted, nothing left{entry}. The budget it cost stays spent."


def keeping(one: ReleaseView) -> str:
    """What follows from keeping an update private, for as much of it as is still here."""
    if one.state == "sending":
        return (
            f"{wording.MAY_HAVE_LEFT} That cannot be called back. What is still here of it is deleted now and "
            "cannot be sent again. The budget it cost stays spent."
        )
    return (
        "Its bytes are deleted now and nothing leaves. This is final: the update cannot be sent later, and another "
        "run would be another job with another price. The budget it cost stays spent."
    )


def is_decided(one: ReleaseView) -> bool:
    """Whether nothing can be decided about an update any more."""
    return one.state != "held" and not (one.state == "sending" and one.decided_at is None)
