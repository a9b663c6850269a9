"""How a campaign stands, as its coordinator knows it: what status, live page and report show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from learner.federation.coordinator import Coordinator, pseudonym
from learner.federation.stored import AnswerFacts, RoundFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundOverview:
    """A round: ``left_out`` answers were too far off for the campaign's filter, or did not verify again."""

    number: int
    state: Literal["to come", "open", "closed", "done"]
    deadline: str
    closed: str | None
    answers: int
    left_out: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOverview:
    """An answer by the pseudonym of its vault; ``is_in`` is None until its round is over."""

    round: int
    vault: str
    bytes: int
    received: str
    is_in: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedOverview:
    """What a vault sent in a round and was refused: how often, and why the last time."""

    round: int
    vault: str
    times: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TierOverview:
    """A noise tier: its name, which is empty for the campaign's own noise, and how many vaults are in it."""

    name: str
    noise_multiplier: float
    invited: int
    enrolled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A campaign, whole; one of a single noise has no ``tiers``."""

    campaign: str
    protocol: str
    requester: str
    quorum: int
    invited: int
    enrolled: int
    rounds: tuple[RoundOverview, ...]
    answers: tuple[AnswerOverview, ...]
    refused: tuple[RefusedOverview, ...]
    has_model: bool
    witness: str
    log_size: int
    cosigned_size: int
    tiers: tuple[TierOverview, ...] = ()


def overview(coordinator: Coordinator) -> Overview:
    """What is known now; raises ``DatabaseUnusable``."""
    state, document = coordinator.state, coordinator.document
    invited, enrolled = state.counts()
    log_size, cosigned_size = state.log_sizes()
    answers = state.answer_facts()
    return Overview(
        campaign=coordinator.digest,
        protocol=document.protocol,
        requester=document.job.requester.name,
        quorum=coordinator.folder.settings.quorum,
        invited=invited,
        enrolled=enrolled,
        rounds=_rounds(coordinator, answers),
        answers=tuple(
            AnswerOverview(
                round=each.round,
                vault=pseudonym(each.key),
                bytes=each.bytes,
                received=moment_text(each.received_at),
                is_in=each.accepted,
            )
            for each in answers
        ),
        refused=tuple(
            RefusedOverview(round=each.round, vault=pseudonym(each.key), times=each.count, reason=each.reason)
            for each in state.refusal_facts()
        ),
        has_model=state.model() is not None,
        witness=document.witness.name if document.witness else "",
        log_size=log_size,
        cosigned_size=cosigned_size,
        tiers=_tiers(coordinator, invited, enrolled),
    )


def _tiers(coordinator: Coordinator, invited: int, enrolled: int) -> tuple[TierOverview, ...]:
    """Every noise tier, the campaign's own noise first: it has whoever is in no other."""
    noises, counts = coordinator.document.noises, coordinator.state.tier_counts()
    if len(noises) == 1:
        return ()
    own = (
        invited - sum(one for one, _ in counts.values()),
        enrolled - sum(one for _, one in counts.values()),
    )
    found = [
        (name or "", noise, own if name is None else counts.get(name, (0, 0)))
        for name, noise in noises.items()
    ]
    return tuple(
        TierOverview(name=name, noise_multiplier=noise, invited=asked, enrolled=came)
        for name, noise, (asked, came) in found
    )


def moment_text(seconds: int) -> str:
    """A time in seconds since 1970, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rounds(coordinator: Coordinator, answers: Sequence[AnswerFacts]) -> tuple[RoundOverview, ...]:
    of_round: defaultdict[int, list[AnswerFacts]] = defaultdict(list)
    for each in answers:
        of_round[each.round].append(each)
    rounds = {each.number: each for each in coordinator.state.round_facts()}
    return tuple(
        _round(number, deadline, rounds.get(number), of_round[number])
        for number, deadline in enumerate(coordinator.document.deadlines, start=1)
    )


def _round(
    number: int, deadline: str, found: RoundFacts | None, answers: Sequence[AnswerFacts]
) -> RoundOverview:
    closed = None if found is None or found.closed_at is None else moment_text(found.closed_at)
    return RoundOverview(
        number=number,
        state=_state(found),
        deadline=deadline,
        closed=closed,
        answers=len(answers),
        left_out=sum(each.accepted is False for each in answers),
        bytes=sum(each.bytes for each in answers),
    )


def _state(found: RoundFacts | None) -> Literal["to come", "open", "closed", "done"]:
    if found is None:
        return "to come"
    if found.settled:
        return "done"
    return "open" if found.closed_at is None else "closed"
