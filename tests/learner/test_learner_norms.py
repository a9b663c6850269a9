"""Norms, of a place (layer norm) and of groups: against torch's own and Opacus, and what the proof needs."""

from __future__ import annotations

from collections.abc import Sequence
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
    rehearse,
)
from learner_setups import LINEAR, LOGISTIC, cnn, random_frame, weights_of
from torch import Tensor, nn
from torch.nn import functional
from vmap_oracle import inputs_and_labels

from learner.models import precision
from learner.models.group_norm import GroupNorm
from learner.models.layer_norm import LayerNorm
from learner.protocol import ProtocolError, job_shapes
from tests.sweeps import sweep

THREE = replace(LOGISTIC, label=replace(LOGISTIC.label, classes=3))
JOBS = {
    "image": cnn(THREE, (7, 5, 2), 4, 6, activation="relu", groups=2),
    "one group": cnn(LINEAR, (1, 20, 3), 4, 9, kernel=(1, 5), pool=(1, 2), groups=1),
    "each filter": cnn(THREE, (8, 6, 1), 5, 5, groups=5),
    "large": cnn(THREE, (6, 6, 2), 24, 16, activation="relu", groups=8),
}


VALUES = torch.from_numpy(np.random.default_rng(0).normal(size=(32, 5, 6)) * 3)
VALUES[7] = 2.5  # numbers that are all alike
SCALE = torch.linspace(-1, 2, 6, dtype=torch.float64)


def check_there_and_back(flat: Tensor, normed: Tensor, found: Sequence[Tensor]) -> None:
    """Values, what each row adds, and the way back are those of torch, whose norm has no scale of its own."""
    by_row = SCALE.expand(32, 1, 6).clone().requires_grad_()
    slopes, expected = torch.cos(VALUES), normed * by_row + SCALE + 1
    expected.backward(slopes)
    given, back, formed = found
    assert torch.allclose(given, expected, rtol=1e-12, atol=1e-12)
    assert flat.grad is not None
    assert by_row.grad is not None
    assert torch.allclose(back.view(flat.shape), flat.grad, rtol=1e-9, atol=1e-9)
    assert torch.allclose(formed[:, :6], by_row.grad[:, 0], rtol=1e-11, atol=1e-11)
    assert torch.allclose(formed[:, 6:], slopes.sum(dim=1), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("groups", [1, 2, 6])
def test_a_norm_of_groups_is_that_of_torch_there_and_back(
    groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "PRECISION", torch.float64)
    norm, each = GroupNorm(5, 6, groups), VALUES.clone().requires_grad_()
    norm.set_weights(SCALE.numpy(), SCALE.numpy() + 1)
    room = norm.room(32)
    given = norm.forward(room, VALUES.flatten(1)).view(32, 5, 6).clone()
    back = norm.backward(room, torch.cos(VALUES).flatten(1))
    normed = functional.group_norm(each.transpose(1, 2), groups).transpose(1, 2)
    check_there_and_back(each, normed, (given, back, room.formed))


def test_a_norm_of_each_place_is_that_of_torch_there_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a one behind what it gives out, and zeros up to the padding."""
    monkeypatch.setattr(precision, "PRECISION", torch.float64)
    norm, each = LayerNorm(5, 6), VALUES.clone().requires_grad_()
    norm.set_weights(SCALE.numpy(), SCALE.numpy() + 1)
    room = norm.room(32)
    room.taken.copy_(VALUES)
    given = norm.forward(room).clone()
    assert (given[..., 6:] == torch.tensor([1.0, 0.0])).all()
    room.slopes[..., :6] = torch.cos(VALUES)
    back = norm.backward(room)
    check_there_and_back(each, functional.layer_norm(each, (6,)), (given[..., :6], back, room.formed))


@pytest.mark.parametrize("rows", sweep([(8, 5), (1, 1), (8, 11), (40, 600)], default=2), ids=str)
@pytest.mark.parametrize("name", sweep(JOBS, default=2))
def test_the_sum_of_normed_maps_is_that_of_vmap(name: str, rows: tuple[int, int]) -> None:
    job = replace(JOBS[name], max_rows_per_unit=rows[0], unit_reduction="mean")
    check_against_vmap(job, random_frame(job, 4, rows_each=rows[1], seed=3))


def test_the_sum_of_normed_maps_is_that_of_opacus() -> None:
    """Per-sample gradients of its own group norms, clipped and summed as its optimizer does."""
    job = cnn(THREE, (4, 4, 1), 4, kernel=(1, 1), pool=(4, 4), groups=2)
    frame = random_frame(job, 20, seed=4)
    twin = nn.Sequential(
        *(nn.Conv2d(1, 4, 1), nn.GroupNorm(2, 4), nn.Tanh(), nn.AvgPool2d(4), nn.Flatten(), nn.Linear(4, 3))
    ).double()
    inputs, labels, _ = inputs_and_labels(job, frame)
    check_against_opacus(job, frame, twin, inputs.reshape(-1, 1, 4, 4), labels)


@pytest.mark.parametrize("name", sweep(["image", "one group", "each filter", "large"]))
def test_a_normed_row_has_the_same_bits_in_any_company(name: str) -> None:
    check_in_any_company(JOBS[name])


@pytest.mark.slow
@pytest.mark.parametrize("groups", [1, 2, 8])
@pytest.mark.parametrize("filters", [(8,), (16, 8), (24, 40)], ids=str)
@pytest.mark.parametrize("image", [(8, 8, 1), (9, 13, 3), (28, 28, 1)], ids=str)
def test_no_shape_of_norm_lets_a_row_depend_on_its_place(
    image: tuple[int, int, int], filters: tuple[int, ...], groups: int
) -> None:
    rehearse(cnn(LOGISTIC, image, *filters, groups=groups))


def test_nothing_of_a_block_of_normed_maps_is_left_for_the_next() -> None:
    check_nothing_is_left(JOBS["image"])


def test_taking_a_unit_out_of_normed_maps_changes_the_sum_by_its_gradient_and_the_margin() -> None:
    """The clip norm bounds kernels, norms and the last layer together."""
    job = JOBS["image"]
    check_one_unit_out(job, weights_of(job, scale=0.5), random_frame(job, 10, rows_each=2, spread=3.0))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [({"groups": 4}, "shared evenly"), ({"groups": 65}, "groups"), ({"groups": -1}, "groups")],
)
def test_groups_that_do_not_fit_are_refused(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(ProtocolError, match=rule):
        replace(JOBS["image"].model, **changes)


def test_norms_stand_behind_their_kernels() -> None:
    assert list(job_shapes(JOBS["image"]))[:6] == [
        *("convolutions.0.weight", "convolutions.0.bias", "norms.0.weight", "norms.0.bias"),
        *("convolutions.1.weight", "convolutions.1.bias"),
    ]
