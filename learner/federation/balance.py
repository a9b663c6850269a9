"""The mixing rule of a mesh: BALANCE (Fang et al. 2024) widened by the known noise, then a median of those accepted.

What is compared and mixed are released models alone, one's own too: acceptance would tell of a private one. The
noise of a model follows from the campaign, never from what a peer states.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from learner.federation.aggregate import Chosen, Floats, finite_rows, noise_bound

GAMMA: Final = 0.3
KAPPA: Final = 1.0
MIXED_NOISE: Final = 1.1
"""What mixing with the noise of others adds to the variance of one's own part."""
OWN_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """The next starting point of a peer, and which of its neighbours' models it accepted."""

    model: Floats
    accepted: Chosen


def variance_of_job(*, lr: float, noise_multiplier: float, clip: float, batch: float, steps: Floats) -> float:
    """The noise that one job puts on each weight; ``steps`` are what each of its gradients moved the last weights."""
    return (lr * noise_multiplier * clip / batch) ** 2 * float(np.sum(np.square(steps)))


def step_weights(steps: int, momentum: float) -> Floats:
    """How far the gradient of each step has moved the last weights: 1 + µ + µ² … as often as it was carried on."""
    later = np.arange(steps, 0, -1, dtype=np.float64)
    weights: Floats = np.ones(steps) if momentum == 0 else (1 - momentum**later) / (1 - momentum)
    return weights


def released_variances(rounds: int, *, of_job: float, own_share: float = OWN_SHARE) -> Floats:
    """The variance of a released model after each round: 1.1 α² of the last one's, and that of the round's job."""
    found = [of_job]
    for _ in range(rounds - 1):
        found.append(MIXED_NOISE * own_share**2 * found[-1] + of_job)
    return np.array(found)


def radius(own: Floats, *, progress: float, own_variance: float, other_variance: float) -> float:
    """How far from one's own a model may lie; ``progress`` goes from 0 to 1 over the rounds.

    γ e^(-κ·progress) ‖own‖ as published, and on top of it what the noise of both can make of their distance.
    """
    noise = math.sqrt((own_variance + other_variance) * noise_bound(own.size))
    return GAMMA * math.exp(-KAPPA * progress) * float(np.linalg.norm(own)) + noise


def accepted_models(
    own: Floats, others: Floats, *, progress: float, own_variance: float, variances: Floats
) -> Chosen:
    """Which of the others' models, (peers, weights), lie within the radius of one's own."""
    finite = finite_rows(others)
    with np.errstate(over="ignore", invalid="ignore"):
        distances = np.linalg.norm(others - own, axis=1)
    radii = [
        radius(own, progress=progress, own_variance=own_variance, other_variance=float(one))
        for one in variances
    ]
    found: Chosen = finite & (distances <= np.array(radii))
    return found


def mixed(
    own: Floats,
    others: Floats,
    *,
    progress: float,
    own_variance: float,
    variances: Floats,
    own_share: float = OWN_SHARE,
) -> Mixed:
    """One's own model, mixed with the median of those accepted; where none is, the own model as it is."""
    accepted = accepted_models(own, others, progress=progress, own_variance=own_variance, variances=variances)
    if not accepted.any():
        return Mixed(model=own, accepted=accepted)
    middle = np.median(others[accepted], axis=0)
    return Mixed(model=own_share * own + (1 - own_share) * middle, accepted=accepted)
