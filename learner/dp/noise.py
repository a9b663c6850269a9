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
_RARE = np.uint64(2**53)  # beyond 3.3 std: one word in 1024, and such a k is exact as a float


def rounded_gaussian(words: Words, count: int, std: float) -> NDArray[np.int64]:
    """rint(N(0, std^2)), ``count`` of them as int64, by inversion of the normal distribution function.

    The top bit of a word is the sign, the other 63 are k, and |x| = -ndtri(p) with p = (k + 1/2) 2^-64. A k
    below 2^53 gets three more words f after its point, p = (k + f + 2^-193) 2^-64, so that no p is coarse
    beside what is left of the tail: |x| goes up to 18.7 std.

    For std >= 9.9 and within 16 std, each cell has the probability of rint(N(0, std^2)) up to a relative error
    of kappa = 80 * 2^-52 * std. With u = 2^-52 and t = |x|: logarithm, square root and two differences inside
    of ndtri add up to 25 u, the product with std to 8 u, p itself to less than u, so |x| is off by e <= 33 u.
    A cell of width w = 1/std loses or gains at most e φ at each of its edges. Of its probability these two are
    e std a / tanh(a/2) with a = t w, at most 2.42 e std; and one p more or less, 2^-64 beside φ(3.3) / std or
    2^-256 beside φ(16) / std, is below u std. What is beyond 16 std has a probability of 1.3e-57.
    """
    drawn = words.words(count)
    k = drawn & _MAGNITUDE
    tail = k.astype(np.float64) + 0.5
    rare = np.flatnonzero(k < _RARE)
    tail[rare] = k[rare] + _fractions(words.words(3 * len(rare)))
    deviations: NDArray[np.float64] = -torch.special.ndtri(torch.from_numpy(tail * 2.0**-64)).numpy()
    cells = np.rint(deviations * std).astype(np.int64)
    return np.where(drawn >> _SIGN, -cells, cells)


def _fractions(words: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Numbers between 0 and 1, each of three words, in the middle of its 2^-192."""
    high, middle, low = words.reshape(3, -1).astype(np.float64)
    fractions: NDArray[np.float64] = (high + (middle + (low + 0.5) * 2.0**-64) * 2.0**-64) * 2.0**-64
    return fractions


def draw_noise(words: Words, plan: Plan) -> NDArray[np.int64]:
    """The noise of one step: d independent rounded Gaussians, in grid cells."""
    return rounded_gaussian(words, plan.parameters, plan.noise_cells)


def noised_gradient(total: NDArray[np.float64], noise: NDArray[np.int64], plan: Plan) -> NDArray[np.float64]:
    """The sum rounded to the grid, plus the noise, over the public expected batch."""
    cells = (np.rint(total / plan.grid).astype(np.int64) + noise).astype(np.float64)
    return cells * (plan.grid / plan.expected_batch)
