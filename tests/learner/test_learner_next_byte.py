"""A language model over bytes: against vmap over torch's own layers, and what of it the proof needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from learner_setups import LOGISTIC, frame_of, random_frame, random_texts, transformer
from numpy.typing import NDArray
from privacy_checks import bits, copied
from torch import Tensor
from torch.func import grad, vmap
from vmap_oracle import inputs_and_labels, next_byte_loss, unflatten

from learner.data import encode_rows, group_units
from learner.dp.books import Books
from learner.dp.clipping import bounded_units, clipped_sum
from learner.dp.places import depends_on_place
from learner.dp.plan import Plan, plan_of
from learner.models import attention, precision
from learner.models.next_byte import NextByte, next_byte_shapes
from learner.protocol import Job, blocks_of, parameter_count
from tests.sweeps import sweep

SMALL = transformer(LOGISTIC, 8, 4, 5, activation="relu")
JOBS = {
    "small": SMALL,
    "two blocks": transformer(LOGISTIC, 7, 6, 5, 9, heads=3),
    "wide": transformer(LOGISTIC, 32, 16, 40, heads=4, activation="relu"),
}


def plan_for(job: Job, block: int) -> Plan:
    """The plan of the job, for a language model of the sizes of its model."""
    shapes = next_byte_shapes(blocks_of(job.model))
    return replace(plan_of(job), parameters=parameter_count(shapes), block=block)


def model_of(job: Job, frame: Any, block: int) -> NextByte:
    """A language model of the sizes of a job's model, over the texts of these columns."""
    return NextByte(blocks_of(job.model), job.model.activation, encode_rows(job, frame), block)


def theta_of(job: Job) -> NDArray[np.float64]:
    """Small normal weights."""
    count = parameter_count(next_byte_shapes(blocks_of(job.model)))
    return np.random.default_rng(3).normal(size=count) * 0.3


def summed(job: Job, frame: Any, block: int) -> NDArray[np.float64]:
    """The clipped sum over all units."""
    network, units = model_of(job, frame, block), group_units(frame.unit, job.max_rows_per_unit)
    return clipped_sum(
        units,
        np.arange(units.count),
        network.books_at(theta_of(job)),
        network=network,
        plan=plan_for(job, block),
        reduction="mean",
    )


def addends(job: Job, frame: Any, members: NDArray[np.int64], theta: NDArray[np.float64]) -> dict[int, Books]:
    """What each member adds."""
    network, plan = model_of(job, frame, 4), plan_for(job, 4)
    with np.errstate(all="ignore"):
        blocks = bounded_units(
            group_units(frame.unit, job.max_rows_per_unit),
            members,
            network.books_at(theta),
            network=network,
            plan=plan,
            reduction="sum",
        )
        return {unit: copied(layers) for bounded in blocks for unit, layers in bounded.each()}


def bounded_by_vmap(job: Job, frame: Any) -> NDArray[np.float64]:
    """The bounded gradient of every unit, (units, d): written down row by row, then one clip over all tensors."""
    shapes, (inputs, _, _) = next_byte_shapes(blocks_of(job.model)), inputs_and_labels(job, frame)

    def loss(parameters: Mapping[str, Tensor], row: Tensor) -> Tensor:
        return next_byte_loss(job.model, parameters, row)

    parts = vmap(grad(loss), in_dims=(None, 0))(unflatten(theta_of(job), shapes), torch.from_numpy(inputs))
    rows = torch.cat([parts[name].flatten(start_dim=1) for name in shapes], dim=1).numpy()
    units = group_units(frame.unit, job.max_rows_per_unit)
    ends = zip(units.starts[:-1], units.starts[1:], strict=True)
    each = np.array([rows[units.rows[first:end]].mean(axis=0) for first, end in ends])
    norms = np.linalg.norm(each, axis=1, keepdims=True)
    assert norms.max() > job.clip_norm
    return each * (job.clip_norm / np.maximum(norms, job.clip_norm))


@pytest.mark.parametrize("rows_each", sweep([1, 3, 11], default=2))
@pytest.mark.parametrize("block", [4, 64])
@pytest.mark.parametrize("name", sweep(JOBS, default=1))
def test_the_sum_of_a_language_model_is_that_of_vmap(
    name: str, block: int, rows_each: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Units of one row and of several, in blocks of a few rows and of many; no byte looks ahead."""
    job = replace(JOBS[name], max_rows_per_unit=rows_each, clip_norm=0.25)
    frame = random_frame(job, 7, rows_each=rows_each)
    expected = bounded_by_vmap(job, frame).sum(axis=0) * (1 - 2.0**-22)
    assert np.allclose(expected, summed(job, frame, block), rtol=3e-4, atol=1e-4)
    monkeypatch.setattr(precision, "PRECISION", torch.float64)
    assert np.allclose(expected, summed(job, frame, block), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("block", [3, 40])
@pytest.mark.parametrize("name", sweep(["wide", "small", "two blocks"], default=1))
def test_a_text_of_a_language_model_has_the_same_bits_in_any_company(name: str, block: int) -> None:
    """In blocks of every size; and shares that follow a row's place are seen."""
    job = replace(JOBS[name], max_rows_per_unit=1)
    frame = random_frame(job, 40)
    network, units, plan = model_of(job, frame, block), group_units(frame.unit, 1), plan_for(job, block)
    assert not depends_on_place(network, units, plan)
    right = torch.softmax

    def wrong(fits: Tensor, dim: int, out: Tensor) -> Tensor:
        each = torch.arange(len(fits), dtype=fits.dtype).view(-1, *[1] * (fits.dim() - 1))
        return right(fits * (1 + 2.0**-20 * each), dim=dim, out=out)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention.torch, "softmax", wrong)
        assert depends_on_place(network, units, plan)


def test_a_text_of_a_language_model_that_overflows_is_its_own_affair() -> None:
    """Where one byte is infinite its text adds nothing, and the bits of the others are what they are without it."""
    job = replace(SMALL, max_rows_per_unit=1)
    codes, theta = random_texts(job, 12), theta_of(job)
    codes[codes == 200] = 7
    codes[:, 5] = 200
    theta[4 * 200 : 4 * 201] = 1e308
    every = np.arange(12)
    some = addends(job, frame_of(job, range(12), codes, every % 2), every, theta)
    rest = addends(
        job, frame_of(job, range(11), np.delete(codes, 5, axis=1), every[:11] % 2), every[:11], theta
    )
    assert [bits(some[each]) for each in every if each != 5] == [bits(rest[each]) for each in every[:11]]
    assert not any(layer.inputs.any() or layer.gradients.any() for layer in some[5])
    assert all(any(layer.inputs.any() for layer in some[each]) for each in every[1:5])


def test_bytes_that_are_left_free_add_nothing_to_a_language_model() -> None:
    """The same texts where there is room for twice as many bytes; one of no byte, or of one, adds nothing at all."""
    job, longer = SMALL, replace(transformer(LOGISTIC, 16, 4, 5, activation="relu"))
    job, longer = (replace(each, max_rows_per_unit=1) for each in (job, longer))
    codes, every = random_texts(job, 12), np.arange(12)
    codes[1:, 1] = 0
    frames = (
        frame_of(each, range(12), texts, every % 2)
        for each, texts in ((job, codes), (longer, np.concatenate((codes, np.zeros_like(codes)))))
    )
    short, other = (
        addends(each, frame, every, theta_of(job)) for each, frame in zip((job, longer), frames, strict=True)
    )
    for unit in every:
        for one, two in zip(short[unit], other[unit], strict=True):
            assert np.allclose(
                one.gradients.T @ one.inputs, two.gradients.T @ two.inputs, rtol=1e-4, atol=1e-6
            )
    assert not any(layer.inputs.any() for unit in (0, 1) for layer in short[unit])
    assert any(layer.inputs.any() for layer in short[2])


def test_the_loss_of_a_language_model_is_that_of_torch() -> None:
    """The mean over the bytes of each text that have one behind them."""
    job = replace(JOBS["two blocks"], max_rows_per_unit=1)
    frame = random_frame(job, 9)
    inputs, shapes = (
        torch.from_numpy(inputs_and_labels(job, frame)[0]),
        next_byte_shapes(blocks_of(job.model)),
    )
    parameters = unflatten(theta_of(job), shapes)
    expected = [float(next_byte_loss(job.model, parameters, row)) for row in inputs]
    found = model_of(job, frame, 32).outputs_at(theta_of(job))(np.arange(9))
    assert found.shape == (1, 9)
    assert np.allclose(expected, found[0], rtol=1e-4, atol=1e-5)
