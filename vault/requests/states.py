"""The life of a request as a closed state machine, drawn in ``docs/states/request.dot``.

Whatever ends before ``charged`` costs nothing; from ``charged`` on all is spent and nothing is refunded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vault.errors.requests import (
    AlreadyOut,
    MayBeOut,
    NotRunYet,
    RequestOver,
    ResultHeld,
    RunsNow,
    StillWaits,
    WrongState,
)
from vault.views.states import RequestState

_S = RequestState

REOPENED: Final = "the vault was reopened from an older copy"
"""The reason of a request that is ended since nobody knows what was withdrawn after the copy."""
ERASED: Final = "its collection was erased"
"""The reason of what is ended with the records that it would have read."""

TRANSITIONS: Final[Mapping[RequestState, frozenset[RequestState]]] = {
    _S.RECEIVED: frozenset({_S.WAITING, _S.REFUSED_POLICY}),
    # A word that was said before it came ends it once its requester is answered.
    _S.WAITING: frozenset({_S.APPROVED, _S.REFUSED_POLICY, _S.REFUSED_PERSON, _S.EXPIRED}),
    # Back to waiting: the consent it was approved under is gone, or the budget, and nothing was charged.
    _S.APPROVED: frozenset({_S.READY, _S.WAITING, _S.REFUSED_PERSON, _S.EXPIRED}),
    # Back to approved: the learner ended, or the budget or the consent went, before anything was charged.
    _S.READY: frozenset({_S.CHARGED, _S.APPROVED}),
    _S.CHARGED: frozenset({_S.TRAINING, _S.FAILED}),
    _S.TRAINING: frozenset({_S.HELD, _S.FAILED}),
    _S.HELD: frozenset({_S.SENDING, _S.WITHHELD, _S.EXPIRED, _S.DESTROYED}),
    # Once the intent is durable the update may have left, and no later act can unsay that; back to held only by the
    # process that sent it, where it saw that nothing of it can be anywhere.
    _S.SENDING: frozenset({_S.RELEASED, _S.HELD}),
    _S.REFUSED_POLICY: frozenset(),
    _S.REFUSED_PERSON: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.FAILED: frozenset(),
    _S.RELEASED: frozenset(),
    _S.WITHHELD: frozenset(),
    _S.DESTROYED: frozenset(),
}


def move(old: RequestState, new: RequestState) -> RequestState:
    """The new state, if the drawing has that arrow; raises ``WrongState`` with the old one in plain words."""
    if new not in TRANSITIONS[old]:
        raise wrong_state(old)
    return new


def wrong_state(state: RequestState) -> WrongState:
    """The refusal of what a request in this state cannot have done to it, with the next step that it can."""
    return _REFUSALS.get(state, RequestOver)(state=in_words(state))


def in_words(state: RequestState) -> str:
    """The state as it stands in a sentence: "the request is …"."""
    return _WORDS.get(state, state.value)


_WORDS: Final = {
    _S.REFUSED_POLICY: "refused by policy",
    _S.REFUSED_PERSON: "refused by its owner",
    _S.WAITING: "waiting for a decision",
    _S.SENDING: "on its way out and may have left",
}
_REFUSALS: Final[Mapping[RequestState, type[WrongState]]] = {
    _S.RECEIVED: StillWaits,
    _S.WAITING: StillWaits,
    _S.APPROVED: NotRunYet,
    _S.READY: RunsNow,
    _S.CHARGED: RunsNow,
    _S.TRAINING: RunsNow,
    _S.HELD: ResultHeld,
    _S.SENDING: MayBeOut,
    _S.RELEASED: AlreadyOut,
}
