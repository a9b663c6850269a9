"""Bounding a unit: factors, the cap of rows, what is not finite, and blocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from learner_setups import LINEAR, LOGISTIC, WIDTH, change_of, frame_of, listened, mlp, random_frame
from numpy.typing import NDArray
from privacy_checks import addends, bits, bounded

from learner.dp.books import squares, summed
from learner.dp.clipping import SHORTENED, _pairs, factors
from learner.protocol import Job, job_shapes, parameter_count

SHORT = 1 - 2.0**-22


def test_what_is_within_the_clip_norm_is_shortened_by_a_hair() -> None:
    """The bound itself included, zeros too."""
    assert factors(np.array([25.0, 0.05, 0.0]), 1, 5.0 + 1e-9).tolist() == [SHORT] * 3 == [SHORTENED] * 3


def test_what_is_beyond_is_shortened_to_the_clip_norm() -> None:
    """One norm over everything, squared."""
    assert factors(np.array([400.0, 64.0]), 1, 5.0).tolist() == pytest.approx([SHORT / 4, SHORT * 5 / 8])


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_norm_that_is_not_finite_has_the_factor_zero(wrong: float) -> None:
    """And nobody else's changes."""
    found = factors(np.array([1.0, wrong, 64.0]), 1, 5.0).tolist()
    assert found[1] == 0
    assert [found[0], found[2]] == factors(np.array([1.0, 64.0]), 1, 5.0).tolist()


def test_a_norm_of_long_rows_goes_on_in_float64() -> None:
    """So many squares have a rounding of float32 each, and no more: beyond, a bound would lose its digits."""
    rows = np.random.default_rng(0).normal(size=(3, 20_000)).astype(np.float32)
    assert [summed(rows[:, :width]) for width in (7, 512, 513, 20_000)] == [7, 512, 513, 513]
    assert summed(rows.astype(np.float64)) == 20_000
    exact = (rows.astype(np.float64) ** 2).sum(axis=1)
    assert (np.abs(squares(rows) / exact - 1) < 513 * 2.0**-24).all()
    assert _pairs(rows, 9, [(3, 1)]).dtype == np.float64


WILD = tuple(replace(each, clip=1e38) for each in LINEAR.features)
OVERFLOWING = {
    "rows": replace(LINEAR, features=WILD, max_rows_per_unit=1),
    "formed": replace(LINEAR, features=WILD),
    "rows of an mlp": mlp(replace(LINEAR, features=WILD, max_rows_per_unit=1), 5, 4, activation="relu"),
    "pairs": mlp(replace(LINEAR, features=WILD, grid=20), 40, 40, activation="relu"),
}
FAR = 1e38


def far_weights(job: Job) -> NDArray[np.float64]:
    """Weights, finite as the model has them, with which the first input overflows where it is 1e38 and not 0."""
    theta = np.random.default_rng(0).normal(size=parameter_count(job_shapes(job)))
    outputs, inputs = next(iter(job_shapes(job).values()))
    theta[: outputs * inputs : inputs] = 1e30 if job.model.kind == "mlp" else 1e290
    return theta


def inputs_of(rows: int, far: int) -> NDArray[np.float64]:
    """Normal inputs but for the first, which is far in one row alone."""
    inputs = np.random.default_rng(0).normal(size=(WIDTH, rows))
    inputs[0] = np.where(np.arange(rows) == far, FAR, 0.0)
    return inputs


@pytest.mark.parametrize("job", OVERFLOWING.values(), ids=OVERFLOWING)
def test_a_record_that_overflows_leaves_no_trace(job: Job) -> None:
    """What it adds is zero in every bit that counts, and what the others add is what they add without it."""
    inputs, theta = inputs_of(4, far=3), far_weights(job)
    some = addends(job, frame_of(job, range(4), inputs, np.zeros(4)), np.arange(4), theta)
    others = addends(job, frame_of(job, range(3), inputs[:, :3], np.zeros(3)), np.arange(3), theta)
    assert [bits(some[unit]) for unit in range(3)] == [bits(others[unit]) for unit in range(3)]
    assert not any((layer.gradients.T @ layer.inputs).any() for layer in some[3])
    assert all((layer.gradients.T @ layer.inputs).any() for layer in some[0])


@pytest.mark.parametrize("name", OVERFLOWING)
def test_a_run_with_a_record_that_overflows_is_a_run_without_it(name: str) -> None:
    """The sum, and so the update, to the last bit; nothing fails."""
    job = replace(OVERFLOWING[name], steps=2, lr=1e300)  # after one step no weight is finite
    inputs = np.random.default_rng(0).normal(size=(WIDTH, 4))
    labels = np.zeros(4)
    taps, update = listened(job, frame_of(job, range(4), inputs, labels), silent=True)
    assert np.isfinite(taps.totals).all()
    assert taps.totals[0].any()
    assert not taps.totals[1].any()
    assert np.isfinite(change_of(job, update)).all()


@pytest.mark.parametrize("job", [OVERFLOWING["formed"], OVERFLOWING["pairs"]], ids=["formed", "pairs"])
def test_one_row_that_overflows_silences_its_whole_unit(job: Job) -> None:
    """A unit is finite or it is zero; the other rows of it do not count."""
    frame = frame_of(job, [0, 0, 1], inputs_of(3, far=1), np.zeros(3))
    gradients = bounded(job, frame, np.arange(2), far_weights(job))
    assert not gradients[0].any()
    assert gradients[1].any()


@pytest.mark.parametrize("job", [LOGISTIC, mlp(LOGISTIC, 40, 40)], ids=["formed", "pairs"])
def test_a_unit_counts_no_more_rows_than_the_job_allows(job: Job) -> None:
    """With three rows allowed, ten equal rows summed are three."""
    job = replace(job, max_rows_per_unit=3, clip_norm=8.0, grid=18)
    inputs = np.tile(np.linspace(0, 0.1, WIDTH)[:, None], (1, 10))
    many, three = (
        bounded(job, frame_of(job, [0] * rows, inputs[:, :rows], [1] * rows), np.array([0]))[0]
        for rows in (10, 3)
    )
    assert np.array_equal(three, many)
    assert np.linalg.norm(three) < job.clip_norm


@pytest.mark.parametrize("job", [LOGISTIC, mlp(LOGISTIC, 40, 40)], ids=["small", "large"])
@pytest.mark.parametrize("rows_each", [100, 300, 1300])
def test_a_unit_may_be_longer_than_half_a_block_or_than_several(job: Job, rows_each: int) -> None:
    """The bounded mean of its rows' gradients, however many blocks they take."""
    job = replace(job, max_rows_per_unit=rows_each, unit_reduction="mean", grid=20)
    frame = random_frame(job, 3, rows_each=rows_each)
    gradients = bounded(job, frame, np.arange(3))
    single = replace(job, clip_norm=64.0, grid=16, max_rows_per_unit=1)
    rows = range(3 * rows_each)
    parts = bounded(single, frame_of(single, rows, frame.features, frame.label), np.arange(len(rows)))
    assert max(float(np.linalg.norm(part)) for part in parts.values()) < 60
    mean = np.mean([parts[row] for row in range(rows_each)], axis=0)
    expected = mean * min(1, job.clip_norm / float(np.linalg.norm(mean)))
    off = 1e-4 if job.model.kind == "mlp" else 1e-6  # its norms are bounds with the digits of float32
    assert np.allclose(expected, gradients[0], rtol=off, atol=off / 10)


def test_an_empty_batch_sums_to_zero() -> None:
    """No unit was drawn: the sum is exactly zero, in every step."""
    job = replace(LOGISTIC, sampling_rate=1e-12, steps=3)
    taps, _ = listened(job, random_frame(job, 10))
    assert not np.any(taps.batches)
    assert not np.any(taps.totals)
    assert len(taps.noises) == 3
