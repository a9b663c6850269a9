"""Bounding a unit's gradient: the norm, the cap, what is not finite, exact sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from learner_setups import LINEAR, LOGISTIC, WIDTH, frame_of, listened, mlp, random_frame, weights_of
from privacy_checks import bounded
from torch import Tensor

from learner.dp.clipping import clip, finite_or_zero, truncate
from learner.dp.plan import plan_of


def _rows(*rows: list[float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def test_what_is_within_the_clip_norm_stays_as_it_is() -> None:
    """Bit for bit, the bound itself included, zeros too."""
    assert clip(_rows([3.0, 4.0], [0.1, 0.2], [0.0, 0.0]), 5.0).tolist() == [
        [3.0, 4.0],
        [0.1, 0.2],
        [0.0, 0.0],
    ]


def test_what_is_beyond_is_shortened_to_the_clip_norm() -> None:
    """The direction stays; one norm over everything."""
    assert clip(_rows([12.0, 16.0], [0.0, -8.0]), 5.0).tolist() == [[3.0, 4.0], [0.0, -5.0]]


@given(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=30),
    st.floats(1e-6, 1e6),
)
def test_no_norm_is_beyond_the_clip_norm(numbers: list[float], clip_norm: float) -> None:
    """For every finite float32 gradient, up to a rounding far inside the margin of C'."""
    assert torch.linalg.vector_norm(clip(_rows(numbers), clip_norm)) <= clip_norm * (1 + 1e-12)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_becomes_the_zero_vector(wrong: float) -> None:
    """All of it, and nobody else's."""
    assert finite_or_zero(_rows([1.0, wrong], [2.0, 3.0], [np.inf, -np.inf])).tolist() == [
        [0.0, 0.0],
        [2.0, 3.0],
        [0.0, 0.0],
    ]


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=10))
def test_truncation_goes_towards_zero_by_less_than_a_fine_cell(numbers: list[float]) -> None:
    """Every number becomes a multiple of g / 1024, never a larger one."""
    plan = plan_of(LOGISTIC)
    fine = plan.grid / 1024
    cut = truncate(_rows(numbers), plan)[0].numpy()
    assert np.array_equal(cut / fine, np.rint(cut / fine))
    assert (np.abs(cut) <= np.abs(numbers)).all()
    assert (np.abs(np.array(numbers) - cut) < fine).all()


def test_a_record_that_overflows_leaves_no_trace() -> None:
    """The sum, and so the update, is that of the other units, to the last bit; nothing fails."""
    job = replace(LINEAR, features=tuple(replace(each, clip=1e38) for each in LINEAR.features))
    inputs = np.random.default_rng(0).normal(size=(WIDTH, 4))
    inputs[:, 3] = 1e38
    weights = weights_of(job, scale=100.0)
    labels = np.zeros(4)
    taps, update = listened(job, frame_of(job, range(4), inputs, labels), weights=weights, silent=True)
    others = listened(job, frame_of(job, range(3), inputs[:, :3], labels[:3]), weights=weights, silent=True)
    assert np.isfinite(taps.totals[0]).all()
    assert taps.totals[0].any()
    assert np.array_equal(others[0].totals[0], taps.totals[0])
    assert others[1] == update


def test_one_row_that_overflows_silences_its_whole_unit() -> None:
    """A unit is finite or it is zero; the other rows of it do not count."""
    job = replace(LINEAR, features=tuple(replace(each, clip=1e38) for each in LINEAR.features))
    inputs = np.random.default_rng(0).normal(size=(WIDTH, 3))
    inputs[:, 1] = 1e38
    gradients = bounded(job, frame_of(job, [0, 0, 1], inputs, np.zeros(3)), np.ones(2, dtype=np.bool_))
    assert not gradients[0].any()
    assert gradients[1].any()


def test_a_unit_counts_no_more_rows_than_the_job_allows() -> None:
    """With three rows allowed, ten equal rows summed are three."""
    job = replace(LOGISTIC, max_rows_per_unit=3, clip_norm=8.0, grid=18)
    inputs = np.tile(np.linspace(0, 0.1, WIDTH)[:, None], (1, 10))
    many, three = (
        bounded(job, frame_of(job, [0] * rows, inputs[:, :rows], [1] * rows), np.ones(1, dtype=np.bool_))[0]
        for rows in (10, 3)
    )
    assert np.array_equal(three, many)
    assert np.linalg.norm(three) < job.clip_norm


def test_a_unit_may_span_physical_batches() -> None:
    """Three units of 300 rows, 256 of which fit at once: the sum of the parts."""
    job = replace(mlp(LOGISTIC, 200), max_rows_per_unit=300, unit_reduction="mean", grid=20)
    frame = random_frame(job, 3, rows_each=300)
    gradients = bounded(job, frame, np.ones(3, dtype=np.bool_))
    parts = bounded(
        replace(job, clip_norm=64.0, grid=16),
        frame_of(job, range(900), frame.features, frame.label),
        np.ones(900, dtype=np.bool_),
    )
    assert max(float(np.linalg.norm(part)) for part in parts.values()) < 60
    mean = np.mean([parts[row] for row in range(300)], axis=0)
    expected = mean * min(1, job.clip_norm / float(np.linalg.norm(mean)))
    assert np.allclose(expected, gradients[0], atol=1e-6)


def test_an_empty_batch_sums_to_zero() -> None:
    """No unit was drawn: the sum is exactly zero, in every step."""
    job = replace(LOGISTIC, sampling_rate=1e-12, steps=3)
    taps, _ = listened(job, random_frame(job, 10))
    assert not np.any(taps.batches)
    assert not np.any(taps.totals)
    assert len(taps.noises) == 3
