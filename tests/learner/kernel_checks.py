"""What is held of every network of kernels, of maps or of texts: against vmap, in any company, block after block."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from learner_setups import (
    change_of,
    frame_of,
    listened,
    only_unit,
    random_frame,
    random_texts,
    weights_of,
    without_unit,
)
from numpy.typing import NDArray
from privacy_checks import addends, bits, bounded, independence_violations
from torch import nn
from torch.nn import functional
from vmap_oracle import bounded_gradients

from learner import data, engine
from learner.dp.clipping import clipped_sum
from learner.dp.places import depends_on_place
from learner.dp.plan import plan_of
from learner.models import precision
from learner.models.network import network_of
from learner.models.weights import read_weights
from learner.protocol import ColumnFrame, Job, ProtocolError, job_shapes


def summed(job: Job, weights: bytes, frame: Any) -> NDArray[np.float64]:
    """The clipped sum of one step over all units."""
    return listened(job, frame, weights=weights)[0].totals[0]


def summed_in_float64(job: Job, weights: bytes, frame: Any) -> NDArray[np.float64]:
    """The same with rows computed as exactly as the oracles do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(precision, "PRECISION", torch.float64)
        return summed(job, weights, frame)


def check_against_vmap(job: Job, frame: Any) -> None:
    """For every way to a unit's norm; in float64, as the oracle is, off by what is shortened, and no more."""
    weights = weights_of(job, scale=0.3)
    expected = bounded_gradients(job, weights, frame).sum(axis=0) * (1 - 2.0**-22)
    assert expected.any()
    assert np.allclose(expected, summed(job, weights, frame), rtol=3e-4, atol=1e-4 * job.clip_norm)
    assert np.allclose(expected, summed_in_float64(job, weights, frame), rtol=1e-9, atol=1e-11)


def check_against_opacus(
    job: Job,
    frame: Any,
    twin: nn.Module,
    inputs: NDArray[Any],
    labels: NDArray[Any],
    orders: Sequence[torch.Tensor | None] | None = None,
) -> None:
    """Its own per-sample gradients, clipped and summed as its optimizer does: of the same model in torch's own layers.

    ``orders`` tell where the numbers of our tensors stand in the order that torch has. A table gives zero no numbers.
    """
    weights, orders = weights_of(job, scale=0.5), orders or [None for _ in twin.parameters()]
    _take_over(twin, job, weights, orders)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a library that is an oracle here and nothing more
        from opacus.grad_sample import GradSampleModule

        module = GradSampleModule(twin, loss_reduction="sum")
        outputs = module(torch.from_numpy(inputs))
        functional.cross_entropy(outputs, torch.from_numpy(labels), reduction="sum").backward()
    rows = torch.cat([_in_order(*each) for each in zip(module.parameters(), orders, strict=True)], dim=1)
    norms = rows.norm(2, dim=1)
    expected = torch.einsum("r,rd->d", (job.clip_norm / (norms + 1e-6)).clamp(max=1.0), rows)
    assert norms.max() > job.clip_norm
    assert np.allclose(expected.numpy(), summed_in_float64(job, weights, frame), rtol=1e-4, atol=1e-5)


def _take_over(twin: nn.Module, job: Job, weights: bytes, orders: Sequence[torch.Tensor | None]) -> None:
    """Give the twin our weights."""
    shapes = job_shapes(job)
    parts = torch.from_numpy(read_weights(weights, shapes)).split(
        [int(np.prod(shape)) for shape in shapes.values()]
    )
    with torch.no_grad():
        for each, part, order in zip(twin.parameters(), parts, orders, strict=True):
            each.copy_((part if order is None else part[order]).view(each.shape))
        for table in twin.modules():
            if isinstance(table, nn.Embedding):
                table.weight[0] = 0.0


def _in_order(parameter: Any, order: torch.Tensor | None) -> torch.Tensor:
    """Opacus' gradient of each row as ours lies, (rows, numbers)."""
    rows: torch.Tensor = parameter.grad_sample.flatten(start_dim=1)
    if order is None:
        return rows
    found = torch.empty_like(rows)
    found[:, order] = rows
    return found


def check_in_any_company(job: Job) -> None:
    """U5, for units of one row and of several; and the rehearsal finds nothing to refuse."""
    for most_rows in (1, 8):
        each = replace(job, max_rows_per_unit=most_rows)
        assert independence_violations(each, 40, min(most_rows, 3)) == []
        plan = plan_of(each)
        frame = data.constant_frame(each, plan.block)
        network = network_of(each, data.encode_rows(each, frame), plan.block)
        assert not depends_on_place(network, data.group_units(frame.unit, most_rows), plan)


def rehearse(job: Job) -> None:
    """The rehearsal of a run, for units of one row and of several; raises where a row depends on its place."""
    for most_rows in (1, 8):
        each = replace(job, max_rows_per_unit=most_rows)
        engine.rehearse(each, weights_of(each))


def check_nothing_is_left(layers: Job) -> None:
    """After a step in which no number is finite, and with weights that are again, a sum is what it was."""
    job = replace(layers, max_rows_per_unit=1, model=replace(layers.model, activation="tanh"))
    frame = random_frame(job, 20)
    rows, units = data.encode_rows(job, frame), data.group_units(frame.unit, 1)
    plan, theta = plan_of(job), read_weights(weights_of(job, scale=0.3), job_shapes(job))
    network = network_of(job, rows, plan.block)

    def total(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            return clipped_sum(
                units,
                np.arange(20),
                network.books_at(weights),
                network=network,
                plan=plan,
                reduction="sum",
            )

    before = total(theta)
    assert before.any()
    assert total(theta).tobytes() == before.tobytes()
    assert not total(np.full_like(theta, np.nan)).any()
    assert total(theta).tobytes() == before.tobytes()


def check_one_unit_out(job: Job, weights: bytes, frame: Any) -> None:
    """U1: what a unit adds is as long as the clip norm, and the sum without it is off by that and the margin."""
    alone, whole, rest = (
        summed(job, weights, each) for each in (only_unit(job, frame, 4), frame, without_unit(job, frame, 4))
    )
    margin = plan_of(job).summation_margin * job.clip_norm
    assert 0.99 * job.clip_norm < np.linalg.norm(alone) <= job.clip_norm
    assert np.linalg.norm(whole - rest - alone) <= margin / 1e4


def lines_that_lie_or_stand(job: Job) -> tuple[ColumnFrame, NDArray[np.int64]]:
    """64 images of 6 by 6, a bright line in each, and whether it lies."""
    draws = np.random.default_rng(0)
    label, where = draws.integers(0, 2, 64), draws.integers(0, 6, 64)
    images = np.zeros((64, 6, 6))
    for image, lies, place in zip(images, label, where, strict=True):
        image[(place, slice(None)) if lies else (slice(None), place)] = 3.0
    return frame_of(job, range(64), images.reshape(64, 36).T, label), label


def right_after_training(job: Job, frame: Any, label: NDArray[Any]) -> float:
    """The share of these rows whose class a model tells that was trained on them, without noise."""
    weights = weights_of(job, scale=0.5)
    _, update = listened(job, frame, weights=weights, silent=True)
    theta = read_weights(weights, job_shapes(job)) + change_of(job, update)
    rows = data.encode_rows(job, frame)
    scores = network_of(job, rows, len(label)).outputs_at(theta)(np.arange(len(label)))
    return float((scores.argmax(axis=0) == label).mean())


def check_free_bytes_change_nothing(job: Job, longer: Job, *, rtol: float, atol: float) -> None:
    """The same texts in a job of twice the length; one without bytes moves the last bias alone."""
    codes, labels = random_texts(job, 30), np.arange(30) % 3
    theta = read_weights(weights_of(job, scale=0.5), job_shapes(job))
    short = bounded(job, frame_of(job, range(30), codes, labels), np.arange(30), theta)
    padded = np.concatenate((codes, np.zeros_like(codes)))
    other = bounded(longer, frame_of(longer, range(30), padded, labels), np.arange(30), theta)
    assert all(np.allclose(short[each], other[each], rtol=rtol, atol=atol) for each in range(30))
    last = sum(int(np.prod(shape)) for shape in list(job_shapes(job).values())[:-2])
    assert not short[0][:last].any()
    assert np.count_nonzero(short[0][last:]) == 3
    of_zero = job.model.image[2]  # the numbers of the byte that is zero
    assert not any(each[:of_zero].any() for each in short.values())


def check_an_overflow_is_its_own_affair(job: Job, theta: NDArray[np.float64]) -> None:
    """Where the weights make byte 200 infinite its text adds nothing, and nobody else's numbers change."""
    codes = random_texts(job, 12)
    codes[codes == 200] = 7
    spoiled = codes.copy()
    spoiled[:, 5] = 200
    labels = np.arange(12) % 3
    calm, wild = (frame_of(job, range(12), each, labels) for each in (codes, spoiled))
    some = addends(job, wild, np.arange(12), theta)
    others = addends(job, without_unit(job, calm, 5), np.array([*range(5), *range(5, 11)]), theta)
    assert [bits(some[each]) for each in range(5)] == [bits(others[each]) for each in range(5)]
    assert not any(layer.inputs.any() or layer.gradients.any() for layer in some[5])
    assert summed(job, weights_of(job, scale=0.5), calm).any()


def check_features_are_bytes(job: Job) -> None:
    """As many as the text has, each one of 256; and the job is the same once it was written and read."""
    for features in (job.features[1:], (*job.features[1:], replace(job.features[0], labels=255))):
        with pytest.raises(ProtocolError, match="not the bytes of the text"):
            replace(job, features=features)
    assert Job.from_json(job.to_json()) == job
