"""Models of texts: against torch's own layers and Opacus, and what of them the proof needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from kernel_checks import (
    check_against_opacus,
    check_against_vmap,
    check_an_overflow_is_its_own_affair,
    check_features_are_bytes,
    check_free_bytes_change_nothing,
    check_in_any_company,
    check_nothing_is_left,
    check_one_unit_out,
    rehearse,
    right_after_training,
)
from learner_setups import (
    LINEAR,
    LOGISTIC,
    frame_of,
    random_frame,
    text,
    weights_of,
)
from privacy_checks import addends
from torch import nn

from learner import data, engine
from learner.dp.plan import plan_of
from learner.maps import Convolution
from learner.models import kernels
from learner.models.network import network_of
from learner.models.weights import read_weights
from learner.protocol import BYTES, ProtocolError, job_shapes
from tests.sweeps import sweep

THREE = replace(LOGISTIC, label=replace(LOGISTIC.label, classes=3))
JOBS = {
    "classes": text(THREE, 12, 4, 5, kernel=5),
    "two layers": text(THREE, 9, 3, 6, 7, activation="relu"),
    "number": text(LINEAR, 15, 8, 9, kernel=1),
    "wide": text(THREE, 40, 16, 24, 16, kernel=7, activation="relu"),
}


@pytest.mark.parametrize("rows", sweep([(8, 5), (1, 1), (8, 11), (40, 600)], default=2), ids=str)
@pytest.mark.parametrize("name", sweep(JOBS, default=3))
def test_the_sum_of_texts_is_that_of_vmap(name: str, rows: tuple[int, int]) -> None:
    job = replace(JOBS[name], max_rows_per_unit=rows[0], unit_reduction="mean")
    check_against_vmap(job, random_frame(job, 40 // rows[1] + 2, rows_each=rows[1]))


class _Twin(nn.Module):
    """The same model of torch's own layers, for texts that fill their length."""

    def __init__(self, numbers: int, filters: int, kernel: int, outputs: int) -> None:
        super().__init__()
        self.table = nn.Embedding(BYTES, numbers, padding_idx=0)
        self.kernel = nn.Conv1d(numbers, filters, kernel, padding=kernel // 2)
        self.last = nn.Linear(filters, outputs)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        active = torch.tanh(self.kernel(self.table(codes).permute(0, 2, 1)))
        scores: torch.Tensor = self.last(active.mean(dim=2))
        return scores


def test_the_sum_of_texts_is_that_of_opacus() -> None:
    """Per-sample gradients of its own embedding and convolution, clipped and summed as its optimizer does."""
    job = JOBS["classes"]
    rng = np.random.default_rng(4)
    codes, labels = rng.integers(1, BYTES, (12, 20)), rng.integers(0, 3, 20)
    # torch has the channels of a kernel before its places
    orders = [None, torch.arange(100).view(5, 5, 4).permute(0, 2, 1).flatten(), None, None, None]
    frame = frame_of(job, range(20), codes, labels)
    check_against_opacus(job, frame, _Twin(4, 5, 5, 3).double(), codes.T.copy(), labels, orders)


@pytest.mark.parametrize("name", sweep(["two layers", "classes", "number", "wide"]))
def test_a_text_has_the_same_bits_in_any_company(name: str) -> None:
    check_in_any_company(JOBS[name])


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("filters", [(1,), (5,), (16,), (33,), (8, 16), (4, 4, 4)], ids=str)
@pytest.mark.parametrize("sizes", [(1, 1, 1), (7, 5, 3), (100, 8, 5), (300, 16, 7)], ids=str)
def test_no_shape_of_text_lets_a_row_depend_on_its_place(
    sizes: tuple[int, int, int], filters: tuple[int, ...], activation: str
) -> None:
    length, numbers, kernel = sizes
    job = text(LOGISTIC, length, numbers, *filters, kernel=kernel, activation=activation)
    rehearse(job)


def test_the_rehearsal_looks_at_texts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compared is not all zeros, and a patch that follows a row's place stops the job."""
    job = replace(JOBS["two layers"], max_rows_per_unit=1)
    theta = np.sin(np.arange(1.0, 1 + plan_of(job).parameters))
    some = addends(job, data.constant_frame(job, 64), np.arange(64), theta)
    assert all(sum(layers[place].inputs.any() for layers in some.values()) > 60 for place in range(4))
    right = kernels.copy_patches

    def wrong(layer: Convolution, values: torch.Tensor, framed: torch.Tensor, patches: torch.Tensor) -> None:
        right(layer, values, framed, patches)
        patches.mul_(1 + 2.0**-20 * torch.arange(len(patches), dtype=patches.dtype)[:, None])

    monkeypatch.setattr(kernels, "copy_patches", wrong)
    with pytest.raises(RuntimeError, match="place in the batch"):
        engine.rehearse(job, weights_of(job))


def test_how_many_bytes_are_left_free_changes_nothing() -> None:
    """The same texts in a job of twice the length, bit by bit; one without bytes moves the last bias alone."""
    job = replace(JOBS["two layers"], max_rows_per_unit=1)
    longer = replace(text(THREE, 18, 3, 6, 7, activation="relu"), max_rows_per_unit=1)
    check_free_bytes_change_nothing(job, longer, rtol=1e-12, atol=1e-15)


def test_what_follows_the_rows_of_a_block_is_empty() -> None:
    """After a full block, and then a short one, nothing of the first is left where no row is."""
    job = replace(JOBS["classes"], max_rows_per_unit=1)
    frame = random_frame(job, 64)
    network: Any = network_of(job, data.encode_rows(job, frame), 64)
    outputs_of = network.outputs_at(read_weights(weights_of(job, scale=0.5), job_shapes(job)))
    outputs_of(np.arange(64))
    outputs_of(np.arange(33))
    room = network._rooms[64].texts
    assert room.codes[:33].any()
    assert not room.codes[33:].any()


def test_nothing_of_a_block_of_texts_is_left_for_the_next() -> None:
    check_nothing_is_left(JOBS["two layers"])


def test_a_text_that_overflows_is_its_own_affair() -> None:
    """With weights that make one byte infinite it adds nothing, and nobody else's numbers change."""
    job = replace(JOBS["classes"], max_rows_per_unit=1)
    theta = read_weights(weights_of(job, scale=0.5), job_shapes(job))
    theta[4 * 200 : 4 * 201] = 1e308  # the numbers of byte 200
    theta[4 * BYTES :] *= 1e10
    check_an_overflow_is_its_own_affair(job, theta)


def test_taking_a_text_out_changes_the_sum_by_its_gradient_and_the_margin() -> None:
    """The clip norm bounds table, kernels and last layer together."""
    job = JOBS["two layers"]
    check_one_unit_out(job, weights_of(job, scale=2.0), random_frame(job, 10, rows_each=2))


def test_a_model_of_texts_learns_a_word_wherever_it_stands() -> None:
    """Whether three letters stand together, in any place of the text, without noise; their order tells it."""
    job = text(LOGISTIC, 12, 4, 8)
    job = replace(job, steps=150, lr=4.0, momentum=0.5, expected_batch=64.0, max_rows_per_unit=1)
    draws = np.random.default_rng(0)
    label, where = draws.integers(0, 2, 64), draws.integers(0, 9, 64)
    codes = np.full((12, 64), ord("x"))
    for row, (is_there, place) in enumerate(zip(label, where, strict=True)):
        codes[place : place + 3, row] = list(b"abc" if is_there else b"cab")
    assert right_after_training(job, frame_of(job, range(64), codes, label), label) > 0.95


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"image": (2, 6, 4)}, "one row and no pools"),
        ({"kernel": (3, 3)}, "one row and no pools"),
        ({"pool": (1, 2)}, "one row and no pools"),
        ({"kernel": (1, 2)}, "no middle"),
        ({"filters": ()}, "has an image"),
    ],
)
def test_sizes_of_texts_that_do_not_fit_are_refused(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(ProtocolError, match=rule):
        replace(JOBS["classes"].model, **changes)


def test_a_text_has_as_many_features_as_bytes() -> None:
    job = JOBS["classes"]
    check_features_are_bytes(job)
    assert list(job_shapes(job)) == [
        *("embedding.weight", "convolutions.0.weight", "convolutions.0.bias"),
        *("linear.weight", "linear.bias"),
    ]
