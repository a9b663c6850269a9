"""Fixed filters for outlines before a model of images: what they are, and that what learns behind them is bounded."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from kernel_checks import (
    check_against_opacus,
    check_against_vmap,
    check_in_any_company,
    check_nothing_is_left,
    check_one_unit_out,
    lines_that_lie_or_stand,
    rehearse,
    right_after_training,
)
from learner_setups import LOGISTIC, cnn, random_frame, weights_of
from torch import nn
from vmap_oracle import inputs_and_labels, slopes_of_a_bell

from learner.outlines import DIRECTIONS, FAINTEST_OUTLINE, outline_filters
from learner.protocol import Job, ModelSpec, ProtocolError, convolutions_of, job_shapes
from tests.sweeps import sweep

THREE = replace(LOGISTIC, label=replace(LOGISTIC.label, classes=3))
JOBS = {
    "alone": cnn(THREE, (8, 6, 1), outlines=8),
    "coloured": cnn(THREE, (9, 7, 3), pool=(3, 3), outlines=4),
    "before others": cnn(THREE, (8, 12, 1), 5, outlines=4),
    "before normed ones": cnn(THREE, (9, 12, 2), 4, groups=2, outlines=16),
}


@pytest.mark.parametrize("directions", DIRECTIONS)
def test_a_filter_is_how_a_bell_falls_in_its_direction(directions: int) -> None:
    """In each channel alike; what is even everywhere is no outline."""
    found = np.array(outline_filters(directions, 2)).reshape(directions, 5, 5, 2)
    assert (2 * found == slopes_of_a_bell(directions).numpy()[:, 0, :, :, None]).all()
    assert not found.sum(axis=(1, 2)).any()
    assert math.isclose(np.abs(found[0]).sum(), 1, abs_tol=1e-3)
    turned = np.rot90(found[0], -1)  # a quarter of the way round
    assert (found[directions // 4] == turned).all()


def test_the_filters_are_those_of_the_format() -> None:
    """A trained model goes with these numbers and no others."""
    spelled = repr([outline_filters(directions, 1) for directions in DIRECTIONS]).encode()
    assert (hashlib.sha256(spelled).hexdigest()[:16], FAINTEST_OUTLINE) == ("e99c50686627e04a", 0.3125)


@pytest.mark.parametrize("rows", sweep([(1, 1), (8, 5), (40, 600)], default=1), ids=str)
@pytest.mark.parametrize("name", sweep(reversed(JOBS), default=2))
def test_the_sum_behind_outlines_is_that_of_vmap(name: str, rows: tuple[int, int]) -> None:
    job = replace(JOBS[name], max_rows_per_unit=rows[0], unit_reduction="mean")
    check_against_vmap(job, random_frame(job, 4, rows_each=rows[1], seed=3))


def test_the_sum_behind_outlines_is_that_of_opacus() -> None:
    """Of the affine layer alone, with the rest as torch has it."""
    job = JOBS["alone"]
    frame = random_frame(job, 20, seed=4, spread=3.0)
    inputs, labels, _ = inputs_and_labels(job, frame)
    answers = nn.functional.conv2d(torch.from_numpy(inputs).view(-1, 1, 8, 6), slopes_of_a_bell(8), padding=2)
    means = nn.functional.avg_pool2d(torch.relu(answers - FAINTEST_OUTLINE), 2).permute(0, 2, 3, 1).flatten(1)
    assert (means == 0).any()
    check_against_opacus(job, frame, nn.Sequential(nn.Linear(96, 3)).double(), means.numpy(), labels)


@pytest.mark.parametrize("name", sweep(JOBS))
def test_a_row_behind_outlines_has_the_same_bits_in_any_company(name: str) -> None:
    check_in_any_company(JOBS[name])


@pytest.mark.slow
@pytest.mark.parametrize("directions", DIRECTIONS)
@pytest.mark.parametrize("image", [(8, 8, 1), (9, 13, 3), (28, 28, 1)], ids=str)
def test_no_shape_of_image_lets_its_outlines_depend_on_its_place(
    image: tuple[int, int, int], directions: int
) -> None:
    rehearse(cnn(LOGISTIC, image, outlines=directions))


def test_nothing_of_a_block_of_outlines_is_left_for_the_next() -> None:
    check_nothing_is_left(JOBS["alone"])


def test_taking_a_unit_out_behind_outlines_changes_the_sum_by_its_gradient_and_the_margin() -> None:
    job = JOBS["before others"]
    check_one_unit_out(job, weights_of(job, scale=0.5), random_frame(job, 10, rows_each=2, spread=3.0))


def test_only_what_stands_behind_the_outlines_is_trained() -> None:
    assert list(job_shapes(JOBS["alone"])) == ["linear.weight", "linear.bias"]
    assert job_shapes(JOBS["before others"])["convolutions.0.weight"] == (5, 36)
    first, second = convolutions_of(JOBS["before others"].model)
    assert (first.fixed, first.kernel, second.fixed, second.kernel) == (True, (5, 5), False, (3, 3))
    assert Job.from_json(JOBS["alone"].to_json()) == JOBS["alone"]


def test_outlines_tell_at_once_what_sums_of_pixels_do_not() -> None:
    """Whether a bright line lies or stands, anywhere in the image, by an affine layer alone."""
    job = cnn(LOGISTIC, (6, 6, 1), pool=(6, 6), outlines=4)
    job = replace(job, steps=150, lr=20.0, expected_batch=64.0, max_rows_per_unit=1)
    assert right_after_training(job, *lines_that_lie_or_stand(job)) == 1.0


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"outlines": 5}, "so many directions"),
        ({"outlines": True}, "so many directions"),
        ({"outlines": 8.0}, "outlines is not a whole number"),
        ({"kind": "text", "image": (1, 8, 1), "kernel": (1, 3), "pool": (1, 1)}, "so many directions"),
        ({"groups": 1}, "shared evenly"),
        ({"outlines": 0}, "has an image, filters"),
        ({"image": (80, 80, 1)}, "patches of more than"),
    ],
)
def test_outlines_that_do_not_fit_are_refused(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(ProtocolError, match=rule):
        replace(JOBS["alone"].model, **changes)
    with pytest.raises(ProtocolError, match="only a cnn has maps"):
        ModelSpec(kind="mlp", activation="tanh", outlines=8)
