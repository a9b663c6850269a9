"""From the answers of a round to the weights of the next: pure, and with memory that does not grow with the vaults.

Answers are a table of whole numbers, (vaults, numbers), that may lie on a disk. It is read a block of rows at a time
for the filter and a block of columns at a time for the rule; multi-Krum alone compares whole answers.
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
from learner.federation.server_rules import ServerState, averaged, gradient_step, solved_moments
from vault.requester.coordinating import CampaignDocument, GradientSteps

WholeNumbers: TypeAlias = NDArray[Any]
BLOCK: Final = 1 << 18
"""Numbers of a table that are looked at at once."""
WHOLE_ROWS: Final = "multi_krum"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundStep:
    """The state after a round, and whose answers are in it; with none, nothing moves."""

    state: ServerState
    accepted: Chosen


def round_step(
    document: CampaignDocument, state: ServerState, answers: WholeNumbers, *, step: float, variance: float
) -> RoundStep:
    """What the campaign's rules make of these answers; ``variance`` is that of the noise on each number.

    One mechanism holds for all vaults of a campaign, so all answers have the same noise and weigh the same.
    """
    if not len(answers):
        return RoundStep(state=state, accepted=np.zeros(0, dtype=bool))
    found = combined(
        answers,
        step=step,
        variance=variance,
        rule=document.aggregation.rule,
        filtered=document.aggregation.filtered,
    )
    if not found.accepted.any():
        return RoundStep(state=state, accepted=found.accepted)
    return RoundStep(state=moved(document, state, found), accepted=found.accepted)


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
    answers: WholeNumbers, *, step: float, variance: float, rule: str, filtered: bool, block: int = BLOCK
) -> Aggregate:
    """``aggregate`` of the answers times ``step``, a block at a time; where none is accepted, zeros of none."""
    count, numbers = answers.shape
    variances = np.full(count, variance)
    squares = _squares(answers, step, block)
    accepted = sizes_accepted(squares, variances, numbers) if filtered else np.isfinite(squares)
    if not accepted.any():
        return Aggregate(update=np.zeros(numbers), variance=variance, accepted=accepted)
    if rule == WHOLE_ROWS:
        kept = aggregate(answers[accepted] * step, variances[accepted], rule=rule, filtered=False)
        return Aggregate(update=kept.update, variance=kept.variance, accepted=accepted)
    weights = inverse_noise_weights(variances[accepted])
    update = np.concatenate(
        [
            RULES[rule](answers[accepted, first : first + width] * step, weights)
            for width in [max(1, block // count)]
            for first in range(0, numbers, width)
        ]
    )
    return Aggregate(
        update=update, variance=float(np.sum(weights**2 * variances[accepted])), accepted=accepted
    )


def _squares(answers: WholeNumbers, step: float, block: int) -> Floats:
    """The squared length of each answer."""
    rows = max(1, block // answers.shape[1])
    parts = [squared_sizes(answers[first : first + rows] * step) for first in range(0, len(answers), rows)]
    return np.concatenate(parts)
