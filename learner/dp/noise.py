"""Integer noise on a grid: what follows an exactly noised integer vector is post-processing.

For an integer vector x, x + rint(N(0, s^2)) = rint(x + N(0, s^2)) is post-processing of the continuous
Gaussian mechanism, so its accounting holds as it stands and no float of the true sum ever leaves (Mironov,
"On Significance of the Least Significant Bits for Differential Privacy", 2012, is the attack this closes).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from learner.dp.keystream import Words
from learner.dp.plan import Plan

_SIGN = np.uint64(63)
_MAGNITUDE = np.uint64(2**63 - 1)


def rounded_gaussian(words: NDArray[np.uint64], std: float) -> NDArray[np.int64]:
    """rint(N(0, std^2)), one int64 a word, by inversion of the normal distribution function.

    The top bit of a word is the sign, the other 63 are k, and |x| = -ndtri((k + 1/2) 2^-64): up to 9.16 std.
    """
    k = (words & _MAGNITUDE).astype(np.float64)
    tail = torch.from_numpy((k + 0.5) * 2.0**-64)
    deviations: NDArray[np.float64] = -torch.special.ndtri(tail).numpy()
    cells = np.rint(deviations * std).astype(np.int64)
    return np.where(words >> _SIGN, -cells, cells)


def draw_noise(words: Words, plan: Plan) -> NDArray[np.int64]:
    """The noise of one step: d independent rounded Gaussians, in grid cells."""
    return rounded_gaussian(words.words(plan.parameters), plan.noise_cells)


def noised_gradient(total: NDArray[np.float64], noise: NDArray[np.int64], plan: Plan) -> NDArray[np.float64]:
    """The sum rounded to the grid, plus the noise, over the public expected batch."""
    cells = (np.rint(total / plan.grid).astype(np.int64) + noise).astype(np.float64)
    return cells * (plan.grid / plan.expected_batch)
