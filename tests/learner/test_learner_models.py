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
from vmap_oracle import bounded_gradients, inputs_and_labels

from learner import engine
from learner.data import encode_rows
from learner.models import precision
from learner.models.losses import residuals, row_losses
from learner.models.network import network_of
from learner.models.scores import OwnerView, curve_steps
from learner.models.weights import read_weights
from learner.protocol import ColumnFrame, Job, ProtocolError, job_shapes
from tests.sweeps import sweep_of_many

THREE = replace(LOGISTIC, label=replace(LOGISTIC.label, classes=3), grid=21)
JOBS = {
    "linear": LINEAR,
    "logistic": LOGISTIC,
    "three classes": THREE,
    "mlp tanh": mlp(THREE, 7, 5),
    "mlp relu": mlp(THREE, 16, activation="relu"),
    "mlp of numbers": mlp(LINEAR, 6),
    "mlp without hidden layers": mlp(LOGISTIC),
    "large mlp": mlp(THREE, 40, 40),
}


@pytest.fixture
def in_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let models of several layers compute their rows as exactly as the oracles do."""
    monkeypatch.setattr(precision, "PRECISION", torch.float64)


def torch_twin(job: Job, weights: bytes) -> nn.Sequential:
    """The same model made of torch's own layers."""
    shapes = list(job_shapes(job).values())
    layers: list[nn.Module] = []
    for outputs, inputs in shapes[::2]:
        layers += [nn.Linear(inputs, outputs), nn.Tanh() if job.model.activation == "tanh" else nn.ReLU()]
    twin = nn.Sequential(*layers[:-1]).double()
    flat = torch.from_numpy(read_weights(weights, job_shapes(job)))
    nn.utils.vector_to_parameters(flat, twin.parameters())
    return twin


def twin_loss(job: Job, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    if job.loss == "squared":
        return functional.mse_loss(outputs[:, 0], labels.double(), reduction="sum") / 2
    return functional.cross_entropy(outputs, labels, reduction="sum")


def tensors(job: Job, frame: ColumnFrame) -> tuple[torch.Tensor, torch.Tensor]:
    """All inputs and labels."""
    inputs, labels, _ = inputs_and_labels(job, frame)
    return torch.from_numpy(inputs), torch.from_numpy(labels)


def looped_gradients(job: Job, weights: bytes, frame: ColumnFrame) -> NDArray[np.float64]:
    """Row gradients (rows, d) one backward pass at a time."""
    twin = torch_twin(job, weights)
    inputs, labels = tensors(job, frame)
    gradients = []
    for row in range(frame.rows):
        twin.zero_grad()
        twin_loss(job, twin(inputs[row : row + 1]), labels[row : row + 1]).backward()
        gradients.append(torch.cat([parameter.grad.flatten() for parameter in twin.parameters()]).numpy())
    return np.array(gradients)


def clipped(gradients: NDArray[np.float64], clip_norm: float) -> NDArray[np.float64]:
    norms = np.linalg.norm(gradients, axis=1, keepdims=True)
    return gradients * np.minimum(1, clip_norm / np.maximum(norms, 1e-300))


def summed(job: Job, weights: bytes, frame: ColumnFrame) -> NDArray[np.float64]:
    """The engine's own sum of bounded gradients of the whole frame."""
    return listened(job, frame, weights=weights)[0].totals[0]


@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize(
    ("rows_each", "reduction"), sweep_of_many([(5, "mean"), (5, "sum"), (1, "sum"), (1, "mean")], default=3)
)
@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_the_sum_is_that_of_plain_autograd(job: Job, rows_each: int, reduction: Any) -> None:
    """Row by row, reduced per unit, clipped over all parameters, summed."""
    job = replace(job, unit_reduction=reduction)
    weights, frame = weights_of(job, scale=0.5), random_frame(job, 30, rows_each=rows_each, seed=3)
    rows = looped_gradients(job, weights, frame).reshape(30, rows_each, -1)
    units = rows.sum(axis=1) if reduction == "sum" else rows.mean(axis=1)
    expected = clipped(units, job.clip_norm).sum(axis=0)
    assert np.allclose(expected, summed(job, weights, frame), rtol=3e-7, atol=1e-9)


@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize(
    ("most_rows", "rows_each"), [(1, 1), (8, 1), (8, 7), (8, 11), (1000, 200), (1000, 600)]
)
@pytest.mark.parametrize("name", ["three classes", "linear", "mlp relu", "large mlp"])
def test_the_sum_is_that_of_vmap(name: str, most_rows: int, rows_each: int, reduction: Any) -> None:
    """For every way to a unit's norm: rows, gradients formed, pairs of rows, long units; off by what is shortened."""
    job = replace(JOBS[name], unit_reduction=reduction, max_rows_per_unit=most_rows)
    weights, frame = weights_of(job, scale=0.3), random_frame(job, 5, rows_each=rows_each, seed=3)
    expected = bounded_gradients(job, weights, frame).sum(axis=0) * (1 - 2.0**-22)
    assert expected.any()
    assert np.allclose(expected, summed(job, weights, frame), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("rows_each", [1, 7, 600])
@pytest.mark.parametrize("name", ["mlp tanh", "mlp relu", "large mlp"])
def test_rows_in_float32_sum_to_the_same_up_to_their_rounding(name: str, rows_each: int) -> None:
    """As the engine runs: off from the exact sum by float32 roundings of a row, not of the sum."""
    job = replace(JOBS[name], max_rows_per_unit=rows_each)
    weights, frame = weights_of(job, scale=0.3), random_frame(job, 5, rows_each=rows_each, seed=3)
    expected = bounded_gradients(job, weights, frame).sum(axis=0)
    assert np.allclose(expected, summed(job, weights, frame), rtol=1e-4, atol=1e-5 * job.clip_norm)


@pytest.mark.parametrize("name", ["logistic", "three classes", "mlp tanh", "mlp relu"])
def test_the_sum_is_that_of_opacus(name: str) -> None:
    """Per-sample gradients by an independent library, clipped and summed as its optimizer does."""
    job = JOBS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a library that is an oracle here and nothing more
        from opacus.grad_sample import GradSampleModule

        weights, frame = weights_of(job, scale=0.5), random_frame(job, 40, seed=4)
        twin = GradSampleModule(torch_twin(job, weights), loss_reduction="sum")
        inputs, labels = tensors(job, frame)
        twin_loss(job, twin(inputs), labels).backward()
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
    squared = row_losses("squared", np.array([[3.0, 1.0]]), np.array([1.0, 1.0]))
    assert squared.tolist() == [2.0, 0.0]
    entropy = row_losses("cross_entropy", np.array([[0.0], [math.log(3)]]), np.array([1]))
    assert entropy.tolist() == [pytest.approx(-math.log(0.75))]


def test_a_residual_is_the_slope_of_its_loss() -> None:
    """By finite differences, for every output; zero where the label is unknown."""
    rng = np.random.default_rng(0)
    for loss, outputs, labels in (
        ("squared", rng.normal(size=(1, 4)), rng.normal(size=4)),
        ("cross_entropy", rng.normal(size=(3, 4)), np.array([0, 2, 1, 1])),
    ):
        known = np.array([True, True, False, True])
        found = residuals(loss, outputs, labels, known)
        for output in range(len(outputs)):
            moved = outputs.copy()
            moved[output] += 1e-6
            slope = (row_losses(loss, moved, labels) - row_losses(loss, outputs, labels)) / 1e-6
            assert np.allclose(np.where(known, slope, 0.0), found[output], atol=1e-5)


@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_outputs_are_those_of_torch(job: Job) -> None:
    """Up to a number that all scores of a row may be moved by, since only their differences count."""
    weights, frame = weights_of(job, scale=0.5), random_frame(job, 30)
    network = network_of(job, encode_rows(job, frame), 64)
    found = network.outputs_at(read_weights(weights, job_shapes(job)))(np.arange(30))
    expected = torch_twin(job, weights)(tensors(job, frame)[0]).detach().numpy().T
    if job.loss == "cross_entropy":
        found, expected = found - found[0], expected - expected[0]
    assert np.allclose(expected, found, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["mlp tanh", "mlp relu"])
def test_an_mlp_has_its_activation_between_layers_only(name: str) -> None:
    """2 tanh(3 x) and 2 relu(3 x), with no activation after the last layer."""
    job = replace(
        mlp(LINEAR, 1, activation=JOBS[name].model.activation), features=LINEAR.features[:1], grid=20
    )
    weights = save(
        {
            "layers.0.weight": np.array([[3.0]], np.float32),
            "layers.0.bias": np.zeros(1, np.float32),
            "layers.1.weight": np.array([[2.0]], np.float32),
            "layers.1.bias": np.zeros(1, np.float32),
        }
    )
    frame = frame_of(job, range(2), [[-1.0, 0.5]], [0.0, 0.0])
    network = network_of(job, encode_rows(job, frame), 8)
    found = network.outputs_at(read_weights(weights, job_shapes(job)))(np.arange(2))[0]
    function = np.tanh if "tanh" in name else lambda values: np.maximum(values, 0.0)
    assert found.tolist() == pytest.approx((2 * function(np.array([-3.0, 1.5]))).tolist())


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
    rows = encode_rows(job, frame)
    view = OwnerView(job, rows, network_of(job, rows, 256), 256)
    view.look(0, theta)
    facts: dict[str, Any] = json.loads(view.to_json(theta))
    assert [{"step": 0, **facts["final"]}] == facts["curve"]
    return facts


def test_scores_of_classes_are_mean_loss_and_accuracy() -> None:
    """Over all rows with a known label, more than one block of them."""
    weights, frame = weights_of(LOGISTIC, scale=0.5), random_frame(LOGISTIC, 1000)
    inputs, labels = tensors(LOGISTIC, frame)
    outputs = torch_twin(LOGISTIC, weights)(inputs)
    facts = scores_of(LOGISTIC, frame, weights)
    assert facts["rows"] == 1000
    assert functional.cross_entropy(outputs, labels).item() == pytest.approx(facts["final"]["loss"])
    assert (outputs.argmax(1) == labels).float().mean().item() == pytest.approx(facts["final"]["accuracy"])


def test_the_base_of_classes_is_the_share_of_the_commonest_and_that_of_numbers_the_error_of_their_mean() -> (
    None
):
    """Over the rows with a known label alone, and none where there is no row."""
    frame = random_frame(LOGISTIC, 1000)
    _, labels = tensors(LOGISTIC, frame)
    facts = scores_of(LOGISTIC, frame, weights_of(LOGISTIC))
    assert facts["base"] == labels.bincount().max().item() / 1000
    frame = random_frame(LINEAR, 300)
    facts = scores_of(LINEAR, frame, weights_of(LINEAR))
    assert facts["base"] == pytest.approx(np.std(np.asarray(frame.label)))
    assert scores_of(LINEAR, random_frame(LINEAR, 0), weights_of(LINEAR))["base"] is None


def test_the_curve_is_over_some_rows_and_the_final_scores_over_all() -> None:
    """1,024 rows, evenly spaced: here those that are right."""
    rows = 3 * 1024 + 2
    inputs = np.zeros((WIDTH, rows))
    shown = np.linspace(0, rows - 1, 1024).astype(int)
    inputs[0, shown] = 1.0
    frame = frame_of(LOGISTIC, range(rows), inputs, np.ones(rows))
    encoded = encode_rows(LOGISTIC, frame)
    view = OwnerView(LOGISTIC, encoded, network_of(LOGISTIC, encoded, 256), 256)
    theta = np.zeros(18)
    theta[8] = 1.0
    view.look(1, theta)
    facts = json.loads(view.to_json(theta))
    assert (facts["rows"], facts["curve"][0]["accuracy"]) == (rows, 1.0)
    assert facts["final"]["accuracy"] == pytest.approx(1024 / rows)


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
    """No rows, or a loss that overflows or is too large to be told: null, and no failure that would tell anyone."""
    empty = frame_of(LINEAR, [], [[]] * WIDTH, [])
    assert scores_of(LINEAR, empty, weights_of(LINEAR))["final"] == {"loss": None, "rmse": None}
    rows = encode_rows(LINEAR, random_frame(LINEAR, 5))
    view = OwnerView(LINEAR, rows, network_of(LINEAR, rows, 256), 256)
    assert json.loads(view.to_json(np.full(9, 1e300)))["final"] == {"loss": None, "rmse": None}
    for scale, is_told in ((1e90, True), (1e299, False)):
        huge = replace(LINEAR, label=replace(LINEAR.label, scale=scale, clip=1e15))
        frame = frame_of(huge, [0], np.zeros((WIDTH, 1)), [10 * scale])
        assert (scores_of(huge, frame, weights_of(huge))["final"]["rmse"] is not None) is is_told


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
