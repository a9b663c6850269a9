"""DP-SGD inside one vault, from the first random word to the update; reads like the recipe.

Abadi et al., "Deep Learning with Differential Privacy" (2016), with privacy units for examples, Poisson
sampling, noise in whole grid cells and a public divisor. Of all that stands below only ``total + noise`` and
what the owner is told are functions of the records: what follows from the first is post-processing, the
second goes to the owner alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from learner.data import Rows, constant_frame, encode_rows, group_units
from learner.descent import Descent
from learner.dp.keystream import Keystream, Words
from learner.dp.lanes import Lanes
from learner.dp.noise import draw_noise, noised_gradient
from learner.dp.places import depends_on_lane, depends_on_place
from learner.dp.plan import Plan, plan_of
from learner.dp.product_rounding import rounds_too_much
from learner.dp.sampling import sample_units, sampled_order
from learner.dp.units import padded
from learner.membership_attack import MembershipAttack
from learner.models.network import network_of
from learner.models.scores import OwnerView
from learner.models.weights import read_start
from learner.protocol import NETWORKS, SUMS, ColumnFrame, Job, Progress, update_shapes
from learner.second_thread import ALONE, SecondThread
from learner.update import encode_update, round_update


class Taps(Protocol):
    """Where a test listens at a run, and may silence its noise; ``train`` has no way to be given one."""

    def batch(self, chosen: NDArray[np.bool_]) -> None:
        """Hear which units are in the batch of a step."""

    def total(self, total: NDArray[np.float64]) -> None:
        """Hear the sum of the bounded gradients before its noise."""

    def noise(self, noise: NDArray[np.int64]) -> NDArray[np.int64]:
        """Hear the noise of a step, and say what is added instead."""


class _Untapped:
    """Taps that hear nothing and change nothing."""

    def batch(self, chosen: NDArray[np.bool_]) -> None:
        pass

    def total(self, total: NDArray[np.float64]) -> None:
        pass

    def noise(self, noise: NDArray[np.int64]) -> NDArray[np.int64]:
        return noise


def train(
    job: Job, weights: bytes, frame: ColumnFrame, *, progress: Progress, second: SecondThread = ALONE
) -> tuple[bytes, bytes]:
    """Train once and give the update and the owner's private results, the two parts of an envelope.

    ``weights`` are the starting weights as safetensors; ``progress`` hears (step, steps) after each step.
    Every call draws its own randomness, so no two calls give the same update. Raises ProtocolError for a job
    or weights that cannot be used, and nothing that depends on a record.
    """
    with Keystream() as words:
        return run(job, weights, frame, progress=progress, words=words, taps=_Untapped(), second=second)


def rehearse(job: Job, weights: bytes, second: SecondThread = ALONE) -> None:
    """Take one step on public constants, before any record is there.

    Raises what ``train`` would raise, and RuntimeError when this computer's arithmetic lets rows of a batch
    influence each other, or rounds what they add more than is charged for.
    """
    plan = plan_of(job)
    frame = constant_frame(job, max(plan.block, padded(1)))
    once = replace(job, steps=1, sampling_rate=1.0)
    train(once, weights, frame, progress=lambda _step, _steps: None, second=second)
    lanes = _lanes(job, plan, encode_rows(job, frame), second)
    units = group_units(frame.unit, job.max_rows_per_unit)
    if depends_on_lane(lanes, units, plan) or any(
        lanes.each(lambda network: depends_on_place(network, units, plan))
    ):
        raise RuntimeError("the gradient of a row depends on its place in the batch on this computer")
    if any(lanes.each(lambda network: rounds_too_much(network, plan))):
        raise RuntimeError("products of rows are rounded too coarsely on this computer")


@np.errstate(all="ignore")  # an overflow may come from one record, and ends in a bounded number all the same
def run(
    job: Job,
    weights: bytes,
    frame: ColumnFrame,
    *,
    progress: Progress,
    words: Words,
    taps: Taps,
    second: SecondThread = ALONE,
) -> tuple[bytes, bytes]:
    """The recipe, with its randomness and its taps as arguments; only ``train`` and tests call it."""
    plan = plan_of(job)
    start, kept = read_start(weights, job)
    rows, units = encode_rows(job, frame), group_units(frame.unit, job.max_rows_per_unit)
    lanes = _lanes(job, plan, rows, second, kept)
    view = OwnerView(job, rows, lanes.first, plan.block)
    membership = MembershipAttack(job, plan, rows, units, kept)

    descent = Descent(job, plan, start)
    view.look(0, descent.theta)
    for step in range(1, plan.steps + 1):
        batch = sample_units(words, plan, units.count)
        taps.batch(batch)
        total = lanes.clipped_sum(
            units,
            sampled_order(words, plan, batch),
            descent.theta,
            plan=plan,
            reduction=job.unit_reduction,
        )
        taps.total(total)
        noise = taps.noise(draw_noise(words, plan, lanes.first.erfinv))
        membership.look(step, descent.theta, batch, noise)
        descent.step(noised_gradient(total, noise, plan))
        view.look(step, descent.theta)
        progress(step, plan.steps)

    update = round_update(descent.change(), job.output_step, job.encoding)
    released = start if job.kind in SUMS else start + update * job.output_step
    return encode_update(update, update_shapes(job)), view.to_json(released, membership.facts())


def _lanes(
    job: Job, plan: Plan, rows: Rows, second: SecondThread, kept: NDArray[np.float64] | None = None
) -> Lanes:
    """Two of a model that takes time to compute; one of every other, which a second thread would make no faster."""
    count = 2 if job.model.kind in NETWORKS else 1
    return Lanes(lambda: network_of(job, rows, plan.block, kept), count, second)
