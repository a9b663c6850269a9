"""The probability of each cell of the noise, counted exactly, against the true rounded Gaussian.

A magnitude of the sampler is one place of 2^255, written in four words of 63, 64, 64 and 64 bits, of which the
first is turned round, or in that one alone where it is large. So the probability of a cell is the number of places
that give it, which is found by halving, since the cells fall from the first place to the last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import mpmath
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from learner.dp.noise import ErrorInverse, rounded_gaussian
from tests.sweeps import sweep_of_many
from vault.budget import pricing
from vault.budget.mechanism import (
    LEAST_GRID,
    LEAST_NOISE,
    MOST_GRID,
    MOST_PARAMETERS,
    MOST_STEPS,
    Mechanism,
)

PLACES = 2**255
WHOLE = 2**256  # each place is there once more with the other sign
WORD = 2**64
DEPTHS = sorted({*np.arange(0, 16, 0.4), 2.999, 3.29, 3.2971, 3.2972, 3.3, 7.999, 15.5, 15.9, 15.99})
LEAST_STD = LEAST_NOISE * (LEAST_GRID + 1)
MOST_STD = MOST_GRID * (1 + 1 / LEAST_GRID + 5e-4)
STDS = [LEAST_STD, 2.0**4, 2.0**12, 2.0**16 * 1.0003, 2.0**24, MOST_STD]
FUZZ = 1024  # floats on each side of an edge, where rounding decides which cell a place is in


class Given:
    """A stream of chosen words."""

    def __init__(self, words: Sequence[int]) -> None:
        self._words = np.array(words, dtype=np.uint64)

    def words(self, count: int) -> NDArray[np.uint64]:
        given, self._words = self._words[:count], self._words[count:]
        assert len(given) == count
        return given


def fast(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse error function of the library that models of several layers compute with."""
    found: NDArray[np.float64] = torch.erfinv(torch.from_numpy(values)).numpy()
    return found


WAYS = {"by its quantile": None, "by the error function": fast}
CASES = sweep_of_many(
    sorted(((way, std) for way in WAYS for std in STDS), key=lambda case: STDS.index(case[1]) % 3), default=8
)


def cells_at(places: Sequence[int], std: float, erfinv: ErrorInverse | None = None) -> NDArray[np.int64]:
    """What the sampler makes of these places, among as many others as make the error function worth it."""
    fine = [place for place in places if place >> 192 < 2**53]
    words = [2**63 - 1 - (place >> 192) for place in places]
    words += [2**62] * (4096 - len(words) if erfinv else 0)
    count = len(words)
    words += [(place >> shift) % WORD for shift in (128, 64, 0) for place in fine]
    return rounded_gaussian(Given(words), count, std, erfinv)[: len(places)]


def edges(cells: NDArray[np.int64], std: float, erfinv: ErrorInverse | None = None) -> list[tuple[int, int]]:
    """How many places give each cell or one farther out: at least and at most, up to rounding."""
    low, high = [0] * len(cells), [PLACES - 1] * len(cells)
    for _ in range(256):
        middle = [(one + other) // 2 for one, other in zip(low, high, strict=True)]
        is_inside = cells_at(middle, std, erfinv) >= cells
        low = [at if inside else one for at, inside, one in zip(middle, is_inside, low, strict=True)]
        high = [other if inside else at for at, inside, other in zip(middle, is_inside, high, strict=True)]
    return [_fuzzy(int(cell), at, std, erfinv) for cell, at in zip(cells, high, strict=True)]


def _fuzzy(cell: int, edge: int, std: float, erfinv: ErrorInverse | None) -> tuple[int, int]:
    step = max(edge >> 53, 1)
    near = [min(edge + offset * step, PLACES - 1) for offset in range(-FUZZ, FUZZ)]
    is_inside = cells_at(near, std, erfinv) >= cell
    assert is_inside[: FUZZ // 4].all()
    assert not is_inside[-FUZZ // 4 :].any()
    return near[int(np.argmin(is_inside)) - 1], near[2 * FUZZ - int(np.argmax(is_inside[::-1]))]


@cache
def beyond(depth: float) -> mpmath.mpf:
    """The probability that a normal number is above ``depth``."""
    return mpmath.erfc(depth / mpmath.sqrt(2)) / 2


def kappa(std: float) -> float:
    """The relative error that a price counts for each number of noise."""
    mechanism = Mechanism(
        sampling_rate=1.0,
        noise_multiplier=1.0,
        steps=1,
        parameters=1,
        grid_exponent=0,
        clip_norm=(std - 1) / (1 + 1e-6),
    )
    slack = pricing._slack(mechanism)
    assert slack is not None
    return -math.expm1(-slack)


@pytest.mark.parametrize(("way", "std"), CASES)
def test_no_cell_is_off_by_more_than_what_is_charged(std: float, way: str) -> None:
    """Down to 16 standard deviations, whatever rounding does at the edges; and the bound is not idle."""
    cells = np.unique(np.array([int(depth * std) for depth in DEPTHS if depth * std >= 1], dtype=np.int64))
    inner, outer = edges(cells, std, WAYS[way]), edges(cells + 1, std, WAYS[way])
    worst = 0.0
    with mpmath.workdps(80):
        for cell, (least_from, most_from), (least_past, most_past) in zip(cells, inner, outer, strict=True):
            lower, upper = (mpmath.mpf(int(cell)) + half for half in (-0.5, 0.5))
            true = beyond(lower / mpmath.mpf(std)) - beyond(upper / mpmath.mpf(std))
            for count in (least_from - most_past, most_from - least_past):
                worst = max(worst, abs(float(mpmath.mpf(count) / WHOLE / true - 1)))
    assert kappa(std) / 20 < worst < kappa(std)


@pytest.mark.parametrize(("way", "std"), CASES)
def test_the_middle_cell_is_not_off_by_more_than_what_is_charged(std: float, way: str) -> None:
    """Cell zero has both signs."""
    ((least, most),) = edges(np.array([1]), std, WAYS[way])
    with mpmath.workdps(80):
        true = 1 - 2 * beyond(1 / mpmath.mpf(2 * std))
        for edge in (least, most):
            assert abs(mpmath.mpf(2 * (PLACES - edge)) / WHOLE / true - 1) < kappa(std)


def test_what_lies_beyond_sixteen_deviations_is_in_delta() -> None:
    """(1 + e^64) times its probability, over all numbers a job may draw, is below what a price takes off δ."""
    with mpmath.workdps(80):
        outside = 2 * beyond(16 - 1 / mpmath.mpf(LEAST_STD))
        assert outside < 1e-56
        assert outside * MOST_PARAMETERS * MOST_STEPS < 1e-30
        assert (1 + mpmath.exp(64)) * MOST_PARAMETERS * MOST_STEPS * 1e-56 < pricing.FAR_TAIL
