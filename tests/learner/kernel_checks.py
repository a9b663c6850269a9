"""What is held of every network of kernels, of maps or of texts: against vmap, in any company, block after block."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from learner_setups import listened, only_unit, random_frame, weights_of, without_unit
from numpy.typing import NDArray
from privacy_checks import independence_violations
from vmap_oracle import bounded_gradients

from learner import data, engine
from learner.dp.places import depends_on_place
from learner.dp.plan import plan_of
from learner.models.network import network_of
from learner.models.weights import read_weights
from learner.protocol import Job, job_shapes


def summed(job: Job, weights: bytes, frame: Any) -> NDArray[np.float64]:
    """The clipped sum of one step over all units."""
    return listened(job, frame, weights=weights)[0].totals[0]


def check_against_vmap(job: Job, frame: Any) -> None:
    """For every way to a unit's norm; off by what is shortened, and no more: all of it is float64."""
    weights = weights_of(job, scale=0.3)
    expected = bounded_gradients(job, weights, frame).sum(axis=0) * (1 - 2.0**-22)
    assert expected.any()
    assert np.allclose(expected, summed(job, weights, frame), rtol=1e-9, atol=1e-11)


def in_order(parameter: Any, order: torch.Tensor | None) -> torch.Tensor:
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
            return engine.clipped_sum(
                units,
                np.ones(20, dtype=np.bool_),
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
