"""Transformers over texts, and norms in maps: what a manifest may ask, and that all who compute one agree."""

from __future__ import annotations

import csv
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from requests_samples import NUMBER_LABEL, document, manifest

from learner.data import encode_rows
from learner.models.network import network_of
from learner.protocol import ColumnFrame
from tests.sweeps import sweep
from vault.errors.release import NotOurModel
from vault.errors.requests import ManifestInvalid
from vault.requester import recipe, trained
from vault.requester.draft import _heads
from vault.requester.forecast import forecast
from vault.requester.onnx_check import checked_model
from vault.requester.onnx_model import CHANCES, onnx_bytes
from vault.requester.prediction import predict
from vault.requester.trained import TrainedModel, bytes_in, chances
from vault.requests.canonical import canonical, dump
from vault.requests.shapes import dimension, shapes
from vault.requests.translate import learner_job
from vault.requests.weights import write_tensors
from vault.requests.words import model_words
from vault.training.columns import project_cells

WORDS: dict[str, Any] = {
    "name": "words",
    "role": "feature",
    "necessity": "required",
    "transform": {"kind": "bytes", "length": 12, "fill": None},
}
VECTOR: dict[str, Any] = {
    **WORDS,
    "transform": {"kind": "vector", "size": 24, "center": 1, "scale": 2, "clip": 3, "fill": 0},
}
LABEL = document()["fields"][0]
ATTENTION = {
    "kind": "transformer",
    "length": 12,
    "embedding": 6,
    "heads": 3,
    "hidden": [5, 9],
    "activation": "relu",
    "weights": "0" * 64,
}
MAPS = {"filters": [4, 6], "activation": "tanh", "groups": 2, "weights": "0" * 64, "pool": 2, "kernel": 3}
KINDS: dict[str, dict[str, Any]] = {
    "attention": {"model": ATTENTION, "fields": [LABEL, WORDS]},
    "a normed image": {
        "model": {"kind": "cnn", "height": 4, "width": 6, "channels": 1, **MAPS},
        "fields": [LABEL, VECTOR],
    },
    "a number": {
        "model": {**ATTENTION, "heads": 1, "hidden": [7], "activation": "tanh"},
        "loss": "squared",
        "fields": [{**LABEL, "transform": {**NUMBER_LABEL, "scale": 3}}, WORDS],
    },
    "a normed series": {
        "model": {"kind": "series", "length": 8, "channels": 3, **MAPS, "filters": [5], "groups": 1},
        "fields": [LABEL, VECTOR],
    },
}
DRAWS = np.random.default_rng(3)
CELLS = {
    "bytes": [
        *("spam and ham", "short", "a text that is too long", "ünïcödé", "日本語", "5", "NA", "\0", "Yes!")
    ]
    * 6,
    "vector": [str(each.tolist()) for each in DRAWS.normal(size=(54, 24)) * 3],
}


def model_of(kind: str) -> TrainedModel:
    """A model with random weights."""
    asked, draws = manifest(**KINDS[kind]), np.random.default_rng(4)
    weights = {name: draws.normal(size=size).astype(np.float32) for name, size in shapes(asked).items()}
    return TrainedModel.of(asked, write_tensors(weights))


def cells_of(model: TrainedModel) -> list[str]:
    return CELLS[model.manifest.features[0].transform.kind]


def by_the_vault(model: TrainedModel, cells: list[str]) -> Any:
    """What the learner makes of the cells as the vault hands them over."""
    asked = model.manifest
    job = learner_job(asked, frozenset(field.name for field in asked.fields))
    frame = project_cells({"words": list(cells)}, asked, len(cells), job)
    rows = encode_rows(job, ColumnFrame.decode(job, frame))
    theta = np.concatenate([model.tensors[name].ravel() for name in shapes(asked)]).astype(np.float64)
    return network_of(job, rows, 64).outputs_at(theta)(np.arange(len(cells))).T


@pytest.mark.parametrize("kind", sweep(KINDS, default=2))
def test_all_who_compute_attention_or_norms_agree(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vault, the weights outside, the ONNX file, and both ways to predict for a file."""
    model = model_of(kind)
    cells = cells_of(model)
    ours = model.outputs(model.inputs({"words": list(cells)}))
    assert np.allclose(ours, by_the_vault(model, cells), rtol=1e-4, atol=1e-5)

    (tmp_path / "model.onnx").write_bytes(onnx_bytes(model))
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    taken = (
        bytes_in(cells, 12) if "vector" not in str(model.manifest.features) else trained.vectors_in(cells, 24)
    )
    names = [each.name for each in session.get_outputs()]
    found = dict(zip(names, session.run(None, {"words": taken}), strict=True))
    if model.manifest.loss == "cross_entropy":
        assert np.allclose(found[CHANCES], chances(ours), atol=1e-10)
        assert np.ptp(ours, axis=0).min() > 0.1
    else:
        assert np.allclose(found["good_night"], model.numbers(ours), rtol=1e-10)

    with (tmp_path / "rows.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["words", "place"], *([cell, "1"] for cell in cells)])
    (tmp_path / "manifest.json").write_bytes(canonical(document(**KINDS[kind])))
    (tmp_path / "model.safetensors").write_bytes(write_tensors(model.tensors))
    monkeypatch.setattr(trained, "ROOM", 5000)  # a few rows at once
    by_graph = predict(tmp_path / "model.onnx", tmp_path / "rows.csv")
    by_weights = predict(tmp_path / "model.safetensors", tmp_path / "rows.csv", tmp_path)
    assert by_weights == by_graph
    assert len(by_graph.rows) == len(cells)


def test_a_transformer_says_what_it_takes_in() -> None:
    asked = manifest(**KINDS["attention"])
    assert (
        model_words(asked.model)
        == "a small transformer for texts of 12 bytes, attention in 3 heads, hidden 5 and 9 (relu)"
    )
    assert "one head, hidden 7" in model_words(manifest(**KINDS["a number"]).model)
    assert (
        dimension(asked) == 256 * 6 + 2 * (2 * 12 + 18 * 7 + 6 * 7 + 6) + 14 * (6 + 6) + 5 + 9 + 12 + 14 - 0
    )
    assert (recipe.steps("transformer"), recipe.optimizer("transformer")) == (300, ("adam", "linear"))
    assert recipe.input_length(asked) == 2.0
    expected = forecast(asked, epsilon=Decimal(3), delta=Decimal("0.000001"), units_guess=4_000).expected
    assert [each.units for each in expected] == [400, 4_000, 40_000]


def test_norms_are_said_and_a_manifest_without_them_is_written_as_before() -> None:
    normed = manifest(**KINDS["a normed image"])
    assert model_words(normed.model).endswith("filters 4 and 6 (tanh), normed in 2 groups")
    assert model_words(manifest(**KINDS["a normed series"]).model).endswith(", normed together")
    assert b'"groups":2' in dump(normed)
    plain = deepcopy(KINDS["a normed image"])
    del plain["model"]["groups"]
    assert b"groups" not in dump(manifest(**plain))


@pytest.mark.parametrize(
    ("kind", "changes", "rule"),
    [
        ("attention", {"model__length": 13}, "one text of 13 bytes, and not what its features are"),
        ("attention", {"fields": document()["fields"]}, "one text of 12 bytes"),
        ("attention", {"model__heads": 4}, "share the numbers of a byte"),
        ("attention", {"model__heads": 9}, "is more than 8"),
        ("attention", {"model__hidden": []}, "has fewer than 1 entries"),
        ("attention", {"model__hidden": [8] * 4}, "has more than 3 entries"),
        ("attention", {"model__embedding": 65}, "is more than 64"),
        ("attention", {"model__kernel": 3}, "has a key that is not in the format"),
        (
            "attention",
            {"fields__1__transform__length": 257, "model__length": 257, "model__heads": 2},
            "65,536 pairs of bytes",
        ),
        (
            "attention",
            {"job": {"kind": "gradient_sum"}, "optimizer": {"kind": "none"}},
            "neither linear nor logistic",
        ),
        ("a normed image", {"model__groups": 3}, "its groups do not share evenly"),
        ("a normed image", {"model__groups": 0}, "is less than 1"),
    ],
)
def test_attention_and_norms_that_do_not_fit_are_refused_with_a_sentence(
    kind: str, changes: dict[str, Any], rule: str
) -> None:
    with pytest.raises(ManifestInvalid, match=rule):
        manifest(**{**deepcopy(KINDS[kind]), **changes})


@pytest.mark.parametrize(("length", "heads"), [(181, 2), (182, 1), (256, 1)])
def test_as_many_heads_are_proposed_as_a_text_of_that_length_has_room_for(length: int, heads: int) -> None:
    """A card gives 200 bytes, and what is left out of a description always fits."""
    assert _heads(length) == heads
    manifest(
        fields=[LABEL, {**WORDS, "transform": {"kind": "bytes", "length": length, "fill": "x"}}],
        model={**ATTENTION, "length": length, "heads": heads},
    )


@pytest.mark.slow
@pytest.mark.parametrize(("length", "heads"), [(256, 1), (90, 8)])
def test_the_largest_transformers_can_be_written_and_read_in_onnx(length: int, heads: int) -> None:
    asked = manifest(
        fields=[LABEL, {**WORDS, "transform": {"kind": "bytes", "length": length, "fill": "x"}}],
        model={**ATTENTION, "length": length, "embedding": 64, "heads": heads, "hidden": [256] * 3},
    )
    weights = {name: np.ones(size, np.float32) for name, size in shapes(asked).items()}
    checked_model(onnx_bytes(TrainedModel.of(asked, write_tensors(weights))), "model.onnx")


def _by_rows(model: Any) -> None:
    node = next(each for each in model.graph.node if each.op_type == "Softmax" and each.output[0] != CHANCES)
    node.attribute[0].i = 0


def _rows_turned(model: Any) -> None:
    node = next(each for each in model.graph.node if each.op_type == "Transpose")
    node.attribute[0].ints[:] = [2, 1, 0]


def _another_mean(model: Any) -> None:
    node = next(each for each in model.graph.node if each.output[0] == "_last_norm_mean")
    next(each for each in node.attribute if each.name == "axes").ints[0] = 0


def _another_partner(model: Any) -> None:
    node = next(each for each in model.graph.node if each.output[0].endswith("_fits"))
    node.input[1] = "_inputs"


@pytest.mark.parametrize("change", [_by_rows, _rows_turned, _another_mean, _another_partner])
def test_a_file_that_attends_in_another_way_is_none_of_ours(change: Any) -> None:
    model = onnx.ModelProto.FromString(onnx_bytes(model_of("attention")))
    checked_model(model.SerializeToString(), "model.onnx")
    change(model)
    with pytest.raises(NotOurModel):
        checked_model(model.SerializeToString(), "model.onnx")
