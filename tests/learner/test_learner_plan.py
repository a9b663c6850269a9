"""The plan says what the price was for, and refuses what the proof does not cover."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from learner_setups import LOGISTIC, cnn, mlp

from learner.dp.plan import MAX_NOISE_CELLS, MIN_NOISE, SLOTS, plan_of
from learner.protocol import MAX_UNITS, Job, ProtocolError

ROWS = replace(LOGISTIC, max_rows_per_unit=1)
# 4 gamma_k k, with k of 64 and gamma_k of k numbers in float32
OF_PRODUCTS = 4 * 64 * 64 * 2.0**-24 / (1 - 64 * 2.0**-24)


def test_the_sensitivity_counts_rounding_and_summation() -> None:
    """C' = C (1 + margin) + g sqrt(d), and the noise is sigma C' in cells of g."""
    plan = plan_of(replace(LOGISTIC, clip_norm=0.5, noise_multiplier=4.0, grid=14))
    assert plan.parameters == 18
    assert plan.grid == 2.0**-14
    assert 0.5 * (1 + plan.summation_margin) + 2.0**-14 * math.sqrt(18) == plan.sensitivity
    assert 4.0 * plan.sensitivity * 2**14 == plan.noise_cells


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (ROWS, 2 * 2056 * 2.0**-29),
        (LOGISTIC, 2 * 1030 * 2.0**-29 * 128),
        (mlp(ROWS, 5), 2 * 2056 * 2.0**-29 + OF_PRODUCTS),
        (cnn(ROWS, (4, 4, 1), 3), 2 * 2056 * 2.0**-29 + OF_PRODUCTS),
        (mlp(LOGISTIC, 5), 2 * 1030 * 2.0**-29 * 128),
    ],
)
def test_the_margin_follows_from_public_figures(job: Job, expected: float) -> None:
    """2 (K + 4) u n_max rho: 2^24 units whatever their number is, rho 1 where no unit has several rows.

    And 4 gamma_k k where a network has units of one row.
    """
    plan = plan_of(job)
    assert plan.summation_margin == pytest.approx(expected, rel=1e-14)
    assert 1e-7 < plan.summation_margin < 1e-3


def test_what_is_too_small_for_float32_is_charged() -> None:
    """2 k operations in four products, each of which may lose 2^-126 in each of d coordinates, beside C."""
    plan = replace(plan_of(mlp(ROWS, 5)), clip_norm=2.0**-120)
    lost = 4 * 2 * SLOTS * 2.0**-126 * math.sqrt(plan.parameters) / 2.0**-120
    assert plan.product_margin == pytest.approx(OF_PRODUCTS + lost, rel=1e-12)


@pytest.mark.parametrize(
    ("what", "facts"),
    [
        ("noise multiplier", {"noise_multiplier": 0.29}),
        ("noise multiplier", {"noise_multiplier": 0.0}),
        ("noise multiplier", {"noise_multiplier": 1000.1, "grid": 12}),
        ("grid, for this clip norm", {"grid": 8}),
        ("grid, for this clip norm", {"clip_norm": 1e-6}),
        ("grid, for this noise", {"grid": 24}),
        ("grid, for this noise", {"noise_multiplier": 8.1}),
    ],
)
def test_a_job_outside_the_bounds_is_refused(what: str, facts: dict[str, Any]) -> None:
    """Too little or too much noise, a grid too coarse for C or too fine for the sampler."""
    with pytest.raises(ProtocolError, match=what):
        plan_of(replace(LOGISTIC, **facts))


def test_the_bounds_themselves_are_inside() -> None:
    """sigma C 2^k = 2^24 and C 2^k >= 32 sqrt(d) are allowed."""
    assert plan_of(replace(LOGISTIC, noise_multiplier=8.0, grid=22)).noise_multiplier == 8.0
    wide = mlp(replace(LOGISTIC, clip_norm=1.0, noise_multiplier=0.3, grid=14), 256, 256)
    assert plan_of(wide).parameters == 68_610
    with pytest.raises(ProtocolError):
        plan_of(replace(wide, grid=13))


def test_the_grid_of_every_plan_holds_the_sum_of_all_units() -> None:
    """n_max C is a whole number of cells that float64 holds, noise and all: nothing wraps, nothing is lost."""
    cells = MAX_NOISE_CELLS / MIN_NOISE
    assert MAX_UNITS * cells + 20 * MAX_NOISE_CELLS * (1 + 1 / 32) < 2**53
