"""The sampler of integer noise, against exact probabilities."""

from __future__ import annotations

from dataclasses import replace

import mpmath
import numpy as np
import pytest
import scipy
import torch
from learner_setups import LOGISTIC, SeededWords
from numpy.typing import NDArray

from learner.dp.noise import ErrorInverse, draw_noise, noised_gradient, rounded_gaussian
from learner.dp.plan import plan_of
from learner.dp.quantile import upper_quantile

LARGEST = 2**63 - 1  # the greatest word that is read as a positive number


class Given:
    """A stream of chosen words, to be drawn to its end."""

    def __init__(self, *words: int) -> None:
        self._words = np.array(words, dtype=np.uint64)

    def words(self, count: int) -> NDArray[np.uint64]:
        given, self._words = self._words[:count], self._words[count:]
        assert len(given) == count
        return given


def error_inverse(values: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = torch.erfinv(torch.from_numpy(values)).numpy()
    return found


@pytest.mark.parametrize("erfinv", [None, error_inverse], ids=["quantile", "error function"])
@pytest.mark.parametrize("std", [4.0, 16.0, 1000.5])
def test_every_cell_has_its_probability(std: float, erfinv: ErrorInverse | None) -> None:
    """Chi-square of two million draws against differences of the normal distribution function."""
    count = 2_000_000
    drawn = rounded_gaussian(SeededWords(int(std)), count, std, erfinv)
    edge = int(4.5 * std)
    cells = np.arange(-edge, edge + 1)
    bounds = np.concatenate(([-np.inf], cells[:-1] + 0.5, [np.inf]))
    expected = np.diff(scipy.stats.norm.cdf(bounds / std)) * count
    seen = np.bincount(np.clip(drawn, -edge, edge) + edge, minlength=len(cells))
    # cells beyond two standard deviations go together until each group has enough to expect
    groups = np.cumsum(expected) // 50
    _, first = np.unique(groups, return_index=True)
    found = scipy.stats.chisquare(
        np.add.reduceat(seen, first), np.add.reduceat(expected, first), sum_check=False
    )
    assert found.pvalue > 1e-4


def test_chi_square_sees_a_spread_that_is_half_a_percent_off() -> None:
    """The test above has the power to fail."""
    count = 2_000_000
    drawn = rounded_gaussian(SeededWords(3), count, 16.0 * 1.005)
    assert abs(drawn.std() / np.sqrt(256 + 1 / 12) - 1) > 5 / np.sqrt(2 * count)


def test_the_support_is_that_of_the_words() -> None:
    """The extreme words give ±18.7 standard deviations, the middle ones zero, and the top bit is the sign."""
    far = round(18.670302847110403 * 65536)
    words = Given(LARGEST, 2**63, 0, 2**64 - 1, *[0] * 6)
    assert rounded_gaussian(words, 4, 65536.0).tolist() == [far, -far, 0, 0]


def test_a_small_word_gets_three_more_after_its_point() -> None:
    """Their order is that of their weight, and a word that is not small draws none."""
    for fraction, words in ((2**191, (2**63, 0, 0)), (2**127, (0, 2**63, 0)), (2**63, (0, 0, 2**63))):
        with mpmath.workdps(60):
            p = (mpmath.mpf(fraction) + 0.5) / mpmath.mpf(2) ** 256
            expected = round(-scipy.special.ndtri(float(p)) * 1e6)
        assert [expected] == rounded_gaussian(Given(LARGEST, *words), 1, 1e6).tolist()
    small, large = LARGEST - (2**53 - 1), LARGEST - 2**53
    assert rounded_gaussian(Given(large), 1, 1e6) <= rounded_gaussian(Given(small, 0, 0, 0), 1, 1e6)


def test_words_of_both_signs_mirror_each_other() -> None:
    """The noise is exactly symmetric, either way."""
    words = SeededWords(4).words(5000) & np.uint64(LARGEST)
    words[:5] = LARGEST - 7, LARGEST - 2**40, 0, 1, 2**53
    fine, mirrored = SeededWords(5).words(60), ~words
    for erfinv in (None, error_inverse):
        few = np.count_nonzero(words > np.uint64(LARGEST - 2**53))
        one, other = (
            rounded_gaussian(Given(*drawn, *fine[: 3 * few]), 5000, 1e5, erfinv)
            for drawn in (words, mirrored)
        )
        assert np.array_equal(one, -other)


def test_noise_is_whole_cells() -> None:
    """int64, so nothing of a float remains in what is added."""
    assert np.dtype(np.int64) == rounded_gaussian(SeededWords(6), 3, 10.0).dtype


@pytest.mark.parametrize("power", [1.001, 1.5, 2, 5, 10, 11, 20, 46, 47, 64, 100, 150, 189, 190])
def test_the_quantile_is_right_into_the_tail(power: float) -> None:
    """Against fifty digits, to 16 std: off by less than 25 * 2^-52, as the margin assumes."""
    tails = 2.0**-power * (1 - np.arange(50) / 400)
    for p, found in zip(tails.tolist(), upper_quantile(tails).tolist(), strict=True):
        with mpmath.workdps(80):
            density = mpmath.exp(-(mpmath.mpf(found) ** 2) / 2) / mpmath.sqrt(2 * mpmath.pi)
            error = (mpmath.erfc(mpmath.mpf(found) / mpmath.sqrt(2)) / 2 - mpmath.mpf(p)) / density
        assert 0 < found < 16.2
        assert abs(error) < 25 * 2.0**-52


def test_the_error_function_is_inverted_to_four_units_in_the_last_place() -> None:
    """Against fifty digits, up to 1 - 2^-7, as the margin assumes."""
    values = np.concatenate((np.linspace(1e-9, 1 - 2.0**-7, 500), 2.0 ** -np.arange(1.0, 60)))
    for y, found in zip(values.tolist(), error_inverse(values).tolist(), strict=True):
        with mpmath.workdps(50):
            slope = 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-(mpmath.mpf(found) ** 2))
            error = (mpmath.erf(mpmath.mpf(found)) - mpmath.mpf(y)) / slope
        assert abs(error) < 4 * 2.0**-52 * found


@pytest.mark.parametrize("std", [4.0, 65536.0])
def test_both_ways_give_the_same_cells(std: float) -> None:
    """But where the edge of a cell falls between two roundings; from the same words, in the same order."""
    one, other = (rounded_gaussian(SeededWords(8), 200_000, std, way) for way in (None, error_inverse))
    assert np.mean(one != other) < 1e-4
    assert np.abs(one - other).max() <= 1


def test_few_numbers_take_no_error_function() -> None:
    """Below 4,096 of them its start would cost more than it saves."""

    def never(_values: NDArray[np.float64]) -> NDArray[np.float64]:
        raise AssertionError

    assert len(rounded_gaussian(SeededWords(8), 4095, 16.0, never)) == 4095
    with pytest.raises(AssertionError):
        rounded_gaussian(SeededWords(8), 4096, 16.0, never)


def test_a_step_draws_one_word_for_each_parameter() -> None:
    """d independent numbers of std sigma C' / g."""
    plan = plan_of(replace(LOGISTIC, noise_multiplier=2.0))
    expected = rounded_gaussian(SeededWords(5), 18, plan.noise_cells)
    assert expected.tolist() == draw_noise(SeededWords(5), plan).tolist()


def test_the_sum_is_rounded_before_the_noise_and_divided_by_the_public_batch() -> None:
    """(rint(G / g) + Z) g / b, with halves to even."""
    plan = plan_of(replace(LOGISTIC, expected_batch=4.0, grid=20))
    total = np.array([0.5, 1.5, -0.6, 10.0]) * plan.grid
    gradient = noised_gradient(total, np.array([3, 0, 0, -10]), plan)
    assert gradient.tolist() == [value * 2.0**-20 / 4 for value in (3.0, 2.0, -1.0, 0.0)]
