"""A trained model outside: its encoding and scores, an ONNX file that says the same, predictions for a CSV file."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from requests_samples import MLP, NUMBER_LABEL, document, manifest

from learner.data import encode_rows
from learner.models.network import network_of
from learner.protocol import ColumnFrame
from tui.cli.entry_point import run
from vault.errors.families import Invalid
from vault.importers.marks import mark_of, number_of, places_of
from vault.requester import prediction
from vault.requester.onnx_model import CHANCES, onnx_bytes, spellings
from vault.requester.prediction import predict
from vault.requester.public_rows import PublicRows
from vault.requester.trained import TrainedModel, chances
from vault.requests.canonical import canonical
from vault.requests.shapes import shapes
from vault.requests.transforms import OnehotFeature
from vault.requests.translate import learner_job
from vault.requests.weights import write_tensors

ROWS = 300
MIXED = ["1", "2.5", "2026-01-05", "red", "no", "Ünder"]
KINDS: dict[str, dict[str, Any]] = {
    "logistic": {},
    "no fill": {"fields__2__transform": {"kind": "onehot", "labels": MIXED, "fill": None}},
    "three classes": {"fields__0__transform": {"kind": "classes", "labels": ["a", "b b", "c"]}},
    "mlp": {"model": MLP},
    "mlp of relu": {"model": {**MLP, "hidden": [7, 5], "activation": "relu"}},
    "linear": {
        "model": {"kind": "linear", "weights": "0" * 64},
        "loss": "squared",
        "fields__0__transform": {**NUMBER_LABEL, "center": -40.5, "scale": 12.25},
    },
    "mlp of a number": {
        "model": MLP,
        "loss": "squared",
        "fields__0__transform": {**NUMBER_LABEL, "scale": 3},
    },
}


def trained(**changes: Any) -> TrainedModel:
    """A model with random weights, large enough for activations to bend."""
    asked = manifest(**changes)
    draws = np.random.default_rng(4)
    weights = {name: draws.normal(size=size).astype(np.float32) for name, size in shapes(asked).items()}
    return TrainedModel.of(asked, write_tensors(weights))


def weekdays(model: TrainedModel) -> tuple[str, ...]:
    """The labels of the feature that is a category."""
    transform = model.manifest.features[1].transform
    assert isinstance(transform, OnehotFeature)
    return transform.labels


def random_cells(model: TrainedModel, seed: int = 7) -> dict[str, list[str | None]]:
    """Numbers within and far outside of the clip, every spelling of the labels, unknown and missing cells."""
    draws = np.random.default_rng(seed)
    spelled = [each for label in weekdays(model) for each in spellings(label)]
    choices = [None, "?", *spelled]
    return {
        "steps": [None if draws.random() < 0.1 else f"{draws.normal(7000, 6000):.3f}" for _ in range(ROWS)],
        "weekday": [choices[place] for place in draws.integers(len(choices), size=ROWS).tolist()],
    }


def by_the_engine(model: TrainedModel, cells: dict[str, list[str | None]]) -> Any:
    """The outputs (rows, outputs) that the learner itself computes, which the owner's scores are made of."""
    asked = model.manifest
    job = learner_job(asked, frozenset(field.name for field in asked.fields))
    numbers = np.array([math.nan if cell is None else number_of(cell) for cell in cells["steps"]])
    listed = places_of(weekdays(model))
    codes = [-1 if cell is None else listed.get(mark_of(cell), -1) for cell in cells["weekday"]]
    label = np.zeros(ROWS, np.int32 if job.label.kind == "classes" else np.float64)
    frame = ColumnFrame.encode(
        job,
        unit=np.arange(ROWS, dtype=np.int32).data,
        features=[numbers.data, np.array(codes, np.int32).data],
        label=label.data,
    )
    rows = encode_rows(job, ColumnFrame.decode(job, frame))
    theta = np.concatenate([model.tensors[name].ravel() for name in shapes(asked)]).astype(np.float64)
    return network_of(job, rows, ROWS).outputs_at(theta)(np.arange(ROWS)).T


def by_onnx(model: TrainedModel, cells: dict[str, list[str | None]]) -> dict[str, Any]:
    session = onnxruntime.InferenceSession(onnx_bytes(model))
    steps = np.array([math.nan if cell is None else float(cell) for cell in cells["steps"]])
    weekday = np.array([cell or "" for cell in cells["weekday"]], dtype=object)
    found = session.run(None, {"steps": steps, "weekday": weekday})
    return dict(zip([each.name for each in session.get_outputs()], found, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_scores_outside_as_it_does_in_the_vault(kind: str) -> None:
    model = trained(**KINDS[kind])
    cells = random_cells(model)
    ours = model.outputs(model.inputs(cells))
    engine, onnx = by_the_engine(model, cells), by_onnx(model, cells)

    # the learner's scores of classes are those above the first, and in float32 for some models
    if model.manifest.loss == "cross_entropy":
        assert np.allclose(chances(ours), chances(engine), atol=1e-4)
        assert np.allclose(onnx[CHANCES], chances(ours), atol=1e-12)
        assert onnx["good_night"].tolist() == model.classes(ours)
        assert len(set(model.classes(ours))) > 1
    else:
        assert np.allclose(ours, engine, atol=1e-4)
        assert np.allclose(onnx["good_night"], model.numbers(ours), atol=1e-9)


def test_the_learner_knows_no_kind_of_model_that_is_not_tried_here() -> None:
    from itertools import chain
    from typing import get_args

    from test_requests_attention_models import KINDS as ATTENTION
    from test_requests_maps import KINDS as MAPS
    from test_requests_text_models import KINDS as TEXTS

    from vault.requests.models import ModelAsk

    kinds = {get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(ModelAsk)}
    assert kinds == {
        manifest(**changes).model.kind
        for changes in chain(*(each.values() for each in (KINDS, MAPS, TEXTS, ATTENTION)))
    }


@pytest.mark.parametrize("label", ["1", "0", "2.5", "-3", "yes", "2026-01-05", "red", "TRUE", "1e3"])
def test_a_spelling_stands_for_its_label(label: str) -> None:
    assert spellings(label)[0] == label
    assert {mark_of(spelled) for spelled in spellings(label)} == {mark_of(label)}


# predictions for a file -----------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., tuple[Path, Path, Path]]:
    """The ONNX file, the weights and the job folder of a model."""

    def made(**changes: Any) -> tuple[Path, Path, Path]:
        model, job = trained(**changes), tmp_path / "job"
        job.mkdir()
        (job / "manifest.json").write_bytes(canonical(document(**changes)))
        onnx, weights = tmp_path / "model.onnx", tmp_path / "model.safetensors"
        onnx.write_bytes(onnx_bytes(model))
        weights.write_bytes(write_tensors(model.tensors))
        return onnx, weights, job

    return made


@pytest.mark.parametrize("kind", ["three classes", "linear"])
def test_both_files_predict_the_same(
    files: Any, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx, weights, job = files(**KINDS[kind])
    cells = random_cells(trained(**KINDS[kind]))
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [["weekday", "steps", "note"], *zip(cells["weekday"], cells["steps"], ["x"] * ROWS, strict=True)]
        )

    by_graph, by_job = predict(onnx, tmp_path / "rows.csv"), predict(weights, tmp_path / "rows.csv", job)

    assert by_graph == by_job
    monkeypatch.setattr(prediction, "ROOM", 1000)  # a few rows at once
    assert predict(onnx, tmp_path / "rows.csv") == by_graph
    assert by_graph.header[:4] == ("weekday", "steps", "note", "predicted good_night")
    assert len(by_graph.rows) == ROWS


def test_the_command_predicts_to_the_terminal_or_into_a_file(
    files: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx, _, _ = files()
    rows, to = tmp_path / "rows.csv", tmp_path / "out.csv"
    rows.write_text("\ufeffsteps,weekday\n9000,fri\nNA,\n")

    assert run(["update", "predict", str(onnx), str(rows)]) == 0
    told = capsys.readouterr().out
    assert run(["update", "predict", str(onnx), str(rows), "--to", str(to)]) == 0
    assert run(["update", "predict", str(onnx), str(rows), "--to", str(to)]) == 1
    assert "out.csv: something is already there" in " ".join(capsys.readouterr().err.split())
    assert run(["update", "predict", str(onnx), str(rows), "--to", str(tmp_path / "none" / "out.csv")]) == 7
    assert told == to.read_text()
    assert told.startswith("steps,weekday,predicted good_night,chance\n9000,fri,")
    rows.write_text("steps,weekday\n")
    assert run(["update", "predict", str(onnx), str(rows)]) == 0
    assert capsys.readouterr().out == "steps,weekday,predicted good_night,chance\n"
    rows.write_text("steps,weekday\n9000,fri\n")
    assert run(["update", "predict", str(onnx), str(rows), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["cells"]["steps"] == "9000"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("weekday\nfri\n", "rows.csv has no column steps, which the model needs"),
        (
            "steps,weekday\n1,fri\n\n2,sat\nmany,sun\n",
            "rows.csv, line 5: steps is neither a number nor a time",
        ),
        ("steps,weekday\n1\n", "line 2 has 1 cell where the header has 2"),
        ("steps;weekday\n1;fri\n", "between its cells stand semicolons, and here commas are read"),
        (
            "steps;weekday\n1,5;fri\n",
            "line 2 has 2 cells where the header has 1: between its cells stand semicolons, and here commas are read",
        ),
        (
            '"steps";"weekday"\n"1,5";"fri"\n',
            "line 1 is not a row of cells: between its cells stand semicolons, and here commas are read",
        ),
        (
            'steps,weekday\n"1,5",fri\n',
            "line 2: steps is a number with a decimal comma, and here numbers have a decimal point",
        ),
        ("steps,steps\n1,2\n", "two of its columns have one name"),
        ("", "it has no header"),
        ('steps,weekday\n"1"x,fri\n', "line 2 is not a row of cells"),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(
    files: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    onnx, weights, job = files()
    (tmp_path / "rows.csv").write_text(text)

    for command in ([str(onnx)], [str(weights), "--job", str(job)]):
        assert run(["update", "predict", command[0], str(tmp_path / "rows.csv"), *command[1:]]) == 1
        assert said in " ".join(capsys.readouterr().err.split())


def test_a_label_of_public_rows_that_is_no_number_is_not_left_out(tmp_path: Path) -> None:
    """As with a decimal comma: a score on the few others would be one of other rows."""
    asked = manifest(fields__0__transform=NUMBER_LABEL, loss="squared", model__kind="linear")
    rows = tmp_path / "rows.csv"
    rows.write_text("good_night,steps\n1,5\n2,6\n,6\n")
    assert PublicRows.read(rows, asked).labels.tolist() == [1, 2]
    rows.write_text('good_night,steps\n1,5\n2,6\n"1,5",6\n')
    with pytest.raises(Invalid, match="line 4: good_night is a number with a decimal comma"):
        PublicRows.read(rows, asked)


def test_an_optional_column_may_be_missing_and_it_is_said(
    files: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx, _, _ = files()
    (tmp_path / "rows.csv").write_text("steps\n9000\n")

    assert run(["update", "predict", str(onnx), str(tmp_path / "rows.csv")]) == 0
    assert "as if it were missing: weekday" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("model.safetensors", 1, "give --job JOBDIR"),
        ("rows.csv", 1, "is no model as lockbox update verify --onnx writes them: it is not in ONNX"),
        ("nothing.onnx", 7, "there is no file"),
        ("job", 1, "job is not a file"),
    ],
)
def test_what_is_no_model_is_said(
    files: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, code: int, said: str
) -> None:
    files()
    (tmp_path / "rows.csv").write_text("steps,weekday\n1,fri\n")

    assert run(["update", "predict", str(tmp_path / name), str(tmp_path / "rows.csv")]) == code
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("name", "code", "said"), [("none.csv", 7, "there is no file"), ("job", 1, "job is not a file")]
)
def test_what_is_no_file_of_rows_is_said(
    files: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, code: int, said: str
) -> None:
    onnx, _, _ = files()

    assert run(["update", "predict", str(onnx), str(tmp_path / name)]) == code
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (np.zeros((2, 4)), "holds a sum, as update verify --sum writes one"),
        (np.zeros((2, 4), np.int64), "holds an update as it was released"),
        (np.zeros((2, 9), np.float32), "the names of the tensors are not those of the model"),
        (None, "the file is not safetensors"),
    ],
)
def test_a_file_that_is_not_the_model_of_the_job_is_said_and_no_release_is_blamed(
    files: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], numbers: Any, said: str
) -> None:
    onnx, weights, job = files()
    (tmp_path / "rows.csv").write_text("steps,weekday\n1,fri\n")
    weights.write_bytes(onnx.read_bytes() if numbers is None else write_tensors({"products": numbers}))

    assert run(["update", "predict", str(weights), str(tmp_path / "rows.csv"), "--job", str(job)]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "model.safetensors does not hold the weights of this job's model" in told
    assert said in told
    assert "release does not verify" not in told


def test_where_the_packages_are_missing_the_way_to_them_is_said(
    files: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx, weights, job = files()
    (tmp_path / "rows.csv").write_text("steps,weekday\n1,fri\n")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    assert run(["update", "predict", str(onnx), str(tmp_path / "rows.csv")]) == 7
    assert "lockbox-vault[onnx]" in capsys.readouterr().err
    assert run(["update", "predict", str(weights), str(tmp_path / "rows.csv"), "--job", str(job)]) == 0
