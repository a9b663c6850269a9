"""The sampler of integer noise, against exact probabilities."""

from __future__ import annotations

from dataclasses import replace

import mpmath
import numpy as np
import pytest
import torch
from learner_setups import LOGISTIC, SeededWords
from numpy.typing import NDArray
from scipy import special, stats

from learner.dp.noise import draw_noise, noised_gradient, rounded_gaussian
from learner.dp.plan import plan_of

LARGEST = 2**63 - 1  # k of the word nearest the middle of the distribution
TAIL = [0, 1, 2, 5, 100, 10**6, 2**32, 2**40, 2**52, 2**53, 2**58, 2**61, 2**62, 2**63 - 2**50]


def _word(*values: int) -> NDArray[np.uint64]:
    return np.array(values, dtype=np.uint64)


@pytest.mark.parametrize("std", [4.0, 16.0, 1000.5])
def test_every_cell_has_its_probability(std: float) -> None:
    """Chi-square of two million draws against differences of the normal distribution function."""
    count = 2_000_000
    drawn = rounded_gaussian(SeededWords(int(std)).words(count), std)
    edge = int(4.5 * std)
    cells = np.arange(-edge, edge + 1)
    bounds = np.concatenate(([-np.inf], cells[:-1] + 0.5, [np.inf]))
    expected = np.diff(stats.norm.cdf(bounds / std)) * count
    seen = np.bincount(np.clip(drawn, -edge, edge) + edge, minlength=len(cells))
    # cells beyond two standard deviations go together until each group has enough to expect
    groups = np.cumsum(expected) // 50
    _, first = np.unique(groups, return_index=True)
    found = stats.chisquare(np.add.reduceat(seen, first), np.add.reduceat(expected, first), sum_check=False)
    assert found.pvalue > 1e-4


def test_chi_square_sees_a_spread_that_is_half_a_percent_off() -> None:
    """The test above has the power to fail."""
    count = 2_000_000
    drawn = rounded_gaussian(SeededWords(3).words(count), 16.0 * 1.005)
    assert abs(drawn.std() / np.sqrt(256 + 1 / 12) - 1) > 5 / np.sqrt(2 * count)


def test_the_support_is_that_of_the_words() -> None:
    """The extreme words give ±9.16 standard deviations, the middle ones zero, and the top bit is the sign."""
    far = round(9.155293772686072 * 65536)
    assert rounded_gaussian(_word(0, 2**63, LARGEST, 2**64 - 1), 65536.0).tolist() == [far, -far, 0, 0]


def test_words_of_both_signs_mirror_each_other() -> None:
    """The noise is exactly symmetric."""
    words = SeededWords(4).words(1000) & np.uint64(LARGEST)
    mirrored = words | np.uint64(1 << 63)
    assert np.array_equal(rounded_gaussian(words, 1e5), -rounded_gaussian(mirrored, 1e5))


def test_noise_is_whole_cells() -> None:
    """int64, so nothing of a float remains in what is added."""
    assert np.dtype(np.int64) == rounded_gaussian(_word(1, 2, 3), 10.0).dtype


@pytest.mark.parametrize("k", TAIL)
def test_the_inverse_distribution_function_is_right_into_the_tail(k: int) -> None:
    """torch's ndtri against fifty digits: absolute error below 4e-15, as the numerical margin assumes."""
    with mpmath.workdps(50):
        p = (mpmath.mpf(k) + 0.5) / mpmath.mpf(2) ** 64
        start = mpmath.mpf(float(special.ndtri(float(p))))
        exact = mpmath.findroot(lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2 / p - 1, start)
        tail = torch.tensor([(float(k) + 0.5) * 2.0**-64], dtype=torch.float64)
        assert abs(float(torch.special.ndtri(tail)[0]) - exact) < 4e-15


def test_a_step_draws_one_word_for_each_parameter() -> None:
    """d independent numbers of std sigma C' / g."""
    plan = plan_of(replace(LOGISTIC, noise_multiplier=2.0))
    expected = rounded_gaussian(SeededWords(5).words(18), plan.noise_cells)
    assert expected.tolist() == draw_noise(SeededWords(5), plan).tolist()


def test_the_sum_is_rounded_before_the_noise_and_divided_by_the_public_batch() -> None:
    """(rint(G / g) + Z) g / b, with halves to even."""
    plan = plan_of(replace(LOGISTIC, expected_batch=4.0, grid=20))
    total = np.array([0.5, 1.5, -0.6, 10.0]) * plan.grid
    gradient = noised_gradient(total, np.array([3, 0, 0, -10]), plan)
    assert gradient.tolist() == [value * 2.0**-20 / 4 for value in (3.0, 2.0, -1.0, 0.0)]
