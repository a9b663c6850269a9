"""From the answers of a round to the weights of the next, in blocks of memory that do not grow with the vaults.

Answers are a table that lies on a disk. It is read a group of vaults at a time for the filter and the mean, and a block
of numbers of all vaults at a time for the other rules; multi-Krum compares whole answers, and so may strategies of
Flower, which run in a process of their own. The rest is pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

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
from learner.federation.answer_table import BLOCK, AnswerTable
from learner.federation.flower import PREFIX, by_strategy
from learner.federation.flower_process import Question
from learner.federation.noise import KnownNoise
from learner.federation.server_rules import ServerState, averaged, gradient_step, solved_moments
from vault.requester.coordinating import MOVING_STRATEGIES, Average, CampaignDocument, GradientSteps

SUM: Final = "mean"
"""The rule that is a sum, and needs of each answer its weight alone."""
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
    answers: AnswerTable,
    *,
    noise: KnownNoise,
    number: int = 1,
) -> RoundStep:
    """What the campaign's rules make of these answers; ``noise`` follows from the tiers that were assigned.

    Without tiers all answers have the same noise and weigh the same. Raises ``FlowerMissing`` and ``NotAggregated`` for
    a rule of Flower.
    """
    if not answers.count:
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
    answers: AnswerTable,
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
        numbers=answers.numbers,
        state=len(earlier),
    )
    blocks = _kept(answers, noise.steps, accepted)
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
    answers: AnswerTable, *, noise: KnownNoise, rule: str, filtered: bool, block: int = BLOCK
) -> Aggregate:
    """``aggregate`` of the answers times their steps, a block at a time; where none is accepted, zeros of none."""
    accepted = accepted_answers(answers, noise=noise, filtered=filtered)
    variances = noise.variances[accepted]
    if not accepted.any():
        of_none = np.zeros(answers.numbers)
        return Aggregate(update=of_none, variance=float(noise.variances.min()), accepted=accepted)
    if rule == WHOLE_ROWS:
        whole = np.concatenate([*_kept(answers, noise.steps, accepted)])
        kept = aggregate(whole, variances, rule=rule, filtered=False)
        return Aggregate(update=kept.update, variance=kept.variance, accepted=accepted)
    weights = inverse_noise_weights(variances)
    variance = float(np.sum(weights**2 * variances))
    if rule == SUM:
        update = _summed(answers, noise.steps, accepted, weights)
    else:
        steps, ruled = noise.steps[accepted, None], RULES[rule]
        update = np.concatenate(
            [ruled(some[accepted] * steps, weights) for some in answers.by_numbers(block)]
        )
    return Aggregate(update=update, variance=variance, accepted=accepted)


def accepted_answers(answers: AnswerTable, *, noise: KnownNoise, filtered: bool) -> Chosen:
    """Which answers are of a size, or where nothing is filtered finite, a group at a time."""
    squares = np.empty(answers.count)
    for some, numbers in answers.by_vaults():
        squares[some] = squared_sizes(numbers * noise.steps[some, None])
    return sizes_accepted(squares, noise.variances, answers.numbers) if filtered else np.isfinite(squares)


def _kept(answers: AnswerTable, steps: Floats, accepted: Chosen) -> Iterator[Floats]:
    """Those that are accepted times their steps, a group at a time."""
    for some, numbers in answers.by_vaults():
        if accepted[some].any():
            yield numbers[accepted[some]] * steps[some][accepted[some], None]


def _summed(answers: AnswerTable, steps: Floats, accepted: Chosen, weights: Floats) -> Floats:
    """The weighted mean: of weights that add up to one the sum, a group at a time."""
    total, first = np.zeros(answers.numbers), 0
    for some in _kept(answers, steps, accepted):
        total += weights[first : first + len(some)] @ some
        first += len(some)
    return total
