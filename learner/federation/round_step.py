"""From the answers of a round to the weights of the next, in blocks of memory that do not grow with the vaults.

Answers are a table of whole numbers, (vaults, numbers), that may lie on a disk. It is read a block of rows at a time
for the filter and a block of columns at a time for the rule; multi-Krum compares whole answers, and so may
strategies of Flower, which run in a process of their own. The rest is pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from learner.federation.aggregate import (
    RULES,
    Aggregate,
    Chosen,
    Floats,
    aggregate,
    inverse_noise_weights,
    sizes_accepted,
    squared_sizes,
)
from learner.federation.flower import PREFIX, by_strategy
from learner.federation.flower_process import Question
from learner.federation.noise import KnownNoise
from learner.federation.server_rules import ServerState, averaged, gradient_step, solved_moments
from vault.requester.coordinating import MOVING_STRATEGIES, Average, CampaignDocument, GradientSteps

WholeNumbers: TypeAlias = NDArray[Any]
BLOCK: Final = 1 << 15
"""Numbers of a table that are looked at at once."""
WHOLE_ROWS: Final = "multi_krum"
ONE_ANSWER: Final = "flower:Krum"
"""The rule whose aggregate is one of the answers, with all of its noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundStep:
    """The state after a round, and whose answers are in it; with none, nothing moves."""

    state: ServerState
    accepted: Chosen


def round_step(
    document: CampaignDocument,
    state: ServerState,
    answers: WholeNumbers,
    *,
    noise: KnownNoise,
    number: int = 1,
) -> RoundStep:
    """What the campaign's rules make of these answers; ``noise`` follows from the tiers that were assigned.

    Without tiers all answers have the same noise and weigh the same. Raises ``FlowerMissing`` and ``NotAggregated`` for
    a rule of Flower.
    """
    if not len(answers):
        return RoundStep(state=state, accepted=np.zeros(0, dtype=bool))
    if document.aggregation.rule.startswith(PREFIX):
        return _by_flower(document, state, answers, noise=noise, number=number)
    found = combined(
        answers,
        noise=noise,
        rule=document.aggregation.rule,
        filtered=document.aggregation.filtered,
    )
    if not found.accepted.any():
        return RoundStep(state=state, accepted=found.accepted)
    return RoundStep(state=moved(document, state, found), accepted=found.accepted)


def _by_flower(
    document: CampaignDocument,
    state: ServerState,
    answers: WholeNumbers,
    *,
    noise: KnownNoise,
    number: int,
) -> RoundStep:
    """The same by a strategy of Flower, after our own filter; where it has too few answers nothing moves."""
    rule, server = document.aggregation.rule, document.server
    accepted = accepted_answers(answers, noise=noise, filtered=document.aggregation.filtered)
    kept, moves = np.flatnonzero(accepted), rule in MOVING_STRATEGIES
    if not len(kept):
        return RoundStep(state=state, accepted=accepted)
    earlier = state.velocity if moves and state.velocity.any() else np.zeros(0)
    asked = Question(
        strategy=rule.removeprefix(PREFIX),
        round=number,
        lr=server.lr if isinstance(server, Average) else 1.0,
        momentum=server.momentum if isinstance(server, Average) else 0.0,
        answers=len(kept),
        numbers=answers.shape[1],
        state=len(earlier),
    )
    rows = max(1, BLOCK // answers.shape[1])
    chosen = [kept[first : first + rows] for first in range(0, len(kept), rows)]
    blocks = (answers[some] * noise.steps[some, None] for some in chosen)
    found = by_strategy(asked, state.weights if moves else np.zeros(asked.numbers), earlier, blocks)
    if found is None:
        return RoundStep(state=state, accepted=np.zeros_like(accepted))
    update, left = found
    if moves:
        return RoundStep(state=ServerState(weights=state.weights + update, velocity=left), accepted=accepted)
    # a strategy of Flower counts each answer alike, and a campaign with one has no tiers
    of_each = float(noise.variances[kept[0]])
    variance = of_each if rule == ONE_ANSWER else of_each / len(kept)
    return RoundStep(
        state=moved(document, state, Aggregate(update=update, variance=variance, accepted=accepted)),
        accepted=accepted,
    )


def moved(document: CampaignDocument, state: ServerState, found: Aggregate) -> ServerState:
    """One step of the server by the aggregate of a round."""
    server = document.server
    if isinstance(server, GradientSteps):
        return gradient_step(state, found.update, units=server.units, lr=server.lr, momentum=server.momentum)
    if server.kind == "average":
        return averaged(state, found.update, lr=server.lr, momentum=server.momentum)
    width = len(state.weights)
    triangle, targets = found.update[: -width or None], found.update[-width:]
    solved = solved_moments(triangle, targets, variance=found.variance)
    return ServerState(weights=solved, velocity=state.velocity)


def combined(
    answers: WholeNumbers, *, noise: KnownNoise, rule: str, filtered: bool, block: int = BLOCK
) -> Aggregate:
    """``aggregate`` of the answers times their steps, a block at a time; where none is accepted, zeros of none."""
    count, numbers = answers.shape
    accepted = accepted_answers(answers, noise=noise, filtered=filtered, block=block)
    variances, steps = noise.variances[accepted], noise.steps[accepted, None]
    if not accepted.any():
        return Aggregate(update=np.zeros(numbers), variance=float(noise.variances.min()), accepted=accepted)
    if rule == WHOLE_ROWS:
        kept = aggregate(answers[accepted] * steps, variances, rule=rule, filtered=False)
        return Aggregate(update=kept.update, variance=kept.variance, accepted=accepted)
    weights = inverse_noise_weights(variances)
    update = np.concatenate(
        [
            RULES[rule](answers[accepted, first : first + width] * steps, weights)
            for width in [max(1, block // count)]
            for first in range(0, numbers, width)
        ]
    )
    return Aggregate(update=update, variance=float(np.sum(weights**2 * variances)), accepted=accepted)


def accepted_answers(
    answers: WholeNumbers, *, noise: KnownNoise, filtered: bool, block: int = BLOCK
) -> Chosen:
    """Which answers are of a size, or where nothing is filtered finite, a block at a time."""
    numbers = answers.shape[1]
    squares = _squares(answers, noise.steps, block)
    return sizes_accepted(squares, noise.variances, numbers) if filtered else np.isfinite(squares)


def _squares(answers: WholeNumbers, steps: Floats, block: int) -> Floats:
    """The squared length of each answer."""
    rows = max(1, block // answers.shape[1])
    chosen = [slice(first, first + rows) for first in range(0, len(answers), rows)]
    parts = [squared_sizes(answers[some] * steps[some, None]) for some in chosen]
    return np.concatenate(parts)
