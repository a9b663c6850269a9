"""Integer noise on a grid: what follows an exactly noised integer vector is post-processing.

For an integer vector x, x + rint(N(0, s^2)) = rint(x + N(0, s^2)) is post-processing of the continuous
Gaussian mechanism, so its accounting holds as it stands and no float of the true sum ever leaves (Mironov,
"On Significance of the Least Significant Bits for Differential Privacy", 2012, is the attack this closes).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from learner.dp.keystream import Words
from learner.dp.plan import Plan
from learner.dp.quantile import upper_quantile

ErrorInverse: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_MAGNITUDE = np.uint64(2**63 - 1)
_RARE = 2**53  # beyond 3.3 std: one word in 1024, and such a k is exact as a float
_TAIL = 2**56  # beyond 2.66 std: one word in 128, where the error function comes too near to one
_PIECE: Final = 1 << 14  # numbers at once, so that they stay in the cache
_LEAST_FAST: Final = 4096  # numbers for which the error function is worth its start


def rounded_gaussian(
    words: Words, count: int, std: float, erfinv: ErrorInverse | None = None
) -> NDArray[np.int64]:
    """rint(N(0, std^2)), ``count`` of them as int64, by inversion of the normal distribution function.

    The top bit of a word is the sign, the other 63 are k, and |x| is where the tail above it has the probability
    p = (k + 1/2) 2^-64. A k below 2^53 gets three more words f after its point, p = (k + f + 2^-193) 2^-64, so
    that no p is coarse beside what is left of the tail: |x| goes up to 18.7 std. With ``erfinv``, where there
    are enough numbers and k is at least 2^56, |x| = sqrt(2) erfinv(y) with y = (2^63 - 1 - k + 1/2) 2^-63.

    For std >= 9.9 and within 16 std, each cell has the probability of rint(N(0, std^2)) up to a relative error
    of kappa = 80 * 2^-52 * std. With u = 2^-52, t = |x| and a cell of width w = 1/std: an error e of |x|
    moves at most e φ over each of its edges, of its probability e std a / tanh(a/2) with a = t w, at most
    2.42 e std.
    In the tail: logarithm, square root and two differences inside of the quantile add up to 25 u, the product
    with std to 8 u, p itself to less than u, so e <= 33 u; and one p more or less, 2^-64 beside φ(3.3) / std or
    2^-256 beside φ(16) / std, is below u std.
    By the error function, where t <= 2.67: its own error of at most 4 u t, and the products with sqrt(2) and
    with std, 2 u t, are together e <= 16 u, 39 u std. Rounding y moves at most u/4 over each edge, beside the
    2 φ(t) / std that a cell of |x| has: at most 22 u std. Together 61 u std.
    What is beyond 16 std has a probability of 1.3e-57.
    """
    fast = erfinv if count >= _LEAST_FAST else None
    cells, deep = np.zeros(count, dtype=np.int64), []
    for first in range(0, count, _PIECE):
        drawn = words.words(min(_PIECE, count - first))
        k = (drawn & _MAGNITUDE).view(np.int64)
        places = np.arange(len(k))
        if fast is not None:
            cells[first : first + len(k)] = _by_error_function(k, drawn, std, fast)
            places = np.flatnonzero(k < _TAIL)
        deep.append((first + places, k[places], drawn[places]))
    if deep:
        places, k, drawn = (np.concatenate(parts) for parts in zip(*deep, strict=True))
        cells[places] = _signed_cells(_quantiles(words, k), drawn, std)
    return cells


def _by_error_function(
    k: NDArray[np.int64], drawn: NDArray[np.uint64], std: float, erfinv: ErrorInverse
) -> NDArray[np.float64]:
    """The numbers in the middle of the distribution, where k is at least 2^56."""
    values = (2**63 - 1 - k).astype(np.float64)
    values += 0.5
    values *= 2.0**-63
    np.minimum(values, 1 - 2.0**-8, out=values)  # farther out another way is taken
    deviations = erfinv(values)
    deviations *= np.sqrt(2.0)
    return _signed_cells(deviations, drawn, std)


def _signed_cells(
    deviations: NDArray[np.float64], drawn: NDArray[np.uint64], std: float
) -> NDArray[np.float64]:
    """Whole numbers of cells, in the place of the deviations, with the signs of their words."""
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
