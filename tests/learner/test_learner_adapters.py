"""Adapters beside layers that are kept (LoRA): against torch's own layers and Opacus, and what the proof needs."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from kernel_checks import check_against_vmap, check_in_any_company, check_one_unit_out, rehearse, summed
from learner_setups import LINEAR, LOGISTIC, WIDTH, change_of, listened, mlp, random_frame, weights_of
from privacy_checks import addends
from safetensors.numpy import load
from torch import nn
from torch.nn import functional
from vmap_oracle import inputs_and_labels

from learner import data
from learner.dp.plan import plan_of
from learner.models.network import network_of
from learner.models.weights import read_start
from learner.protocol import Job, ModelSpec, ProtocolError, job_shapes, start_shapes
from tests.sweeps import sweep

THREE = replace(LOGISTIC, label=replace(LOGISTIC.label, classes=3), grid=20)


def adapted(job: Job, rank: int, *hidden: int, activation: Any = "tanh") -> Job:
    """The job with adapters beside the layers of an mlp."""
    layered = mlp(job, *hidden, activation=activation)
    return replace(layered, model=replace(layered.model, rank=rank))


JOBS = {
    "two layers": adapted(THREE, 2, 10),
    "three layers": adapted(LINEAR, 3, 9, 5, activation="relu"),
    "large": adapted(THREE, 8, 80, 40),
}


@pytest.mark.parametrize("rows", sweep([(8, 5), (1, 1), (8, 11), (40, 600)], default=2), ids=str)
@pytest.mark.parametrize("name", sweep(JOBS, default=2))
def test_the_sum_of_adapters_is_that_of_vmap(name: str, rows: tuple[int, int]) -> None:
    job = replace(JOBS[name], max_rows_per_unit=rows[0], unit_reduction="mean")
    check_against_vmap(job, random_frame(job, 20, rows_each=rows[1], seed=3))


class _Twin(nn.Module):
    """The same of torch's own layers; what is kept wants no gradient."""

    def __init__(self, job: Job, tensors: dict[str, Any]) -> None:
        super().__init__()
        self.layers, self.beside = nn.ModuleList(), nn.ModuleList()
        for place in range(2):
            outputs, inputs = tensors[f"layers.{place}.weight"].shape
            kept, rank = nn.Linear(inputs, outputs).requires_grad_(False), job.model.rank
            beside = nn.Sequential(nn.Linear(inputs, rank), nn.Linear(rank, outputs))
            self.layers.append(kept)
            self.beside.append(beside)
            names = [f"layers.{place}", f"adapters.{place}.down", f"adapters.{place}.up"]
            for part, name in zip((kept, *beside), names, strict=True):
                part.weight.data = torch.from_numpy(tensors[f"{name}.weight"])
                part.bias.data = torch.from_numpy(tensors[f"{name}.bias"])

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        values = torch.tanh(self.layers[0](values) + self.beside[0](values))
        scores: torch.Tensor = self.layers[1](values) + self.beside[1](values)
        return scores


def test_the_sum_of_adapters_is_that_of_opacus() -> None:
    """Per-sample gradients of the narrow layers alone, clipped and summed as its optimizer does."""
    job = replace(JOBS["two layers"], max_rows_per_unit=1)
    weights, frame = weights_of(job, scale=0.7), random_frame(job, 20, spread=2.0)
    twin = _Twin(job, load(weights)).double()
    inputs, labels, _ = inputs_and_labels(job, frame)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a library that is an oracle here and nothing more
        from opacus.grad_sample import GradSampleModule

        module = GradSampleModule(twin, loss_reduction="sum")
        outputs = module(torch.from_numpy(inputs))
        functional.cross_entropy(outputs, torch.from_numpy(labels), reduction="sum").backward()
    trained = [each for each in module.parameters() if each.requires_grad]
    rows: Any = torch.cat([each.grad_sample.flatten(1) for each in trained], 1)
    norms = rows.norm(2, dim=1)
    expected = torch.einsum("r,rd->d", (job.clip_norm / (norms + 1e-6)).clamp(max=1.0), rows)
    assert norms.max() > job.clip_norm
    assert np.allclose(expected.numpy(), summed(job, weights, frame), rtol=1e-4, atol=1e-5)


def test_a_model_with_adapters_is_the_one_with_their_products_added() -> None:
    job = replace(JOBS["two layers"], max_rows_per_unit=1)
    weights, frame = weights_of(job, scale=0.5), random_frame(job, 30)
    tensors, whole = load(weights), replace(job, model=replace(job.model, rank=0))
    merged = []
    for place in range(2):
        down, up = (f"adapters.{place}.{way}" for way in ("down", "up"))
        merged.append(tensors[f"layers.{place}.weight"] + tensors[f"{up}.weight"] @ tensors[f"{down}.weight"])
        bias = tensors[f"{up}.weight"] @ tensors[f"{down}.bias"] + tensors[f"{up}.bias"]
        merged.append(tensors[f"layers.{place}.bias"] + bias)
    rows, (theta, kept) = data.encode_rows(job, frame), read_start(weights, job)
    ours = network_of(job, rows, 64, kept).outputs_at(theta)(np.arange(30))
    plain = network_of(whole, rows, 64).outputs_at(np.concatenate([each.ravel() for each in merged]))(
        np.arange(30)
    )
    assert np.allclose(ours, plain, atol=1e-4)  # the plain one is computed in float32


@pytest.mark.parametrize("name", sweep(["two layers", "three layers", "large"]))
def test_adapters_give_a_row_the_same_bits_in_any_company(name: str) -> None:
    check_in_any_company(JOBS[name])


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("rank", [1, 4, 17])
@pytest.mark.parametrize("hidden", [(1,), (33,), (64, 16), (5, 40, 9)], ids=str)
def test_no_shape_of_adapter_lets_a_row_depend_on_its_place(
    hidden: tuple[int, ...], rank: int, activation: str
) -> None:
    rehearse(adapted(LOGISTIC, rank, *hidden, activation=activation))


def test_a_row_that_overflows_beside_adapters_leaves_nothing() -> None:
    """After a step in which no number is finite a sum is what it was, and the rest of a batch is not touched."""
    job = replace(JOBS["two layers"], max_rows_per_unit=1)
    frame, (theta, _) = random_frame(job, 20), read_start(weights_of(job, scale=0.3), job)
    before = addends(job, frame, np.arange(20), theta)
    rows, plan = data.encode_rows(job, frame), plan_of(job)
    network = network_of(job, rows, plan.block)
    with np.errstate(all="ignore"):
        spoiled = network.books_at(np.full_like(theta, np.nan))(np.arange(20))
        network.shorten(spoiled, np.zeros(len(spoiled[0].inputs)))
        assert not any(layer.gradients.any() for layer in spoiled)
        assert not any(
            layer.inputs.any() for layer in spoiled[1:]
        )  # those of the first are finite, by their coding
        after = network.books_at(theta)(np.arange(20))
    for place, layer in enumerate(network_of(job, rows, plan.block).books_at(theta)(np.arange(20))):
        assert layer.inputs.tobytes() == after[place].inputs.tobytes()
        assert layer.gradients.tobytes() == after[place].gradients.tobytes()
    assert before[3][0].inputs.any()


def test_taking_a_unit_out_of_adapters_changes_the_sum_by_its_gradient_and_the_margin() -> None:
    """The clip norm bounds all adapters together."""
    job = JOBS["two layers"]
    check_one_unit_out(job, weights_of(job, scale=0.7), random_frame(job, 10, rows_each=2, spread=3.0))


def test_only_adapters_are_in_an_update() -> None:
    job = JOBS["two layers"]
    assert set(load(listened(job, random_frame(job, 5))[1])) == set(job_shapes(job))
    assert all(name.startswith("adapters.") for name in job_shapes(job))
    assert list(start_shapes(job))[-4:] == [
        f"layers.{n}.{part}" for n in (0, 1) for part in ("weight", "bias")
    ]
    assert plan_of(job).parameters == 2 * (WIDTH + 1) + 10 * 3 + 2 * 11 + 3 * 3
    assert change_of(job, listened(job, random_frame(job, 5))[1]).size == plan_of(job).parameters


def test_ranks_that_do_not_fit_are_refused() -> None:
    for rank in (-1, 65):
        with pytest.raises(ProtocolError, match="rank"):
            replace(JOBS["large"].model, rank=rank)
    with pytest.raises(ProtocolError, match="rank"):
        ModelSpec(kind="logistic", rank=1)
    assert Job.from_json(JOBS["large"].to_json()) == JOBS["large"]
