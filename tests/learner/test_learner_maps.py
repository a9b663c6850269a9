"""Convolutions, for images and series: against torch's own, against Opacus, and what of them the proof needs."""

from __future__ import annotations

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
from learner_setups import (
    LINEAR,
    LOGISTIC,
    cnn,
    frame_of,
    random_frame,
    weights_of,
    without_unit,
)
from privacy_checks import addends, bits, bounded
from torch import nn
from vmap_oracle import inputs_and_labels

from learner import data, engine
from learner.dp.plan import plan_of
from learner.maps import MOST_PATCHED, Convolution
from learner.models import kernels
from learner.protocol import Job, ModelSpec, ProtocolError, convolutions_of
from tests.sweeps import sweep

THREE = replace(LOGISTIC, label=replace(LOGISTIC.label, classes=3))
JOBS = {
    "image": cnn(THREE, (8, 6, 1), 5, 6),
    "odd image": cnn(THREE, (7, 5, 2), 3, activation="relu"),
    "series": cnn(LINEAR, (1, 20, 3), 4, 9, kernel=(1, 5), pool=(1, 2)),
    "large": cnn(THREE, (6, 6, 2), 24, 16, activation="relu"),
}


@pytest.mark.parametrize("rows", sweep([(1, 1), (8, 5), (8, 11), (40, 600)], default=2), ids=str)
@pytest.mark.parametrize("name", sweep(JOBS, default=3))
def test_the_sum_is_that_of_vmap_over_torchs_convolutions(name: str, rows: tuple[int, int]) -> None:
    job = replace(JOBS[name], max_rows_per_unit=rows[0], unit_reduction="mean")
    check_against_vmap(job, random_frame(job, 4, rows_each=rows[1], seed=3))


def test_the_sum_is_that_of_opacus() -> None:
    """Per-sample gradients of its own convolutions, clipped and summed as its optimizer does."""
    job = JOBS["image"]
    frame = random_frame(job, 20, seed=4)
    twin = nn.Sequential(
        *(nn.Conv2d(1, 5, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(5, 6, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(12, 3)),
    ).double()
    # torch has the channels before the places, in its kernels and before its last layer
    orders = [_order((5, 3, 3, 1)), None, _order((6, 3, 3, 5)), None, _order((3, 2, 1, 6)), None]
    inputs, labels, _ = inputs_and_labels(job, frame)
    check_against_opacus(job, frame, twin, inputs.reshape(-1, 1, 8, 6), labels, orders)


def _order(ours: tuple[int, int, int, int]) -> torch.Tensor:
    """Where the numbers of our tensor (outputs, height, width, channels) stand, in the order that torch has."""
    return torch.arange(int(np.prod(ours))).view(ours).permute(0, 3, 1, 2).flatten()


@pytest.mark.parametrize("name", sweep(["odd image", "image", "series", "large"]))
def test_a_row_has_the_same_bits_in_any_company(name: str) -> None:
    check_in_any_company(JOBS[name])


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("filters", [(1,), (5,), (16,), (33,), (8, 16), (17, 9), (4, 4, 4)], ids=str)
@pytest.mark.parametrize("image", [(8, 8, 1), (9, 13, 3), (1, 40, 2), (28, 28, 1)], ids=str)
def test_no_shape_of_map_lets_a_row_depend_on_its_place(
    image: tuple[int, int, int], filters: tuple[int, ...], activation: str
) -> None:
    flat = image[0] == 1
    job = cnn(
        LOGISTIC,
        image,
        *filters,
        kernel=(1, 7) if flat else (3, 3),
        pool=(1, 2) if flat else (2, 2),
        activation=activation,
    )
    rehearse(job)


def test_the_rehearsal_looks_at_kernels_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compared is not all zeros, and a patch that follows a row's place stops the job."""
    job = replace(JOBS["image"], max_rows_per_unit=1)
    theta = np.sin(np.arange(1.0, 1 + plan_of(job).parameters))
    frame = data.constant_frame(job, 64)
    some = addends(job, frame, np.arange(64), theta)
    assert sum(layer.inputs.any() for layers in some.values() for layer in layers[:1]) > 20

    right = kernels.copy_patches

    def wrong(layer: Convolution, values: torch.Tensor, framed: torch.Tensor, patches: torch.Tensor) -> None:
        right(layer, values, framed, patches)
        patches.mul_(1 + 2.0**-20 * torch.arange(len(patches), dtype=patches.dtype)[:, None])

    monkeypatch.setattr(kernels, "copy_patches", wrong)
    with pytest.raises(RuntimeError, match="place in the batch"):
        engine.rehearse(job, weights_of(job))


FAR = 1e38
WILD = replace(LINEAR, features=(replace(LINEAR.features[0], clip=FAR),))


@pytest.mark.parametrize("rows_each", [1, 2])
@pytest.mark.parametrize("place", [0, 8], ids=["in a pool", "in no pool"])
def test_a_row_that_overflows_is_zero_or_its_own_affair(place: int, rows_each: int) -> None:
    """Nobody else's numbers change, in its block or in the next, wherever in its map it overflows."""
    job = cnn(replace(WILD, max_rows_per_unit=rows_each), (3, 3, 1), 4, activation="relu")
    theta = np.random.default_rng(0).normal(size=plan_of(job).parameters)
    theta[: 4 * 9] = 1e30
    inputs = np.random.default_rng(1).normal(size=(9, 6 * rows_each)) * 1e-30
    inputs[place, -1] = FAR
    unit = np.repeat(np.arange(6), rows_each)
    frame = frame_of(job, unit, inputs, np.zeros(len(unit)))
    some = addends(job, frame, np.arange(6), theta)
    others = addends(job, without_unit(job, frame, 5), np.arange(5), theta)
    assert [bits(some[each]) for each in range(5)] == [bits(others[each]) for each in range(5)]
    gradients = bounded(job, frame, np.arange(6), theta)
    assert all(np.isfinite(each).all() for each in gradients.values())
    assert not gradients[5].any() or place == 8
    assert gradients[0].any()


def test_nothing_of_a_block_is_left_for_the_next() -> None:
    check_nothing_is_left(JOBS["odd image"])


def test_taking_a_unit_out_changes_the_sum_by_its_gradient_and_the_margin() -> None:
    """The clip norm bounds all layers together."""
    job = JOBS["image"]
    check_one_unit_out(job, weights_of(job, scale=0.5), random_frame(job, 10, rows_each=2, spread=3.0))


def test_a_model_of_maps_learns_what_no_sum_of_pixels_tells() -> None:
    """Whether a bright line lies or stands, anywhere in the image, without noise."""
    job = cnn(LOGISTIC, (6, 6, 1), 8, pool=(6, 6))
    job = replace(job, steps=150, lr=4.0, momentum=0.5, expected_batch=64.0, max_rows_per_unit=1)
    assert right_after_training(job, *lines_that_lie_or_stand(job)) > 0.95


IMAGE = JOBS["image"].model


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"image": (8, 6)}, "has an image"),
        ({"filters": ()}, "has an image"),
        ({"kernel": (2, 3)}, "no middle"),
        ({"pool": (3, 3)}, "no place left"),
        ({"image": (8, 0, 1)}, "size of a map"),
        ({"filters": (65,)}, "filters"),
        ({"kernel": (33, 1)}, "kernel"),
        ({"hidden": (4,)}, "hidden"),
        ({"image": (32, 32, 1), "filters": (64, 64), "kernel": (7, 7)}, "patches of more than"),
    ],
)
def test_maps_that_do_not_fit_are_refused(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(ProtocolError, match=rule):
        replace(IMAGE, **changes)


def test_an_image_has_as_many_numbers_as_there_are_features() -> None:
    with pytest.raises(ProtocolError, match="as many numbers as the features"):
        replace(JOBS["image"], features=LOGISTIC.features)
    with pytest.raises(ProtocolError, match="only a cnn has maps"):
        ModelSpec(kind="mlp", activation="tanh", image=(2, 2, 1))
    assert Job.from_json(JOBS["image"].to_json()) == JOBS["image"]
    largest = max(each.taken.places * each.patch for each in convolutions_of(JOBS["large"].model))
    assert largest < MOST_PATCHED
