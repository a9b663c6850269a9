"""Models, losses and gradients, against plain autograd and against Opacus."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from learner_setups import (
    LINEAR,
    LOGISTIC,
    WIDTH,
    frame_of,
    ignore,
    listened,
    mlp,
    random_frame,
    weights_of,
)
from numpy.typing import NDArray
from safetensors.numpy import load, save
from torch import nn
from torch.nn import functional

from learner import engine
from learner.data import encode_rows
from learner.models.losses import row_losses
from learner.models.network import forward, unflatten
from learner.models.scores import OwnerView, curve_steps
from learner.models.weights import read_weights
from learner.protocol import ColumnFrame, Job, ModelSpec, ProtocolError, job_shapes

THREE = replace(LOGISTIC, label=replace(LOGISTIC.label, classes=3), grid=21)
JOBS = {
    "linear": LINEAR,
    "logistic": LOGISTIC,
    "three classes": THREE,
    "mlp tanh": mlp(THREE, 7, 5),
    "mlp relu": mlp(THREE, 16, activation="relu"),
    "mlp of numbers": mlp(LINEAR, 6),
    "mlp without hidden layers": mlp(LOGISTIC),
}


def torch_twin(job: Job, weights: bytes) -> nn.Sequential:
    """The same model made of torch's own layers."""
    shapes = list(job_shapes(job).values())
    layers: list[nn.Module] = []
    for outputs, inputs in shapes[::2]:
        layers += [nn.Linear(inputs, outputs), nn.Tanh() if job.model.activation == "tanh" else nn.ReLU()]
    twin = nn.Sequential(*layers[:-1])
    flat = torch.from_numpy(read_weights(weights, job_shapes(job)).astype(np.float32))
    nn.utils.vector_to_parameters(flat, twin.parameters())
    return twin


def twin_loss(job: Job, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    if job.loss == "squared":
        return functional.mse_loss(outputs[:, 0], labels, reduction="sum") / 2
    return functional.cross_entropy(outputs, labels, reduction="sum")


def looped_gradients(job: Job, weights: bytes, frame: ColumnFrame) -> NDArray[np.float64]:
    """Row gradients (rows, d) one backward pass at a time."""
    twin = torch_twin(job, weights)
    batch = encode_rows(job, frame).batch(np.arange(frame.rows), frame.rows)
    gradients = []
    for row in range(frame.rows):
        twin.zero_grad()
        twin_loss(job, twin(batch.inputs[row : row + 1]), batch.labels[row : row + 1]).backward()
        gradients.append(torch.cat([parameter.grad.flatten() for parameter in twin.parameters()]).numpy())
    return np.array(gradients, dtype=np.float64)


def clipped(gradients: NDArray[np.float64], clip_norm: float) -> NDArray[np.float64]:
    norms = np.linalg.norm(gradients, axis=1, keepdims=True)
    return gradients * np.minimum(1, clip_norm / np.maximum(norms, 1e-300))


def summed(job: Job, weights: bytes, frame: ColumnFrame) -> NDArray[np.float64]:
    """The engine's own sum of bounded gradients of the whole frame."""
    return listened(job, frame, weights=weights)[0].totals[0]


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("rows_each", [1, 5])
@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_the_sum_is_that_of_plain_autograd(job: Job, rows_each: int, reduction: Any) -> None:
    """Row by row, reduced per unit, clipped over all parameters, summed."""
    job = replace(job, unit_reduction=reduction)
    weights, frame = weights_of(job, scale=0.5), random_frame(job, 30, rows_each=rows_each, seed=3)
    rows = looped_gradients(job, weights, frame).reshape(30, rows_each, -1)
    units = rows.sum(axis=1) if reduction == "sum" else rows.mean(axis=1)
    expected = clipped(units, job.clip_norm).sum(axis=0)
    assert np.allclose(expected, summed(job, weights, frame), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["logistic", "three classes", "mlp tanh", "mlp relu"])
def test_the_sum_is_that_of_opacus(name: str) -> None:
    """Per-sample gradients by an independent library, clipped and summed as its optimizer does."""
    job = JOBS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a library that is an oracle here and nothing more
        from opacus.grad_sample import GradSampleModule

        weights, frame = weights_of(job, scale=0.5), random_frame(job, 40, seed=4)
        twin = GradSampleModule(torch_twin(job, weights), loss_reduction="sum")
        batch = encode_rows(job, frame).batch(np.arange(40), 40)
        twin_loss(job, twin(batch.inputs), batch.labels).backward()
        rows = torch.cat([each.grad_sample.flatten(start_dim=1) for each in twin.parameters()], dim=1)
    norms = rows.norm(2, dim=1)
    expected = torch.einsum("r,rd->d", (job.clip_norm / (norms + 1e-6)).clamp(max=1.0), rows)
    assert norms.max() > job.clip_norm
    assert np.allclose(expected.numpy(), summed(job, weights, frame), rtol=1e-4, atol=1e-5)


def test_a_row_without_a_label_teaches_nothing() -> None:
    """Its unit has the same gradient as without the row, when gradients are summed."""
    inputs = np.random.default_rng(0).normal(size=(WIDTH, 3))
    with_null = frame_of(LOGISTIC, [0, 0, 1], inputs, [1, -1, 0])
    without = frame_of(LOGISTIC, [0, 1], inputs[:, [0, 2]], [1, 0])
    weights = weights_of(LOGISTIC, scale=0.5)
    assert np.array_equal(summed(LOGISTIC, weights, with_null), summed(LOGISTIC, weights, without))


def test_losses_are_the_ones_of_the_books() -> None:
    """Half the squared error; the negative log of the softmax at the label."""
    squared = row_losses("squared", torch.tensor([[3.0], [1.0]]), torch.tensor([1.0, 1.0]))
    assert squared.tolist() == [2.0, 0.0]
    entropy = row_losses("cross_entropy", torch.tensor([[0.0, math.log(3)]]), torch.tensor([1]))
    assert entropy.tolist() == [pytest.approx(-math.log(0.75))]


def test_an_mlp_has_its_activation_between_layers_only() -> None:
    """2 tanh(3 x) and 2 relu(3 x), with no activation after the last layer."""
    parameters = {
        "layers.0.weight": torch.tensor([[3.0]]),
        "layers.0.bias": torch.zeros(1),
        "layers.1.weight": torch.tensor([[2.0]]),
        "layers.1.bias": torch.zeros(1),
    }
    inputs = torch.tensor([[-1.0], [0.5]])
    for activation, function in (("tanh", torch.tanh), ("relu", torch.relu)):
        model = ModelSpec(kind="mlp", hidden=(1,), activation=activation)
        assert torch.equal(2 * function(3 * inputs), forward(model, parameters, inputs))


def test_flat_parameters_keep_their_order() -> None:
    """Reading weights and unfolding them again gives the same tensors."""
    job = mlp(THREE, 4)
    weights = weights_of(job, scale=1.0)
    back = unflatten(read_weights(weights, job_shapes(job)), job_shapes(job))
    assert all(np.array_equal(tensor, back[name].numpy()) for name, tensor in load(weights).items())


GOOD = load(weights_of(LOGISTIC, scale=1.0))


@pytest.mark.parametrize(
    ("rule", "data"),
    [
        ("not safetensors", b"junk"),
        ("too long", bytes(5 << 20)),
        ("shapes", save({"weight": GOOD["weight"]})),
        ("shapes", save({**GOOD, "more": GOOD["bias"]})),
        ("shapes", save({**GOOD, "bias": GOOD["bias"][:1]})),
        ("float32", save({**GOOD, "bias": GOOD["bias"].astype(np.float64)})),
        ("finite", save({**GOOD, "bias": np.array([0, np.nan], np.float32)})),
    ],
    ids=["junk", "long", "one missing", "one too many", "wrong shape", "wrong type", "not finite"],
)
def test_weights_that_do_not_fit_are_refused(rule: str, data: bytes) -> None:
    """Exactly the named float32 tensors, finite; anything else stops the rehearsal."""
    with pytest.raises(ProtocolError, match=rule):
        engine.rehearse(LOGISTIC, data)


# what only the owner sees -------------------------------------------------------------------------------


def scores_of(job: Job, frame: ColumnFrame, weights: bytes) -> dict[str, Any]:
    """The private part after one look at the start and the end."""
    theta = read_weights(weights, job_shapes(job))
    view = OwnerView(job, encode_rows(job, frame))
    view.look(0, theta)
    facts: dict[str, Any] = json.loads(view.to_json(theta))
    assert [{"step": 0, **facts["final"]}] == facts["curve"]
    return facts


def test_scores_of_classes_are_mean_loss_and_accuracy() -> None:
    """Over all rows with a known label, more than one evaluation block of them."""
    weights, frame = weights_of(LOGISTIC, scale=0.5), random_frame(LOGISTIC, 2500)
    batch = encode_rows(LOGISTIC, frame).batch(np.arange(2500), 2500)
    outputs = torch_twin(LOGISTIC, weights)(batch.inputs)
    facts = scores_of(LOGISTIC, frame, weights)
    assert facts["rows"] == 2500
    assert functional.cross_entropy(outputs, batch.labels).item() == pytest.approx(facts["final"]["loss"])
    assert (outputs.argmax(1) == batch.labels).float().mean().item() == pytest.approx(
        facts["final"]["accuracy"]
    )


def test_scores_of_numbers_are_in_the_owners_units() -> None:
    """With zero weights the prediction is the centre, 1; labels 3 and -1 and a null give an error of 2."""
    frame = frame_of(LINEAR, range(3), np.zeros((WIDTH, 3)), [3.0, -1.0, np.nan])
    facts = scores_of(LINEAR, frame, weights_of(LINEAR))
    assert {key: facts[key] for key in ("v", "rows", "final")} == {
        "v": 1,
        "rows": 2,
        "final": {"loss": 0.5, "rmse": 2.0},
    }


def test_scores_that_do_not_exist_are_null() -> None:
    """No rows, or a loss that overflows: null, and no failure that would tell anyone."""
    empty = frame_of(LINEAR, [], [[]] * WIDTH, [])
    assert scores_of(LINEAR, empty, weights_of(LINEAR))["final"] == {"loss": None, "rmse": None}
    wild = replace(LINEAR, features=tuple(replace(each, clip=1e38) for each in LINEAR.features))
    frame = random_frame(wild, 5, spread=1e38)
    assert scores_of(wild, frame, weights_of(wild, scale=1e3))["final"] == {"loss": None, "rmse": None}
    huge = replace(LINEAR, label=replace(LINEAR.label, scale=1e299, clip=1e15))
    frame = frame_of(huge, [0], np.zeros((WIDTH, 1)), [1e300])
    assert scores_of(huge, frame, weights_of(huge))["final"]["rmse"] is not None


@pytest.mark.parametrize(("steps", "count"), [(1, 2), (2, 3), (39, 40), (40, 40), (150, 40), (10_000, 40)])
def test_the_curve_has_at_most_forty_points_with_both_ends(steps: int, count: int) -> None:
    """Evenly spaced steps from 0 to the last."""
    points = sorted(curve_steps(steps))
    assert (count, 0, steps) == (len(points), points[0], points[-1])
    assert np.ptp(np.diff(points)) <= 1


def test_the_curve_follows_the_noised_model() -> None:
    """Its last point is the score of the weights after the last step, as the update gives them."""
    job = replace(LOGISTIC, steps=3)
    _, private = engine.train(job, weights_of(job), random_frame(job, 30), progress=ignore)
    facts = json.loads(private)
    assert [point["step"] for point in facts["curve"]] == [0, 1, 2, 3]
    assert facts["final"]["loss"] == pytest.approx(facts["curve"][-1]["loss"], abs=1e-5)
    assert facts["curve"][0]["loss"] == pytest.approx(math.log(2))
