"""Integer noise on a grid: what follows an exactly noised integer vector is post-processing.

For an integer vector x, x + rint(N(0, s^2)) = rint(x + N(0, s^2)) is post-processing of the continuous
Gaussian mechanism, so its accounting holds as it stands and no float of the true sum ever leaves (Mironov,
"On Significance of the Least Significant Bits for Differential Privacy", 2012, is the attack this closes).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from learner.dp.keystream import Words
from learner.dp.plan import Plan
from learner.dp.quantile import upper_quantile

ErrorInverse: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_LARGEST: Final = 2**63 - 1
_SIGN: Final = 63  # the place of a word's top bit
_ODD = np.uint64(1)
_RARE = 2**53  # beyond 3.3 std: one word in 1024, and such a k is exact as a float
_TAIL = np.uint64(2**56)  # beyond 2.66 std: one word in 128, where the error function comes too near to one
_TAILS_TO_ZERO = np.uint64(2**63) + _TAIL  # added to a word, it turns both tails to what is least
_PIECE: Final = 1 << 14  # numbers at once, so that they stay in the cache
_LEAST_FAST: Final = 4096  # numbers for which the error function is worth its start


def rounded_gaussian(
    words: Words, count: int, std: float, erfinv: ErrorInverse | None = None
) -> NDArray[np.int64]:
    """rint(N(0, std^2)), ``count`` of them as int64, by inversion of the normal distribution function.

    A word is a whole number from -2^63 on, and x grows with it: w and -1 - w, which have all bits different,
    mirror each other. For w >= 0, k = 2^63 - 1 - w, and x is where the tail above it has the probability
    p = (k + 1/2) 2^-64. A k below 2^53 gets three more words f after its point, p = (k + f + 2^-193) 2^-64, so
    that no p is coarse beside what is left of the tail: |x| goes up to 18.7 std. With ``erfinv``, where there
    are enough numbers and k is at least 2^56, x = sqrt(2) erfinv(y) with y = v 2^-63, v the odd one of w, w + 1.

    For std >= 9.9 and within 16 std, each cell has the probability of rint(N(0, std^2)) up to a relative error
    of kappa = 80 * 2^-52 * std. With u = 2^-52, t = |x| and a cell of width w = 1/std: an error e of |x|
    moves at most e φ over each of its edges, of its probability e std a / tanh(a/2) with a = t w, at most
    2.42 e std.
    In the tail: logarithm, square root and two differences inside of the quantile add up to 25 u, the product
    with std to 8 u, p itself to less than u, so e <= 33 u; and one p more or less, 2^-64 beside φ(3.3) / std or
    2^-256 beside φ(16) / std, is below u std.
    By the error function, where t <= 2.67: its own error of at most 4 u t, and the product with sqrt(2) std,
    2 u t, are together e <= 16 u, 39 u std. Rounding y moves at most u/4 over each edge, beside the
    2 φ(t) / std that a cell of |x| has: at most 22 u std. Together 61 u std.
    What is beyond 16 std has a probability of 1.3e-57.
    """
    fast = erfinv if count >= _LEAST_FAST else None
    cells, deep = np.empty(count, dtype=np.int64), []
    for first in range(0, count, _PIECE):
        drawn = words.words(min(_PIECE, count - first))
        places = np.arange(len(drawn)) if fast is None else _in_the_tails(drawn)
        if fast is not None:
            cells[first : first + len(drawn)] = _by_error_function(drawn, places, std, fast)
        deep.append((first + places, drawn[places]))
    if deep:
        places, drawn = (np.concatenate(parts) for parts in zip(*deep, strict=True))
        cells[places] = _by_quantile(words, drawn, std)
    return cells


def _in_the_tails(drawn: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The places of the words whose k is below 2^56."""
    return np.flatnonzero(drawn + _TAILS_TO_ZERO < 2 * _TAIL)


def _by_error_function(
    drawn: NDArray[np.uint64], tails: NDArray[np.int64], std: float, erfinv: ErrorInverse
) -> NDArray[np.float64]:
    """The numbers of words in the middle of the distribution, in cells; those in the tails are taken another way."""
    values = (drawn | _ODD).view(np.int64).astype(np.float64)
    values *= 2.0**-63
    values[tails] = 0.0
    deviations = erfinv(values)
    deviations *= math.sqrt(2.0) * std
    return np.rint(deviations, out=deviations)


def _by_quantile(words: Words, drawn: NDArray[np.uint64], std: float) -> NDArray[np.float64]:
    """The numbers of words wherever they are, in cells, with more words for those that need them."""
    whole = drawn.view(np.int64)
    deviations = _quantiles(words, _LARGEST - (whole ^ (whole >> _SIGN)))
    deviations *= std
    np.rint(deviations, out=deviations)
    # a word's top bit is the sign of the float with the same bits
    return np.copysign(deviations, drawn.view(np.float64), out=deviations)


def _quantiles(words: Words, k: NDArray[np.int64]) -> NDArray[np.float64]:
    """|x| for each k, with more words for those that need them."""
    tail = k.astype(np.float64) + 0.5
    rare = np.flatnonzero(k < _RARE)
    tail[rare] = k[rare] + _fractions(words.words(3 * len(rare)))
    return upper_quantile(tail * 2.0**-64)


def _fractions(words: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Numbers between 0 and 1, each of three words, in the middle of its 2^-192."""
    high, middle, low = words.reshape(3, -1).astype(np.float64)
    fractions: NDArray[np.float64] = (high + (middle + (low + 0.5) * 2.0**-64) * 2.0**-64) * 2.0**-64
    return fractions


def draw_noise(words: Words, plan: Plan, erfinv: ErrorInverse | None = None) -> NDArray[np.int64]:
    """The noise of one step: d independent rounded Gaussians, in grid cells."""
    return rounded_gaussian(words, plan.parameters, plan.noise_cells, erfinv)


def noised_gradient(total: NDArray[np.float64], noise: NDArray[np.int64], plan: Plan) -> NDArray[np.float64]:
    """The sum rounded to the grid, plus the noise, over the public expected batch."""
    # whole numbers below 2^53 and a power of two: exact in floats
    cells: NDArray[np.float64] = np.multiply(total, 1 / plan.grid)
    np.rint(cells, out=cells)
    cells += noise
    cells *= plan.grid / plan.expected_batch
    return cells
