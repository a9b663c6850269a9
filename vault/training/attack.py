"""The strongest attack that is known here, on a stand-in of a job: made-up units in the place of the owner's records.

Of the canaries each is in by the toss of a coin, and is guessed about from the update alone by whoever knows all else
(Nasr et al., "Tight Auditing of Differentially Private Machine Learning", 2023; many canaries a run: Steinke, Nasr,
Jagielski, "Privacy Auditing with One (1) Training Run", 2023). One half of the canaries sets the threshold and only
the other half is guessed about. Nothing here opens a collection: the same comes out whatever is in the vault.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from learner.protocol import Job, Progress, StandInJob, update_limit
from vault.requests.attacked import Guesses
from vault.sealing.random import random_bytes
from vault.training.canaries import Canaries, canaries_of
from vault.training.process import LearnerProcess
from vault.views.attack import FEWEST_GUESSES

MOST_GUESSES: Final = 500
LONG, LONGEST = 30.0, 60.0
"""Seconds for all runs, and for as few as make a number; a first one is always finished, however long it takes."""
MOST_BYTES: Final = 1 << 28
"""Of columns, and of updates, of runs in one process."""
_OTHERS: Final = 200
"""How many units there are beside the canaries where the job does not tell."""
_MOST_NUMBERS: Final = 1 << 24

_Members = npt.NDArray[np.bool_]


class Learner(Protocol):
    """What trains; a fake of it trains in this process."""

    def once(self, canaries: Canaries, columns: bytearray, progress: Progress) -> tuple[bytes, float]:
        """The update of one run, told step by step, and the seconds that it took to train."""

    def repeat(self, canaries: Canaries, columns: Sequence[bytearray], progress: Progress) -> Sequence[bytes]:
        """The updates of several runs, told run by run."""


class ConfinedLearner:
    """A learner in a process of its own, confined the same as for a job that is approved."""

    def once(self, canaries: Canaries, columns: bytearray, progress: Progress) -> tuple[bytes, float]:
        """Raises `LearnerFailed` and `SandboxMissing`."""
        with LearnerProcess.start(canaries.job, canaries.weights) as learner:
            watch = _Watch(progress)
            return learner.train(columns, watch.told).update, watch.seconds

    def repeat(self, canaries: Canaries, columns: Sequence[bytearray], progress: Progress) -> Sequence[bytes]:
        """Raises `LearnerFailed` and `SandboxMissing`."""
        asked = StandInJob(runs=len(columns), job=canaries.job)
        with LearnerProcess.start(asked, canaries.weights) as learner:
            return learner.repeat(bytearray().join(columns), progress)


class _Watch:
    """How long the steps of a run take: from the first to the last, since what comes before and after comes once."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._begin = self._end = time.monotonic()
        self._steps = 0

    def told(self, step: int, of: int) -> None:
        """Hear of a step, and tell it on."""
        self._end, self._steps = time.monotonic(), of
        if step == 1 and of > 1:
            self._begin = self._end
        self._progress(step, of)

    @property
    def seconds(self) -> float:
        """All steps, the first one taken to be as long as the others."""
        return (self._end - self._begin) * self._steps / max(1, self._steps - 1)


def attack(job: Job, progress: Progress, *, learner: Learner | None = None) -> Guesses:
    """Attack a stand-in of a job: one run, and as many more as are needed and time allows.

    ``progress`` hears how many steps are done, and of how many. Raises `LearnerFailed` and `SandboxMissing`.
    """
    canaries, others, trained = canaries_of(job), others_of(job), learner or ConfinedLearner()
    if not canaries.count:
        return Guesses(made=0, right=0)
    wanted = -(-2 * MOST_GUESSES // canaries.count)
    progress(0, job.steps * wanted)
    first = _coins(canaries.count)
    columns = canaries.columns(first, others)
    size = len(columns)
    update, took = trained.once(canaries, columns, lambda step, of: progress(step, of * wanted))
    more = _more_runs(canaries, wanted - 1, size, max(took, 1e-3))
    members = [_coins(canaries.count) for _ in range(more)]
    updates = _repeated(trained, canaries, [canaries.columns(one, others) for one in members], progress)
    scores = [canaries.scores(one) for one in (update, *updates)]
    return _judged(np.concatenate(scores), np.concatenate((first, *members)))


def _repeated(
    learner: Learner, canaries: Canaries, columns: Sequence[bytearray], progress: Progress
) -> Sequence[bytes]:
    """The updates of the runs after the first one, of which there may be none."""
    if not columns:
        return ()
    steps = canaries.job.steps
    return learner.repeat(
        canaries, columns, lambda run, runs: progress((run + 1) * steps, (runs + 1) * steps)
    )


def others_of(job: Job) -> int:
    """How many units the job itself takes a vault to have, as far as there is room for made-up ones."""
    expected = round(job.expected_batch / job.sampling_rate) if job.expected_batch > 1 else _OTHERS
    return max(1, min(expected, _MOST_NUMBERS // len(job.features)))


def _more_runs(canaries: Canaries, wanted: int, size: int, took: float) -> int:
    """How many runs more there is time and room for, by the seconds and the bytes of columns of one; none in vain."""
    least = max(0, -(-2 * FEWEST_GUESSES // canaries.count) - 1)
    room = MOST_BYTES // max(size, update_limit(canaries.job))
    more = min(wanted, room, max(int(LONG / took), min(least, int(LONGEST / took))))
    return more if more >= least else 0


def _coins(count: int) -> _Members:
    return np.unpackbits(np.frombuffer(random_bytes(-(-count // 8)), np.uint8))[:count].astype(np.bool_)


def _judged(scores: npt.NDArray[np.float64], members: _Members) -> Guesses:
    """What one half of the guesses comes to, with the threshold that parts the other half."""
    order = np.random.default_rng(int.from_bytes(random_bytes(16))).permutation(len(scores))
    setting, judged = np.array_split(order, 2)
    if len(judged) < FEWEST_GUESSES:
        return Guesses(made=len(judged), right=0)
    inside, outside = scores[setting][members[setting]], scores[setting][~members[setting]]
    threshold = (inside.mean() + outside.mean()) / 2
    guessed = scores[judged] > threshold
    return Guesses(made=len(judged), right=int((guessed == members[judged]).sum()))
