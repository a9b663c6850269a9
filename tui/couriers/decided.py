"""What the owner decided on rounds and no requester hears: the vault is asked for it, and no courier keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeVar

if TYPE_CHECKING:
    from learner.federation.courier_folder import RoundState
    from learner.federation.mesh_folder import MeshRound
    from vault.views.requests import RequestLine

_Round = TypeVar("_Round", "RoundState", "MeshRound")
_Word = Literal["kept private", "destroyed", "failed", "refused", "expired"]

_KNOWN_HERE_ALONE: Final = ("waiting", "expired")
"""What the requester's door says of a round whose update is kept private, failed or was destroyed, as of any other."""
_WORDS: Final[Mapping[str, _Word]] = {
    "withheld": "kept private",
    "destroyed": "destroyed",
    "failed": "failed",
    "refused_person": "refused",
    "refused_policy": "refused",
    "expired": "expired",
}


@dataclass(frozen=True, slots=True)
class Decided:
    """The state in the vault of each round that came in, by the id of its campaign here and its number."""

    states: Mapping[tuple[str, int], str]

    def told(self, campaign: str, rounds: Iterable[_Round]) -> tuple[_Round, ...]:
        """The rounds of a campaign, each with what its owner knows of it beside what a requester hears."""
        return tuple(self._told(campaign, one) for one in rounds)

    def _told(self, campaign: str, one: _Round) -> _Round:
        state = self.states.get((campaign, one.number), "")
        if state == "released" and one.word == "waiting":  # whoever carries it has not asked since
            return replace(one, word="released")
        word = _WORDS.get(state)
        return replace(one, word=word) if word and one.word in _KNOWN_HERE_ALONE else one


def decided(lines: Iterable[RequestLine]) -> Decided:
    """What became of the rounds among these requests."""
    return Decided({(one.round.campaign, one.round.number): one.state for one in lines if one.round})


UNKNOWN: Final = Decided({})
"""Where the vault is not asked."""
