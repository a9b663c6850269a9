"""Models of maps, for images and series: what a manifest may ask, and that all who compute one agree."""

from __future__ import annotations

import csv
import json
import math
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from requests_samples import NOW, NUMBER_LABEL, document, manifest

from learner.data import encode_rows
from learner.models.network import network_of
from learner.protocol import ColumnFrame
from vault.errors.release import NotOurModel
from vault.errors.requests import ManifestInvalid
from vault.requester import recipe, trained
from vault.requester.aim import Aim
from vault.requester.description import parse_description
from vault.requester.draft import outlined_job
from vault.requester.onnx_check import checked_model
from vault.requester.onnx_model import CHANCES, onnx_bytes
from vault.requester.prediction import predict
from vault.requester.trained import TrainedModel, chances
from vault.requests.canonical import canonical
from vault.requests.manifest import Manifest
from vault.requests.models import CnnModel
from vault.requests.shapes import shapes
from vault.requests.translate import learner_job
from vault.requests.weights import write_tensors
from vault.requests.words import model_words

PIXELS = {
    "name": "pixels",
    "role": "feature",
    "necessity": "required",
    "transform": {"kind": "vector", "size": 48, "center": 8, "scale": 4, "clip": 2, "fill": 0},
}
FIELDS = [document()["fields"][0], PIXELS]
CNN = {
    "kind": "cnn",
    "height": 8,
    "width": 6,
    "channels": 1,
    "filters": [5, 3],
    "kernel": 3,
    "pool": 2,
    "activation": "relu",
    "weights": "0" * 64,
}
SERIES = {key: value for key, value in CNN.items() if key not in ("height", "width")}
SERIES |= {"kind": "series", "length": 16, "channels": 3, "kernel": 5, "activation": "tanh"}
KINDS: dict[str, dict[str, Any]] = {
    "cnn": {"model": CNN, "fields": FIELDS},
    "cnn of outlines": {"model": CNN | {"outlines": 8, "filters": []}, "fields": FIELDS},
    "cnn behind outlines": {"model": CNN | {"outlines": 4, "filters": [12]}, "fields": FIELDS},
    "series": {
        "model": SERIES,
        "loss": "squared",
        "fields": [{**FIELDS[0], "transform": {**NUMBER_LABEL, "scale": 3}}, PIXELS],
    },
}


def model_of(kind: str) -> TrainedModel:
    """A model with random weights."""
    asked, draws = manifest(**KINDS[kind]), np.random.default_rng(4)
    weights = {name: draws.normal(size=size).astype(np.float32) for name, size in shapes(asked).items()}
    return TrainedModel.of(asked, write_tensors(weights))


def random_rows(rows: int = 60) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Vectors within and far outside of the clip, with missing numbers."""
    found = np.random.default_rng(7).normal(8, 8, (rows, 48)).round(3)
    found[::7, 5] = math.nan
    return found


def by_the_engine(model: TrainedModel, vectors: Any) -> Any:
    asked = model.manifest
    job = learner_job(asked, frozenset(field.name for field in asked.fields))
    label = np.zeros(len(vectors), np.int32 if job.label.kind == "classes" else np.float64)
    frame = ColumnFrame.encode(
        job,
        unit=np.arange(len(vectors), dtype=np.int32).data,
        features=[np.ascontiguousarray(column).data for column in vectors.T],
        label=label.data,
    )
    rows = encode_rows(job, ColumnFrame.decode(job, frame))
    theta = np.concatenate([model.tensors[name].ravel() for name in shapes(asked)]).astype(np.float64)
    return network_of(job, rows, 64).outputs_at(theta)(np.arange(len(vectors))).T


@pytest.mark.parametrize("kind", KINDS)
def test_all_who_compute_a_model_of_maps_agree(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The learner, the weights outside, the ONNX file, and both ways to predict for a file."""
    model, vectors = model_of(kind), random_rows()
    cells = [json.dumps([None if math.isnan(one) else one for one in row]) for row in vectors.tolist()]
    cells = [cell if "null" not in cell else "" for cell in cells]
    vectors[np.isnan(vectors).any(axis=1)] = math.nan
    ours = model.outputs(model.inputs({"pixels": cells}))
    assert np.allclose(ours, by_the_engine(model, vectors), rtol=1e-4, atol=1e-5)

    (tmp_path / "model.onnx").write_bytes(onnx_bytes(model))
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    found = dict(
        zip(
            [each.name for each in session.get_outputs()], session.run(None, {"pixels": vectors}), strict=True
        )
    )
    if kind.startswith("cnn"):
        assert np.allclose(found[CHANCES], chances(ours), atol=1e-12)
        assert len(set(model.classes(ours))) > 1
    else:
        assert np.allclose(found["good_night"], model.numbers(ours), rtol=1e-12)

    with (tmp_path / "rows.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["pixels"], *([cell] for cell in cells)])
    (tmp_path / "manifest.json").write_bytes(canonical(document(**KINDS[kind])))
    (tmp_path / "model.safetensors").write_bytes(write_tensors(model.tensors))
    monkeypatch.setattr(trained, "ROOM", 1000)  # a few rows at once
    by_graph = predict(tmp_path / "model.onnx", tmp_path / "rows.csv")
    assert predict(tmp_path / "model.safetensors", tmp_path / "rows.csv", tmp_path) == by_graph
    assert len(by_graph.rows) == len(cells)
    (tmp_path / "rows.csv").write_text("pixels\n")
    for found_rows in (
        predict(tmp_path / "model.onnx", tmp_path / "rows.csv"),
        predict(tmp_path / "model.safetensors", tmp_path / "rows.csv", tmp_path),
    ):
        assert found_rows.rows == ()


def test_a_model_of_maps_says_what_it_takes_in() -> None:
    asked = manifest(**KINDS["cnn"])
    assert model_words(asked.model) == "a small network for images of 8 by 6 pixels, filters 5 and 3 (relu)"
    assert shapes(asked) == {
        "convolutions.0.weight": (5, 9),
        "convolutions.0.bias": (5,),
        "convolutions.1.weight": (3, 45),
        "convolutions.1.bias": (3,),
        "linear.weight": (2, 6),
        "linear.bias": (2,),
    }
    asked = manifest(**KINDS["cnn behind outlines"])
    outlines = "a small network for images of 8 by 6 pixels, fixed filters for outlines in 4 directions"
    assert model_words(asked.model) == f"{outlines}, filters 12 (relu)"
    assert shapes(asked)["convolutions.0.weight"] == (12, 36)
    series = manifest(**KINDS["series"])
    assert model_words(series.model) == "a small network for series of 16 moments, filters 5 and 3 (tanh)"
    assert shapes(series)["convolutions.0.weight"] == (5, 15)
    assert recipe.clip_norm(series) == 1.0
    assert (recipe.steps("cnn"), recipe.optimizer("series")) == (300, ("adam", "linear"))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"model__height": 7}, "one vector of 42 numbers .7 by 6, 1 each"),
        ({"fields": document()["fields"]}, "one vector of 48 numbers .8 by 6, 1 each"),
        ({"model__kernel": 4}, r"model.* is even, and a kernel has a middle"),
        ({"model__pool": 4}, "a map with no place left in it"),
        ({"model__filters": []}, "has no filters"),
        ({"model__outlines": 5}, "outlines is not 4, 8 or 16"),
        ({"model__outlines": 0}, "outlines is not 4, 8 or 16"),
        ({"model__outlines": 8, "model__filters": [], "model__groups": 1}, "no filters that they could norm"),
        ({"model__filters": [65]}, "is more than 64"),
        ({"model__filters": [64, 64], "model__kernel": 7, "model__pool": 1}, "patches of more than 131,072"),
        ({"job": {"kind": "gradient_sum"}, "optimizer": {"kind": "none"}}, "neither linear nor logistic"),
    ],
)
def test_maps_that_do_not_fit_are_refused_with_a_sentence(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(ManifestInvalid, match=rule):
        manifest(**{**deepcopy(KINDS["cnn"]), **changes})


def _other_shape(model: Any) -> None:
    shape = next(each for each in model.graph.initializer if each.name == "_shape_0")
    shape.raw_data = np.array([-1, 1], np.int64).tobytes()


def _other_padding(model: Any) -> None:
    behind = next(each for each in model.graph.initializer if each.name == "_behind_0")
    behind.raw_data = np.array([0, 0, 0, 1 << 40], np.int64).tobytes()


def _other_axis(model: Any) -> None:
    node = next(each for each in model.graph.node if each.op_type == "Gather")
    node.attribute[0].i = 0


def _again_and_again(model: Any) -> None:
    """The same product with a large kernel, many times."""
    wide = onnx.numpy_helper.from_array(np.ones((9, 20_000), np.float64), "wide")
    model.graph.initializer.append(wide)
    for place in range(70):
        node = onnx.helper.make_node("MatMul", ["_patches_0", "wide"], [f"made{place}"])
        model.graph.node.append(node)


@pytest.mark.parametrize("change", [_other_shape, _other_padding, _other_axis, _again_and_again])
def test_a_file_that_moves_numbers_another_way_is_none_of_ours(change: Any) -> None:
    model = onnx.ModelProto.FromString(onnx_bytes(model_of("cnn")))
    checked_model(model.SerializeToString(), "model.onnx")
    change(model)
    with pytest.raises(NotOurModel):
        checked_model(model.SerializeToString(), "model.onnx")


def test_a_model_of_outlines_alone_is_taught_as_an_affine_one() -> None:
    """It begins at nothing, by steps of SGD, and loses as little; with filters behind them it is a network."""
    alone, behind = manifest(**KINDS["cnn of outlines"]), manifest(**KINDS["cnn behind outlines"])
    assert (recipe.taught_as(alone.model), recipe.taught_as(behind.model)) == ("logistic", "cnn")
    assert recipe.pace_of(alone) == recipe.PACES["cross_entropy"]
    assert shapes(alone) == {"linear.weight": (2, 96), "linear.bias": (2,)}


def test_a_description_of_outlines_needs_no_more() -> None:
    image = {"kind": "cnn", "height": 8, "width": 6}
    alone, without = outline_of(model={**image, "outlines": 8}), outline_of(model=image)
    assert isinstance(alone.model, CnnModel)
    assert (alone.model.filters, alone.model.pool, alone.optimizer.kind) == ((), 3, "sgd")
    assert (alone.dp.steps, without.dp.steps) == (recipe.STEPS, recipe.MAP_STEPS)
    assert isinstance(without.model, CnnModel)
    assert (without.model.filters, without.model.pool, without.optimizer.kind) == ((16,), 2, "adam")


def outline_of(model: dict[str, Any]) -> Manifest:
    """What the recipe makes of a description with this model."""
    description = parse_description(
        {
            "collection": "digits",
            "unit": "record",
            "retention": "none",
            "requester": {"name": "Sleep lab", "contact": "lab@example.org"},
            "purpose": {"dpv": "AcademicResearch", "text": "Can it read?"},
            "model": model,
            "training": {"units_guess": 5000},
            "fields": [{key: value for key, value in one.items() if key != "necessity"} for one in FIELDS],
        }
    )
    return outlined_job(description, aim=Aim(most=Decimal(1)), now=NOW)[1]
