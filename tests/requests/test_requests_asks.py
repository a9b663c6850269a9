"""What a manifest becomes for consent, for the price and for the learner."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests_samples import MLP, NUMBER_LABEL, SHAPES, manifest

from learner.protocol import Job, job_shapes
from vault.budget.mechanism import check_bounds
from vault.consent.decide import Question
from vault.consent.grants import Operation, Window
from vault.errors.families import Invalid
from vault.requests import translate
from vault.requests.shapes import coarsest_grid, dimension, grid_faults, shapes, usual_grid

ALL = frozenset({"good_night", "steps", "weekday"})


def test_the_question_names_exactly_what_the_manifest_asks() -> None:
    asked = translate.question(manifest(), requester_id="r", requester_status="new", epsilon=Decimal(1))

    assert asked == Question(
        collection="sleep",
        required=frozenset({"good_night", "steps"}),
        optional=frozenset({"weekday"}),
        purpose="https://w3id.org/dpv#AcademicResearch",
        requester_id="r",
        requester_status="new",
        operation=Operation.TRAIN,
        window=Window(start=datetime(2026, 1, 1, tzinfo=UTC), end=None),
        unit="day",
        epsilon=Decimal(1),
    )


def test_the_price_is_that_of_the_mechanism_in_the_manifest() -> None:
    assert asdict(translate.mechanism(manifest())) == {
        "sampling_rate": 0.1,
        "noise_multiplier": 4.0,
        "steps": 100,
        "parameters": 10,
        "grid_exponent": 14,
        "clip_norm": 1.0,
    }


def test_the_learner_is_told_the_same_mechanism_that_is_priced() -> None:
    """What is run and what is paid for cannot drift: both are read off one manifest."""
    job, priced = translate.learner_job(manifest(), ALL), translate.mechanism(manifest())

    assert (job.sampling_rate, job.noise_multiplier, job.steps) == (
        priced.sampling_rate,
        priced.noise_multiplier,
        priced.steps,
    )
    assert (job.clip_norm, job.grid) == (priced.clip_norm, priced.grid_exponent)
    assert sum(int(np.prod(shape)) for shape in job_shapes(job).values()) == priced.parameters


def test_a_withheld_field_keeps_its_place_and_the_model_its_shape() -> None:
    whole, part = translate.learner_job(manifest(), ALL), translate.learner_job(manifest(), ALL - {"weekday"})

    assert [feature.present for feature in whole.features] == [True, True]
    assert [feature.present for feature in part.features] == [True, False]
    assert SHAPES == job_shapes(whole) == job_shapes(part)


def test_constants_reach_the_learner_as_they_stand() -> None:
    steps, weekday = translate.learner_job(manifest(), ALL).features

    assert (steps.center, steps.scale, steps.clip, steps.fill) == (7000, 3000, 3, 7000)
    assert (weekday.kind, weekday.labels, weekday.fill_index) == ("onehot", 3, 1)
    assert (
        translate.learner_job(manifest(fields__2__transform__fill=None), ALL).features[1].fill_index is None
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"weight": (2, 4), "bias": (2,)}),
        (
            {
                "model": {"kind": "linear", "weights": "0" * 64},
                "loss": "squared",
                "fields__0__transform": NUMBER_LABEL,
            },
            {"weight": (1, 4), "bias": (1,)},
        ),
        (
            {"model": MLP},
            {
                "layers.0.weight": (5, 4),
                "layers.0.bias": (5,),
                "layers.1.weight": (2, 5),
                "layers.1.bias": (2,),
            },
        ),
    ],
)
def test_every_model_has_its_tensors(changes: dict[str, Any], expected: dict[str, tuple[int, ...]]) -> None:
    made = manifest(**changes)

    assert expected == shapes(made)
    assert sum(int(np.prod(shape)) for shape in expected.values()) == dimension(made)
    assert Job.from_json(translate.learner_job(made, ALL).to_json()) == translate.learner_job(made, ALL)


# With more parameters and nearly the most noise there may be no grid at all: no power of two fits between.
@given(st.floats(0.3, 1000), st.floats(1e-4, 1e4), st.integers(1, 68_000))
def test_the_usual_grid_keeps_both_its_bounds_and_is_near_two_to_the_sixteen(
    noise: float, clip: float, parameters: int
) -> None:
    grid = usual_grid(noise, clip, parameters)

    assert 0 <= grid <= 62
    assert clip * 2.0**grid >= 32 * math.sqrt(parameters)
    assert noise * clip * 2.0**grid <= 2**24
    assert 2**15 <= noise * clip * 2.0**grid <= 2**17 or grid == max(coarsest_grid(clip, parameters), 0)


@given(st.integers(0, 62))
def test_the_manifest_refuses_a_grid_exactly_when_the_price_would(grid: int) -> None:
    tried = manifest().model_copy(update={"output": manifest().output.model_copy(update={"grid": grid})})

    assert bool(grid_faults(tried)) == (not is_priced(tried))


def is_priced(tried: Any) -> bool:
    try:
        check_bounds(translate.mechanism(tried))
    except Invalid:
        return False
    return True
