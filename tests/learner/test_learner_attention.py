"""Transformers over texts: against torch's own layers and Opacus, and what of them the proof needs."""

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
    transformer,
    weights_of,
)
from privacy_checks import addends, bits
from torch import Tensor, nn
from torch.nn import functional

from learner import data, engine
from learner.dp import plan
from learner.dp.plan import plan_of
from learner.models import attention
from learner.models.weights import read_weights
from learner.protocol import BYTES, ProtocolError, blocks_of, job_shapes, waves
from tests.sweeps import sweep

THREE = replace(LOGISTIC, label=replace(LOGISTIC.label, classes=3))
JOBS = {
    "two blocks": transformer(THREE, 7, 6, 5, 9, heads=3, activation="relu"),
    "classes": transformer(THREE, 12, 4, 5),
    "number": transformer(LINEAR, 15, 8, 9, heads=1),
    "wide": transformer(THREE, 40, 16, 32, heads=4, activation="relu"),
}


@pytest.mark.parametrize("rows", sweep([(8, 5), (1, 1), (8, 11), (40, 600)], default=2), ids=str)
@pytest.mark.parametrize("name", sweep(JOBS, default=2))
def test_the_sum_of_attention_is_that_of_vmap(name: str, rows: tuple[int, int]) -> None:
    job = replace(JOBS[name], max_rows_per_unit=rows[0], unit_reduction="mean")
    check_against_vmap(job, random_frame(job, 40 // rows[1] + 2, rows_each=rows[1]))


class _Twin(nn.Module):
    """The same model of torch's own layers, for texts that fill their length."""

    def __init__(self, length: int, numbers: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.table = nn.Embedding(BYTES, numbers, padding_idx=0)
        self.norm1, self.asked = nn.LayerNorm(numbers), nn.Linear(numbers, 3 * numbers)
        self.joined, self.norm2 = nn.Linear(numbers, numbers), nn.LayerNorm(numbers)
        self.wider, self.narrower = nn.Linear(numbers, hidden), nn.Linear(hidden, numbers)
        self.norm, self.last = nn.LayerNorm(numbers), nn.Linear(numbers, outputs)
        self.places = torch.tensor(waves(length, numbers), dtype=torch.float64).view(length, numbers)

    def forward(self, codes: Tensor) -> Tensor:
        values = self.table(codes) + self.places
        heads = self.asked(self.norm1(values)).unflatten(2, (3, 2, -1)).permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(*heads)
        values = values + self.joined(found.transpose(1, 2).flatten(2))
        values = values + self.narrower(torch.tanh(self.wider(self.norm2(values))))
        scores: Tensor = self.last(self.norm(values).mean(dim=1))
        return scores


def test_the_sum_of_attention_is_that_of_opacus() -> None:
    """Per-sample gradients of its own table, norms and affine layers, clipped and summed as its optimizer does."""
    job = JOBS["classes"]
    rng = np.random.default_rng(4)
    codes, labels = rng.integers(1, BYTES, (12, 20)), rng.integers(0, 3, 20)
    twin = _Twin(12, 4, 5, 3).double()
    assert [tuple(each.shape) for each in twin.parameters()] == list(job_shapes(job).values())
    frame = frame_of(job, range(20), codes, labels)
    check_against_opacus(job, frame, twin, codes.T.copy(), labels)


@pytest.mark.parametrize("name", sweep(["classes", "two blocks", "number", "wide"]))
def test_attention_gives_a_text_the_same_bits_in_any_company(name: str) -> None:
    check_in_any_company(JOBS[name])


@pytest.mark.parametrize("rows", sweep([(1, 1), (8, 3), (8, 5)], default=2), ids=str)
def test_a_few_texts_at_once_add_what_many_do(rows: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where long texts leave room for four at once: the same bits of what fits in there, and the sum that is vmap's."""
    most_rows, rows_each = rows
    job = replace(transformer(THREE, 32, 4, 5), max_rows_per_unit=most_rows, unit_reduction="mean")
    frame = random_frame(job, 9, rows_each=rows_each)
    assert plan_of(job).block == 512
    many = addends(job, frame, np.arange(9))
    monkeypatch.setattr(plan, "MOST_ATTENDED", 4 * (blocks_of(job.model).room + plan_of(job).parameters))
    assert plan_of(job).block == 4
    few = addends(job, frame, np.arange(9))
    assert rows_each > 4 or all(bits(few[unit]) == bits(many[unit]) for unit in range(9))
    check_against_vmap(job, frame)
    engine.rehearse(job, weights_of(job))


@pytest.mark.parametrize("spoiled", sweep([3, 1, 2], default=1))
def test_the_rehearsal_tries_a_few_texts_at_once_in_every_number(
    spoiled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where blocks have four, shares that are others in a shorter one stop the job."""
    job = replace(transformer(THREE, 32, 4, 5), max_rows_per_unit=1)
    monkeypatch.setattr(plan, "MOST_ATTENDED", 4 * (blocks_of(job.model).room + plan_of(job).parameters))
    right = torch.softmax

    def wrong(fits: Tensor, dim: int, out: Tensor) -> Tensor:
        return right(fits * (1 + 2.0**-10 * (len(fits) == spoiled)), dim=dim, out=out)

    monkeypatch.setattr(attention.torch, "softmax", wrong)
    with pytest.raises(RuntimeError, match="place in the batch"):
        engine.rehearse(job, weights_of(job, scale=0.3))


def test_texts_that_do_not_stand_in_line_are_padded_to_as_many_that_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However little room there is: 32 of an odd number of bytes, and one of 32, 64 or 160."""
    monkeypatch.setattr(plan, "MOST_ATTENDED", 1)
    blocks = {length: plan_of(transformer(THREE, length, 4, 5)).block for length in (7, 12, 32, 40, 64, 160)}
    assert blocks == {7: 32, 12: 8, 32: 1, 40: 4, 64: 1, 160: 1}


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("hidden", [(1,), (5,), (33,), (8, 16), (4, 4, 4)], ids=str)
@pytest.mark.parametrize("sizes", [(1, 1, 1), (7, 6, 2), (9, 15, 3), (100, 8, 4), (130, 16, 1)], ids=str)
def test_no_shape_of_attention_lets_a_row_depend_on_its_place(
    sizes: tuple[int, int, int], hidden: tuple[int, ...], activation: str
) -> None:
    length, numbers, heads = sizes
    rehearse(transformer(LOGISTIC, length, numbers, *hidden, heads=heads, activation=activation))


def test_the_rehearsal_looks_at_attention_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compared is not all zeros in any tensor, and shares that follow a row's place stop the job."""
    job = replace(JOBS["two blocks"], max_rows_per_unit=1)
    theta = np.sin(np.arange(1.0, 1 + plan_of(job).parameters))
    some = addends(job, data.constant_frame(job, 64), np.arange(64), theta)
    places = len(some[0])
    assert all(sum(layers[place].inputs.any() for layers in some.values()) > 60 for place in range(places))
    right = torch.softmax

    def wrong(fits: Tensor, dim: int, out: Tensor) -> Tensor:
        each = torch.arange(len(fits), dtype=fits.dtype)[:, None, None, None]
        return right(fits * (1 + 2.0**-20 * each), dim=dim, out=out)

    monkeypatch.setattr(attention.torch, "softmax", wrong)
    with pytest.raises(RuntimeError, match="place in the batch"):
        engine.rehearse(job, weights_of(job, scale=0.3))


def test_how_many_bytes_are_left_free_changes_nothing_of_attention() -> None:
    """The same texts in a job of twice the length; one without bytes moves the last bias alone."""
    job = replace(JOBS["two blocks"], max_rows_per_unit=1)
    longer = replace(transformer(THREE, 14, 6, 5, 9, heads=3, activation="relu"), max_rows_per_unit=1)
    check_free_bytes_change_nothing(job, longer, rtol=1e-10, atol=1e-13)


def test_nothing_of_a_block_of_attention_is_left_for_the_next() -> None:
    check_nothing_is_left(JOBS["two blocks"])


def test_a_text_that_overflows_in_attention_is_its_own_affair() -> None:
    """With weights that make one byte infinite it adds nothing, and nobody else's numbers change."""
    job = replace(JOBS["classes"], max_rows_per_unit=1)
    theta = read_weights(weights_of(job, scale=0.5), job_shapes(job))
    theta[4 * 200 : 4 * 201] = 1e308  # the numbers of byte 200
    check_an_overflow_is_its_own_affair(job, theta)


def test_taking_a_text_out_of_attention_changes_the_sum_by_its_gradient_and_the_margin() -> None:
    """The clip norm bounds table, norms, attention and last layer together."""
    job = JOBS["two blocks"]
    check_one_unit_out(job, weights_of(job, scale=2.0), random_frame(job, 10, rows_each=2))


@pytest.mark.slow
def test_attention_learns_which_letters_stand_in_one_text_however_far_apart() -> None:
    """Whether the letter at the beginning comes again at the end, without noise: no window of a kernel sees both."""
    job = transformer(LOGISTIC, 12, 8, 16)
    job = replace(job, steps=150, lr=0.03, optimizer="adam", momentum=0.9, second_momentum=0.99)
    job = replace(job, expected_batch=64.0, max_rows_per_unit=1, clip_norm=50.0, noise_multiplier=0.3, grid=8)
    draws = np.random.default_rng(0)
    label = draws.integers(0, 2, 64)
    codes = np.full((12, 64), ord("x"))
    codes[0] = draws.choice([ord("a"), ord("b")], 64)
    codes[11] = np.where(label == 1, codes[0], ord("a") + ord("b") - codes[0])
    assert right_after_training(job, frame_of(job, range(64), codes, label), label) > 0.95


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"image": (2, 6, 4)}, "one row"),
        ({"image": (1, 6)}, "an image and hidden widths"),
        ({"hidden": ()}, "an image and hidden widths"),
        ({"hidden": (257,)}, "hidden width"),
        ({"kernel": (1, 3)}, "no kernels"),
        ({"groups": 2}, "no kernels"),
        ({"heads": 0}, "heads"),
        ({"heads": 9}, "heads"),
        ({"heads": 3}, "share the numbers of a byte"),
        ({"image": (1, 6, 66)}, "share the numbers of a byte"),
        ({"image": (1, 257, 4)}, "65,536 pairs of bytes"),
        ({"activation": None}, "activation"),
        ({"kind": "text"}, "hidden"),
    ],
)
def test_sizes_of_attention_that_do_not_fit_are_refused(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(ProtocolError, match=rule):
        replace(JOBS["classes"].model, **changes)


def test_a_transformer_has_as_many_features_as_bytes_and_its_tensors_in_order() -> None:
    job = JOBS["classes"]
    check_features_are_bytes(job)
    parts = ("norm1", "attention", "joined", "norm2", "wider", "narrower")
    assert list(job_shapes(job)) == [
        "embedding.weight",
        *(f"blocks.0.{part}.{name}" for part in parts for name in ("weight", "bias")),
        *("norm.weight", "norm.bias", "linear.weight", "linear.bias"),
    ]
