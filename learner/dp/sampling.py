"""Who is in the batch: every privacy unit by its own coin; and who stands where in it: by nothing but chance."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from learner.dp.keystream import Words
from learner.dp.plan import Plan


def inclusion_threshold(sampling_rate: float) -> int:
    """floor(q 2^64), exactly: a unit is taken when its uniform 64-bit word is below it."""
    return int(Fraction(sampling_rate) * 2**64)


def sample_units(words: Words, plan: Plan, count: int) -> NDArray[np.bool_]:
    """Poisson sampling: which of ``count`` units are in the batch, each independently with probability q."""
    threshold = inclusion_threshold(plan.sampling_rate)
    if threshold == 2**64:
        return np.ones(count, dtype=np.bool_)
    return words.words(count) < np.uint64(threshold)


def sampled_order(words: Words, plan: Plan, batch: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The units of a batch in their order: by number or, where the plan has slots, every order as likely as another.

    Each has a word of its own, and stands where that is among the others; of equal words all are drawn again.
    """
    members = np.flatnonzero(batch)
    if not plan.slots:
        return members
    while True:
        drawn = words.words(len(members))
        order = np.argsort(drawn)
        if (np.diff(drawn[order]) > 0).all():
            return members[order]
