"""What is done with the noised gradients: steps, averages, or nothing. All of it is post-processing.

Nothing here sees a record: only what was noised, and public constants of the job.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from learner.dp.plan import Plan
from learner.protocol import SUMS, Job

Vector = NDArray[np.float64]

# how far down what Adam divides by may go, beside the variance of the noise
_LEAST_VARIANCE: Final = 1e-2
# over which share of the steps an exponential average looks back
_AVERAGED: Final = 0.1


class Descent:
    """The weights on their way, and what the update makes of them."""

    def __init__(self, job: Job, plan: Plan, start: Vector) -> None:
        self._job, self._plan, self._start = job, plan, start
        self._step = 0
        # what a recipe has no use for is never written to, and so takes no memory
        self._momentum, self._squares, self._average = (np.zeros(start.shape) for _ in range(3))
        self.theta = start.copy()

    def step(self, gradient: Vector) -> None:
        """Take in the noised gradient of the next step."""
        self._step += 1
        if self._job.kind in SUMS:
            self._average = gradient
            return
        self.theta -= self._rate() * self._direction(gradient)
        self._add_to_average()

    def change(self) -> Vector:
        """What leaves: by how much the weights changed, or the sum itself."""
        if self._job.kind in SUMS:
            return self._average
        final = self.theta if self._job.average == "last" else self._average
        return final - self._start

    def _direction(self, gradient: Vector) -> Vector:
        """Which way to go: momentum as plain SGD has it, or Adam's, with the variance of the noise taken off.

        Tang, Panda, Sehwag, Mittal, "DP-Adam: Correcting DP Bias in Adam's Second Moment Estimation" (2023).
        """
        job = self._job
        if job.optimizer == "sgd" and not job.momentum:
            return gradient
        if job.optimizer == "sgd":
            self._momentum *= job.momentum
            self._momentum += gradient
            return self._momentum
        self._momentum += (1 - job.momentum) * (gradient - self._momentum)
        self._squares += (1 - job.second_momentum) * (gradient * gradient - self._squares)
        of_noise = (self._plan.noise_cells * self._plan.grid / self._plan.expected_batch) ** 2
        squares = self._squares / (1 - job.second_momentum**self._step) - of_noise
        mean = self._momentum / (1 - job.momentum**self._step)
        found: Vector = mean / np.sqrt(np.maximum(squares, _LEAST_VARIANCE * of_noise))
        return found

    def _rate(self) -> float:
        """The learning rate of this step: constant, or on its way down to nothing after the last one."""
        done = (self._step - 1) / self._plan.steps
        shares = {"none": 1.0, "linear": 1 - done, "cosine": (1 + math.cos(math.pi * done)) / 2}
        return self._job.lr * shares[self._job.decay]

    def _add_to_average(self) -> None:
        steps = self._plan.steps
        if self._job.average == "tail" and self._step > steps // 2:
            self._average += (self.theta - self._average) / (self._step - steps // 2)
        if self._job.average == "ema":
            self._average += (self.theta - self._average) / min(self._step, math.ceil(_AVERAGED * steps))
