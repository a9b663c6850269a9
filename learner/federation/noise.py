"""How much noise lies on each number of an answer and how far it goes, from the campaign alone, not from a release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from learner.descent import Descent
from learner.dp.plan import Plan, plan_of
from learner.federation.aggregate import Floats
from learner.protocol import SUMS, Job
from vault.requester.coordinating import CampaignDocument, template_job, update_step

DRAWS: Final = 4096
"""Numbers of noise that Adam, which is no sum of what it is given, is tried on: the variance is known to 3 %."""
SEED: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNoise:
    """Of each answer of a table what one whole number counts for, and the noise variance of its numbers, (vaults,)."""

    steps: Floats
    variances: Floats


def known_noise(document: CampaignDocument, tiers: Sequence[str | None]) -> KnownNoise:
    """What is known of answers by the noise tiers that their vaults were given, in their order."""
    at = {name: document.at_tier(name) for name in {*tiers}}
    steps = {name: update_step(one.job) for name, one in at.items()}
    variances = {name: answer_variance(template_job(one)) for name, one in at.items()}
    return KnownNoise(
        steps=np.array([steps[name] for name in tiers], dtype=np.float64),
        variances=np.array([variances[name] for name in tiers], dtype=np.float64),
    )


def answer_variance(job: Job) -> float:
    """The variance of the noise on each number, in the unit of the answer, rounding to its encoding included."""
    plan = plan_of(job)
    of_step = (plan.noise_cells * plan.grid / plan.expected_batch) ** 2
    return of_step * _carried_on(job, plan) + job.output_step**2 / 12


def answer_reach(job: Job, numbers: int) -> float:
    """How far the ``numbers`` of an answer go without noise: a gradient of length C in every step, all the same way.

    Of Adam, whose steps forget how long a gradient was, lr on each number in every step.
    """
    plan = plan_of(job)
    if job.optimizer != "sgd":
        return job.lr * plan.steps * float(np.sqrt(numbers))
    return plan.clip_norm * float(np.sum(np.abs(_moved_by_each(job, plan))))


def _carried_on(job: Job, plan: Plan) -> float:
    """What the noise of one step is multiplied by until the last: the sum of squares of how far each step moves."""
    if job.kind in SUMS:
        return 1.0
    if job.optimizer != "sgd":
        return _tried(job, plan)
    return float(np.sum(_moved_by_each(job, plan) ** 2))


def _moved_by_each(job: Job, plan: Plan) -> Floats:
    """How far a gradient of one, in each of the steps alone, moves what leaves, (steps,)."""
    descent = Descent(job, plan, np.zeros(plan.steps))
    for step in range(plan.steps):
        alone = np.zeros(plan.steps)
        alone[step] = 1.0
        descent.step(alone)
    return descent.change()


def _tried(job: Job, plan: Plan) -> float:
    """The same by the noise alone, which is as far as Adam goes: where there is a signal its steps are shorter."""
    random, deviation = np.random.default_rng(SEED), plan.noise_cells * plan.grid / plan.expected_batch
    descent = Descent(job, plan, np.zeros(DRAWS))
    for _ in range(plan.steps):
        descent.step(random.normal(size=DRAWS) * deviation)
    return float(np.var(descent.change())) / deviation**2
