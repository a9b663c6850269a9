"""What follows the noise, recomputed from the taps: Adam, decay, averages, and one sum where no step is taken."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from learner_setups import (
    LINEAR,
    LOGISTIC,
    change_of,
    frame_of,
    ignore,
    listened,
    mlp,
    random_frame,
    weights_of,
)
from numpy.typing import NDArray
from privacy_checks import addends, independence_violations
from safetensors.numpy import load
from vmap_oracle import bounded_gradients, inputs_and_labels

from learner import engine
from learner.dp.plan import plan_of
from learner.protocol import ColumnFrame, FeatureSpec, Job, ProtocolError
from learner.update import UPDATE_GRID

STEPS = replace(LINEAR, steps=7, sampling_rate=0.5, lr=0.3)
SUM = replace(LOGISTIC, kind="gradient_sum", sampling_rate=1.0, expected_batch=1.0, steps=1)


def heard(job: Job, **rest: Any) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """The noised gradients of a run, and what left."""
    taps, update = listened(job, random_frame(job, 12), **rest)
    plan = plan_of(job)
    return [
        (np.rint(total / plan.grid) + noise) * plan.grid / plan.expected_batch
        for total, noise in zip(taps.totals, taps.noises, strict=True)
    ], change_of(job, update)


def test_adam_takes_the_noise_off_its_second_moment() -> None:
    """With bias correction of both moments, as Kingma and Ba have them, and the known variance subtracted."""
    job = replace(STEPS, optimizer="adam", momentum=0.8, second_momentum=0.9, lr=0.01)
    gradients, change = heard(job)
    variance = (plan_of(job).noise_cells * 2.0**-job.grid / job.expected_batch) ** 2
    theta, first, second = np.zeros(9), np.zeros(9), np.zeros(9)
    for step, gradient in enumerate(gradients, start=1):
        first = 0.8 * first + 0.2 * gradient
        second = 0.9 * second + 0.1 * gradient**2
        found = second / (1 - 0.9**step) - variance
        theta -= 0.01 * (first / (1 - 0.8**step)) / np.sqrt(np.maximum(found, variance / 100))
    assert np.allclose(theta, change, rtol=0, atol=2 * UPDATE_GRID)


@pytest.mark.parametrize(
    ("decay", "shares"),
    [
        ("linear", [1 - step / 7 for step in range(7)]),
        ("cosine", [(1 + math.cos(math.pi * step / 7)) / 2 for step in range(7)]),
    ],
)
def test_the_rate_goes_down_to_nothing_after_the_last_step(decay: Any, shares: list[float]) -> None:
    """A public number for each step."""
    gradients, change = heard(replace(STEPS, decay=decay))
    expected = -0.3 * np.sum([s * g for s, g in zip(shares, gradients, strict=True)], axis=0)
    assert np.allclose(expected, change, rtol=0, atol=2 * UPDATE_GRID)


def test_an_exponential_average_looks_back_over_a_tenth_of_the_steps() -> None:
    """Of the weights, a plain mean as long as there are fewer of them."""
    gradients, change = heard(replace(STEPS, steps=30, average="ema"))
    path, average = -0.3 * np.cumsum(gradients, axis=0), np.zeros(9)
    for step, theta in enumerate(path, start=1):
        average += (theta - average) / min(step, 3)
    assert np.allclose(average, change, rtol=0, atol=2 * UPDATE_GRID)


def test_a_sum_is_that_of_all_units_with_one_noise() -> None:
    """Over the whole vault, at the starting weights, divided by nothing, and with no step taken."""
    weights, frame = weights_of(SUM, scale=0.3), random_frame(SUM, 40, rows_each=3)
    taps, update = listened(SUM, frame, weights=weights)
    cells = np.rint(taps.totals[0] * 2.0**SUM.grid) + taps.noises[0]
    assert np.array_equal(cells * 2.0**-SUM.grid, change_of(SUM, update))
    assert taps.batches[0].all()
    expected = bounded_gradients(SUM, weights, frame).sum(axis=0)
    assert np.allclose(expected, taps.totals[0], rtol=1e-6, atol=1e-9)


def test_of_a_sum_the_owner_sees_how_well_the_starting_weights_fit() -> None:
    """There are no others."""
    _, private = engine.train(SUM, weights_of(SUM), random_frame(SUM, 30), progress=ignore)
    facts = json.loads(private)
    assert facts["final"]["loss"] == pytest.approx(math.log(2))
    assert facts["curve"][0]["loss"] == facts["curve"][-1]["loss"] == facts["final"]["loss"]


@pytest.mark.parametrize(
    "wrong",
    [{"sampling_rate": 0.5}, {"expected_batch": 2.0}, {"steps": 2}, {"model": mlp(LOGISTIC, 3).model}],
)
def test_a_sum_is_one_step_over_all_units_of_a_model_of_one_layer(wrong: dict[str, Any]) -> None:
    """Anything else is refused before a record is there."""
    with pytest.raises(ProtocolError, match="a sum is one step"):
        replace(SUM, **wrong)


def test_a_job_crosses_the_wall_with_its_kind_and_its_optimizer() -> None:
    """What is written is what is read."""
    for job in (SUM, replace(STEPS, optimizer="adam", second_momentum=0.99, decay="cosine", average="ema")):
        assert Job.from_json(job.to_json()) == job


MOMENTS = replace(
    LINEAR,
    kind="moments",
    features=(*LINEAR.features[:3], FeatureSpec(kind="onehot", labels=3)),
    sampling_rate=1.0,
    expected_batch=1.0,
    steps=1,
    max_rows_per_unit=4,
    clip_norm=8.0,
    grid=18,
)


def products_of(job: Job, frame: ColumnFrame) -> NDArray[np.float64]:
    """The upper triangle of (x, 1)(x, 1)' and (x, 1)y of each row, written down in full; zeros without a label."""
    inputs, labels, known = inputs_and_labels(job, frame)
    x = np.column_stack((inputs, np.ones(len(inputs))))
    upper = np.triu_indices(x.shape[1])
    rows = [np.concatenate((np.outer(row, row)[upper], row * y)) for row, y in zip(x, labels, strict=True)]
    return np.where(known[:, None], np.array(rows), 0.0)


def moments_frame(job: Job, units: int, rows_each: int, spread: float) -> ColumnFrame:
    """Numbers, categories and a label that is missing in every fifth row."""
    rng = np.random.default_rng(3)
    rows = units * rows_each
    numbers = rng.normal(size=(3, rows)) * spread
    label = np.where(np.arange(rows) % 5 == 4, np.nan, numbers[0] + 1)
    return frame_of(
        job, np.repeat(np.arange(units), rows_each), [*numbers, rng.integers(-1, 3, size=rows)], label
    )


@pytest.mark.parametrize("rows_each", [1, 3, 700])
@pytest.mark.parametrize("spread", [0.3, 30.0])
def test_moments_are_clipped_by_one_norm_over_all_that_gets_noise(rows_each: int, spread: float) -> None:
    """Of each unit the sum of its rows' products, bounded as one vector, whatever way its norm is found."""
    job = replace(MOMENTS, max_rows_per_unit=rows_each)
    frame = moments_frame(job, 6, rows_each, spread)
    units = products_of(job, frame).reshape(6, rows_each, -1).sum(axis=1)
    lengths = np.linalg.norm(units, axis=1, keepdims=True)
    expected = (units * job.clip_norm / np.maximum(lengths, job.clip_norm)).sum(axis=0)
    taps, update = listened(job, frame)
    assert np.allclose(expected, taps.totals[0], rtol=1e-6, atol=1e-6)
    tensors = load(update)
    assert {name: each.shape for name, each in tensors.items()} == {"products": (28,), "targets": (7,)}
    cells = np.rint(taps.totals[0] * 2.0**job.grid) + taps.noises[0]
    noised = np.concatenate((tensors["products"], tensors["targets"])) * UPDATE_GRID
    assert np.array_equal(noised, cells * 2.0**-job.grid)
    if spread == 30.0:
        assert float(np.linalg.norm(expected)) <= 6 * job.clip_norm


@pytest.mark.parametrize("many", [3, 60])
def test_moments_of_a_unit_are_the_same_in_any_company(many: int) -> None:
    """The place test, few inputs and so many that norms come from pairs of rows."""
    job = replace(MOMENTS, features=LINEAR.features[:1] * many)
    assert independence_violations(job, 60, 3) == []
    engine.rehearse(job, weights_of(job))
    alone = addends(job, random_frame(job, 8, rows_each=3, spread=9.0), np.arange(8))
    lengths = [float(np.linalg.norm(layer.gradients.T @ layer.inputs)) for (layer,) in alone.values()]
    assert max(lengths) <= job.clip_norm
    assert max(lengths) > job.clip_norm * (1 - 1e-6)


def test_moments_give_the_regression_that_the_rows_give() -> None:
    """From the sums alone, mirrored: the coefficients of least squares."""
    job = replace(MOMENTS, features=LINEAR.features[:3], clip_norm=256.0, grid=12, max_rows_per_unit=1)
    frame = random_frame(job, 200)
    total = listened(job, frame)[0].totals[0]
    gram = np.zeros((4, 4))
    gram[np.triu_indices(4)] = total[:10]
    gram = gram + gram.T - np.diag(np.diag(gram))
    inputs, labels, _ = inputs_and_labels(job, frame)
    expected, *_ = np.linalg.lstsq(np.column_stack((inputs, np.ones(200))), labels, rcond=None)
    assert np.allclose(np.linalg.solve(gram, total[10:]), expected, rtol=1e-5, atol=1e-6)
    assert gram[3, 3] == pytest.approx(200)


def test_moments_are_of_a_label_that_is_a_number() -> None:
    """Classes are refused."""
    with pytest.raises(ProtocolError, match="moments are of a label that is a number"):
        replace(SUM, kind="moments")
