"""Poisson sampling: every unit by its own coin."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from learner_setups import LOGISTIC, SeededWords
from numpy.typing import NDArray

from learner.dp.keystream import Keystream
from learner.dp.plan import plan_of
from learner.dp.sampling import inclusion_threshold, sample_units


class Given:
    """Words that were chosen by hand."""

    def __init__(self, *words: int) -> None:
        self._words = np.array(words, dtype=np.uint64)

    def words(self, count: int) -> NDArray[np.uint64]:
        assert len(self._words) == count
        return self._words


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(1.0, 2**64), (0.5, 2**63), (2.0**-64, 1), (2.0**-65, 0), (0.1, 1844674407370955264)],
)
def test_the_threshold_is_exact(rate: float, expected: int) -> None:
    """floor(q 2^64) of the float that the job holds, without a rounding of its own."""
    assert expected == inclusion_threshold(rate)


@given(st.floats(min_value=0, max_value=1, exclude_min=True))
def test_the_threshold_never_takes_more_than_was_priced(rate: float) -> None:
    """The chance of inclusion is at most q, and less by under 2^-64."""
    short = Fraction(rate) - Fraction(inclusion_threshold(rate), 2**64)
    assert 0 <= short < Fraction(1, 2**64)


def test_a_unit_is_in_when_its_word_is_below_the_threshold() -> None:
    """The word below is in; the threshold itself and all above are out."""
    plan = plan_of(replace(LOGISTIC, sampling_rate=0.25))
    batch = sample_units(Given(0, 2**62 - 1, 2**62, 2**64 - 1), plan, 4)
    assert batch.tolist() == [True, True, False, False]


def test_a_rate_of_one_takes_all_and_draws_nothing() -> None:
    """No word decides, so none can leave a unit out."""
    assert sample_units(Given(), plan_of(LOGISTIC), 5).tolist() == [True] * 5


def test_nobody_to_sample_is_a_batch_like_any_other() -> None:
    """n = 0 is no error."""
    assert len(sample_units(Keystream(), plan_of(replace(LOGISTIC, sampling_rate=0.5)), 0)) == 0


def test_a_unit_is_sampled_by_its_own_word_alone() -> None:
    """More units after it change nothing for those before."""
    plan = plan_of(replace(LOGISTIC, sampling_rate=0.3))
    few, many = (sample_units(SeededWords(1), plan, count) for count in (50, 500))
    assert np.array_equal(few, many[:50])
