"""Models of texts: what a manifest may ask, how a text is read, and that all who compute one agree."""

from __future__ import annotations

import csv
import json
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests_samples import NUMBER_LABEL, document, first_version, manifest

from learner.data import encode_rows
from learner.models.network import network_of
from learner.protocol import ColumnFrame
from vault.errors.families import Invalid
from vault.errors.release import NotOurModel
from vault.errors.requests import ManifestInvalid
from vault.importers.text_bytes import bytes_of
from vault.importers.values import AS_TYPE
from vault.records.arrow_types import arrow_type
from vault.requester import recipe, trained
from vault.requester.forecast import forecast
from vault.requester.onnx_check import checked_model
from vault.requester.onnx_model import CHANCES, onnx_bytes
from vault.requester.prediction import predict
from vault.requester.trained import TrainedModel, bytes_in, chances
from vault.requests.canonical import canonical
from vault.requests.parse import parse_manifest
from vault.requests.shapes import shapes
from vault.requests.translate import learner_job
from vault.requests.weights import write_tensors
from vault.requests.words import model_words, transform_words
from vault.training.columns import project_cells
from vault.training.readings import byte_codes
from vault.views.field_types import FieldType

WORDS: dict[str, Any] = {
    "name": "words",
    "role": "feature",
    "necessity": "required",
    "transform": {"kind": "bytes", "length": 12, "fill": None},
}
FILLED = {**WORDS, "transform": {"kind": "bytes", "length": 12, "fill": "ganz anders"}}
LABEL = document()["fields"][0]
TEXT = {
    "kind": "text",
    "length": 12,
    "embedding": 3,
    "filters": [5, 4],
    "kernel": 3,
    "activation": "relu",
    "weights": "0" * 64,
}
KINDS: dict[str, dict[str, Any]] = {
    "classes": {"model": TEXT, "fields": [LABEL, WORDS]},
    "a number": {
        "model": {**TEXT, "filters": [6], "activation": "tanh"},
        "loss": "squared",
        "fields": [{**LABEL, "transform": {**NUMBER_LABEL, "scale": 3}}, FILLED],
    },
}
CELLS = [
    *("spam and ham", "short", "a text that is longer than what is read of it", "ünïcödé straße", "日本語", "🙂🙂🙂🙂"),
    *("5", "05", "1e3", "yes", "no", "NA", " spaces ", "a\0b", "\0", "", "Yes!", "-0.0", "0.1"),
]  # fmt: skip


def model_of(kind: str) -> TrainedModel:
    """A model with random weights."""
    asked, draws = manifest(**KINDS[kind]), np.random.default_rng(4)
    weights = {name: draws.normal(size=size).astype(np.float32) for name, size in shapes(asked).items()}
    return TrainedModel.of(asked, write_tensors(weights))


def by_the_vault(model: TrainedModel, cells: list[str]) -> Any:
    """What the learner makes of the cells as the vault hands them over."""
    asked = model.manifest
    job = learner_job(asked, frozenset(field.name for field in asked.fields))
    frame = project_cells({"words": [cell or None for cell in cells]}, asked, len(cells), job)
    rows = encode_rows(job, ColumnFrame.decode(job, frame))
    theta = np.concatenate([model.tensors[name].ravel() for name in shapes(asked)]).astype(np.float64)
    return network_of(job, rows, 64).outputs_at(theta)(np.arange(len(cells))).T


@pytest.mark.parametrize("kind", KINDS)
def test_all_who_compute_a_model_of_texts_agree(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vault, the weights outside, the ONNX file, and both ways to predict for a file."""
    model = model_of(kind)
    ours = model.outputs(model.inputs({"words": [cell or None for cell in CELLS]}))
    assert np.allclose(ours, by_the_vault(model, CELLS), rtol=1e-4, atol=1e-5)

    (tmp_path / "model.onnx").write_bytes(onnx_bytes(model))
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    found = dict(
        zip(
            [each.name for each in session.get_outputs()],
            session.run(None, {"words": bytes_in(CELLS, 12)}),
            strict=True,
        )
    )
    if kind == "classes":
        assert np.allclose(found[CHANCES], chances(ours), atol=1e-12)
        assert len(set(model.classes(ours))) > 1
    else:
        assert np.allclose(found["good_night"], model.numbers(ours), rtol=1e-12)

    with (tmp_path / "rows.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["words", "place"], *([cell, "1"] for cell in CELLS)])
    (tmp_path / "manifest.json").write_bytes(canonical(document(**KINDS[kind])))
    (tmp_path / "model.safetensors").write_bytes(write_tensors(model.tensors))
    monkeypatch.setattr(trained, "ROOM", 1000)  # a few rows at once
    by_graph = predict(tmp_path / "model.onnx", tmp_path / "rows.csv")
    assert predict(tmp_path / "model.safetensors", tmp_path / "rows.csv", tmp_path) == by_graph
    assert len(by_graph.rows) == len(CELLS)
    (tmp_path / "rows.csv").write_text("words,place\nham,1\n2026-01-05,2\n")
    for job, file in ((None, "model.onnx"), (tmp_path, "model.safetensors")):
        with pytest.raises(Invalid, match=r"rows.csv, line 3: words is a time, which no text is"):
            predict(tmp_path / file, tmp_path / "rows.csv", job)


def test_an_onnx_file_takes_plain_bytes_of_a_text(tmp_path: Path) -> None:
    """What a user without Lockbox writes, for a text that is no number and no time."""
    model = model_of("classes")
    (tmp_path / "model.onnx").write_bytes(onnx_bytes(model))
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    text = "spam and ham, and more of it"
    taken = np.frombuffer(text.encode()[:12].ljust(12, b"\0"), np.uint8)[None]
    assert session.run(None, {"words": taken})[0].tolist() == model.classes(
        model.outputs(model.inputs({"words": [text]}))
    )


def test_a_text_is_cut_or_filled_up_and_a_missing_one_is_none() -> None:
    assert bytes_of("abc", 5) == b"abc\0\0"
    assert bytes_of("straße", 5) == b"stra\xc3"  # in the middle of a letter
    assert [bytes_of(cell, 4) for cell in ("05", "5", "5.0", "1e3", "yes", " hi ", "0.10")] == [
        *(b"05\0\0", b"5\0\0\0", b"5\0\0\0", b"1000", b"1\0\0\0", b"hi\0\0", b"0.1\0"),
    ]
    assert [bytes_of(cell, 4) for cell in ("", " ", "NA", "2026-01-05", "\0\0")] == [None] * 5
    assert bytes_of("\ud800x", 4) == b"?x\0\0"
    assert bytes_of("x" * 10**6, 3) == b"xxx"


CASES = [
    "0",
    "-0.0",
    "1",
    "2.0",
    "0.1",
    "-3",
    "1e300",
    "9007199254740993",
    "yes",
    "TRUE",
    "2026-01-05",
    "red",
]


@pytest.mark.parametrize("type_", [FieldType.INT, FieldType.FLOAT, FieldType.BOOL, FieldType.TIMESTAMP])
@pytest.mark.parametrize("cell", CASES)
def test_a_text_reads_the_same_whatever_type_its_column_has(type_: FieldType, cell: str) -> None:
    """One record more can turn a column of numbers into one of texts: the others read as before."""
    try:
        value = AS_TYPE[type_](cell)
    except ValueError:
        return  # such a cell does not stand in a column of that type
    typed = pa.chunked_array([pa.array([value], arrow_type(type_))])
    assert byte_codes(typed, 8).tolist() == byte_codes(pa.chunked_array([[cell]]), 8).tolist()


@given(
    st.lists(st.one_of(st.none(), st.text(max_size=20), st.sampled_from(CASES)), max_size=12),
    st.integers(0, 11),
)
def test_every_text_is_read_by_itself(cells: list[str | None], at: int) -> None:
    cells = [None if cell is None else cell.encode("utf-8", "replace").decode() for cell in cells]
    found = byte_codes(pa.chunked_array([pa.array(cells, pa.string())]), 7)
    without = byte_codes(pa.chunked_array([pa.array(cells[:at] + cells[at + 1 :], pa.string())]), 7)
    assert np.delete(found, slice(at, at + 1), axis=0).tolist() == without.tolist()
    assert found.shape == (len(cells), 7)
    assert all((row == -1).all() or (((row >= 0) & (row < 256)).all() and row.any()) for row in found)


def test_a_model_of_texts_says_what_it_takes_in() -> None:
    asked = manifest(**KINDS["classes"])
    assert model_words(asked.model) == "a small network for texts of 12 bytes, filters 5 and 4 (relu)"
    assert shapes(asked) == {
        "embedding.weight": (256, 3),
        "convolutions.0.weight": (5, 9),
        "convolutions.0.bias": (5,),
        "convolutions.1.weight": (4, 15),
        "convolutions.1.bias": (4,),
        "linear.weight": (2, 4),
        "linear.bias": (2,),
    }
    said = transform_words(asked.features[0], FieldType.TEXT)
    assert said.startswith(
        "read as a text of at most 12 bytes, what is longer is cut off; missing rows count as"
    )
    filled = manifest(**KINDS["a number"]).features[0]
    assert "“ganz anders”" in transform_words(filled, FieldType.TEXT)
    assert (recipe.steps("text"), recipe.optimizer("text")) == (300, ("adam", "linear"))
    of_text = forecast(asked, epsilon=Decimal(3), delta=Decimal("0.000001"), units_guess=4_000)
    assert [each.points_lost for each in of_text.expected] == [18.0, 3.0, 0.3]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"model__length": 13}, "one text of 13 bytes, and not what its features are"),
        ({"fields": document()["fields"]}, "one text of 12 bytes, and not what its features are"),
        ({"fields": [LABEL, WORDS, {**WORDS, "name": "more"}]}, "one text of 12 bytes"),
        (
            {"model": document()["model"]},
            "a feature of bytes and a model that is neither of the kind text nor",
        ),
        ({"fields__1__transform__length": 0}, "is less than 1"),
        ({"fields__1__transform__length": 1001}, "is more than 1000"),
        ({"fields__1__transform__length": 2.5}, "length"),
        ({"fields__1__transform__fill": "NA"}, "fills with what counts as missing itself"),
        ({"fields__1__transform__fill": "2026-01-05"}, "fills with what counts as missing itself"),
        ({"fields__1__transform__fill": "\u202e"}, "invisible"),
        ({"fields__1__transform__labels": ["a"]}, "has a key that is not in the format"),
        ({"model__kernel": 4}, r"model.* is even, and a kernel has a middle"),
        ({"model__embedding": 65}, "is more than 64"),
        ({"model__pool": 2}, "has a key that is not in the format"),
        ({"job": {"kind": "gradient_sum"}, "optimizer": {"kind": "none"}}, "neither linear nor logistic"),
    ],
)
def test_texts_that_do_not_fit_are_refused_with_a_sentence(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(ManifestInvalid, match=rule):
        manifest(**{**deepcopy(KINDS["classes"]), **changes})


def test_patches_of_a_text_are_bounded_and_version_1_has_no_texts() -> None:
    long = {"fields__1__transform__length": 1000, "model__length": 1000}
    with pytest.raises(ManifestInvalid, match="patches of more than 131,072"):
        manifest(**deepcopy(KINDS["classes"]), **long, model__embedding=64, model__kernel=3)
    first = first_version(document(**deepcopy(KINDS["classes"])))
    with pytest.raises(ManifestInvalid, match="a transform that its version does not have"):
        parse_manifest(canonical(first))


@pytest.mark.slow
def test_the_largest_models_of_texts_can_be_written_and_read_in_onnx() -> None:
    for length, kernel in ((1000, 1), (682, 3)):
        asked = manifest(
            fields=[LABEL, {**WORDS, "transform": {"kind": "bytes", "length": length, "fill": "x"}}],
            model={**TEXT, "length": length, "embedding": 64, "filters": [64] * 3, "kernel": kernel},
        )
        weights = {name: np.ones(size, np.float32) for name, size in shapes(asked).items()}
        checked_model(onnx_bytes(TrainedModel.of(asked, write_tensors(weights))), "model.onnx")


def _longer(model: Any) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1 << 40


def _by_rows(model: Any) -> None:
    node = next(each for each in model.graph.node if each.output[0] == "_text_sum")
    next(each for each in node.attribute if each.name == "axes").ints[0] = 0


def _another_table(model: Any) -> None:
    node = next(each for each in model.graph.node if each.output[0] == "_text_numbers")
    node.input[0] = "_inputs"


def _another_axis(model: Any) -> None:
    next(each for each in model.graph.initializer if each.name == "_text_axis").raw_data = bytes(8)


@pytest.mark.parametrize("change", [_longer, _by_rows, _another_table, _another_axis])
def test_a_file_that_reads_texts_another_way_is_none_of_ours(change: Any) -> None:
    model = onnx.ModelProto.FromString(onnx_bytes(model_of("classes")))
    checked_model(model.SerializeToString(), "model.onnx")
    change(model)
    with pytest.raises(NotOurModel):
        checked_model(model.SerializeToString(), "model.onnx")


def test_a_job_for_a_text_is_one_byte_a_feature() -> None:
    """Nothing of it is new to the learner but the model: columns of codes, a public fill in each place."""
    job = learner_job(manifest(**KINDS["a number"]), frozenset({"words", "good_night"}))
    assert bytes(each.fill_index or 0 for each in job.features) == b"ganz anders\0"
    assert job.model.image == (1, 12, 3)
    assert len(json.loads(job.to_json())["features"]) == 12
