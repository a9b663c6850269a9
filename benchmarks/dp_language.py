"""The steps that the engine takes with a language model, for which there is no job."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from learner.data import encode_rows, group_units
from learner.descent import Descent
from learner.dp.keystream import Keystream
from learner.dp.lanes import Lanes
from learner.dp.noise import draw_noise, noised_gradient
from learner.dp.plan import Plan, plan_of, together_of
from learner.dp.sampling import sample_units, sampled_order
from learner.models.next_byte import NextByte, next_byte_shapes
from learner.protocol import ColumnFrame, Job, TextBlocks, parameter_count
from learner.second_thread import ALONE, SecondThread

# texts at once: what each adds is formed, which is as many numbers as the model has
TEXTS: Final = 4


@np.errstate(all="ignore")
def train_language_model(
    job: Job, blocks: TextBlocks, frame: ColumnFrame, steps: int, second: SecondThread = ALONE
) -> None:
    """So many steps over the texts of a job, with its recipe, and nothing else of a run."""
    rows, units, plan = encode_rows(job, frame), group_units(frame.unit, 1), _plan(job, blocks)
    lanes = Lanes(lambda: NextByte(blocks, job.model.activation, rows, plan.block), 2, second)
    descent = Descent(job, plan, np.random.default_rng(0).normal(size=plan.parameters) * 0.02)
    with Keystream() as words:
        for _ in range(steps):
            members = sampled_order(words, plan, sample_units(words, plan, units.count))
            total = lanes.clipped_sum(units, members, descent.theta, plan=plan, reduction="sum")
            descent.step(noised_gradient(total, draw_noise(words, plan, lanes.first.erfinv), plan))


def _plan(job: Job, blocks: TextBlocks) -> Plan:
    parameters = parameter_count(next_byte_shapes(blocks))
    return replace(plan_of(job), parameters=parameters, block=TEXTS, together=together_of(1, TEXTS))
