"""A feature that is a list of numbers: read as so many columns of numbers would be, and no otherwise."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests_samples import document, manifest

from learner.protocol import MAX_FEATURES
from tui.cli.entry_point import run
from vault.errors.families import Invalid
from vault.errors.requests import ManifestInvalid
from vault.records.reading import ColumnReader
from vault.records.vectors import vector_array
from vault.requester.onnx_model import CHANCES, onnx_bytes
from vault.requester.prediction import predict
from vault.requester.recipe import input_length
from vault.requester.trained import TrainedModel, chances
from vault.requests.canonical import canonical
from vault.requests.fit import misfits
from vault.requests.parse import parse_manifest
from vault.requests.shapes import shapes
from vault.requests.translate import learner_job
from vault.requests.weights import write_tensors
from vault.requests.words import transform_words
from vault.training.columns import project
from vault.training.readings import vectors
from vault.views.field_types import UNIT_FIELD, FieldType, VectorType

SCALED = {"center": 0.5, "scale": 2.0, "clip": 3.0, "fill": -1.0}
VECTOR = {"kind": "vector", "size": 3, **SCALED}
WITH_VECTOR: dict[str, Any] = {"fields__1__transform": VECTOR}
ANY_TIME = {"where": {"from": None, "to": None}}
THREE = [
    {
        "name": f"{name}",
        "role": "feature",
        "necessity": "required",
        "transform": {"kind": "standard", **SCALED},
    }
    for name in ("a", "b", "c")
]


class Columns:
    """The columns of a collection without a vault."""

    def __init__(self, **columns: pa.Array) -> None:
        self.columns = {name: pa.chunked_array([column]) for name, column in columns.items()}

    def column(self, name: str) -> pa.ChunkedArray:
        return self.columns[name]


def as_reader(**columns: pa.Array) -> ColumnReader:
    return cast("ColumnReader", Columns(**columns))


ROWS = st.lists(st.none() | st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=3), min_size=1, max_size=6)


@given(ROWS, st.booleans())
def test_the_learner_gets_what_it_would_of_as_many_columns_of_numbers(
    rows: list[list[float] | None], is_granted: bool
) -> None:
    """Byte by byte, and under the same job, so that every proof about those holds here; also as texts."""
    asked = manifest(**WITH_VECTOR, **ANY_TIME, fields__1__necessity="optional")
    fields = [
        document()["fields"][0],
        *({**one, "necessity": "optional"} for one in THREE),
        document()["fields"][2],
    ]
    apart = manifest(fields=fields, **ANY_TIME)
    known = np.array([row is not None for row in rows])
    numbers = np.array([row or [0.0] * 3 for row in rows])
    labels, days = pa.array(["yes"] * len(rows)), pa.array(["fri"] * len(rows))
    about = {
        UNIT_FIELD: pa.array([str(place) for place in range(len(rows))]),
        "good_night": labels,
        "weekday": days,
    }
    single = {name: pa.array(numbers[:, place], mask=~known) for place, name in enumerate("abc")}
    allowed = frozenset({"good_night", "weekday"})
    granted, granted_apart = (allowed | {"steps"}, allowed | set("abc")) if is_granted else (allowed, allowed)
    job, job_apart = learner_job(asked, granted), learner_job(apart, granted_apart)
    assert job == job_apart
    wanted = project(as_reader(**about, **single), apart, granted_apart, job_apart)
    spelled = pa.array([None if row is None else json.dumps(row) for row in rows], type=pa.string())
    for values in (vector_array(numbers, known), spelled):
        assert project(as_reader(**about, steps=values), asked, granted, job) == wanted


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["[1, 2]", "x", "", None, "[1, 2, null]"]),
        pa.array([1.0, 2.0]),
        pa.array([1, 2]),
        pa.array([True, None]),
        vector_array(np.ones((2, 2)), np.ones(2, dtype=bool)),
        pa.array([0], pa.timestamp("us", tz="UTC")),
    ],
)
def test_what_is_no_list_of_so_many_numbers_is_missing(column: pa.Array) -> None:
    found = vectors(pa.chunked_array([column]), 3)
    assert found.shape == (len(column), 3)
    assert np.isnan(found).all()


def test_a_job_with_a_vector_says_so_and_where_it_does_not_fit() -> None:
    asked = manifest(**WITH_VECTOR)
    (steps,) = (one for one in asked.features if one.name == "steps")
    words = transform_words(steps, VectorType(3))
    assert words.startswith(
        "read as 3 numbers, each a number from -5.5 to 6.5, measured from 0.5 in units of 2"
    )
    assert "in missing rows each counts as -1" in words
    assert math.isclose(input_length(asked), math.sqrt(1 + 4))
    assert [len(names) for names in shapes(asked).values()] == [2, 1]
    assert next(iter(shapes(asked).values()))[1] == 3 + 3

    class Facts:
        fields = tuple(
            type("Field", (), {"name": name, "type": kind})
            for name, kind in (("steps", FieldType.FLOAT), ("good_night", FieldType.CATEGORY))
        )

    (said,) = misfits(asked, cast("Any", Facts))
    assert "vector(3) does not fit steps, which is of type float" in said


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"fields__1__transform": {**VECTOR, "size": 1}}, "size"),
        ({"fields__1__transform": {**VECTOR, "size": 1001}}, "size"),
        ({"fields__1__transform": {**VECTOR, "scale": 0}}, "scale"),
        ({"fields__1__transform": {**VECTOR, "labels": ["a"]}}, "key that is not in the format"),
        ({"fields__0__transform": VECTOR}, "kind that is not in the format"),
    ],
)
def test_a_vector_of_another_form_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ManifestInvalid, match=says):
        parse_manifest(canonical(document(**changes)))


def test_more_numbers_than_a_learner_takes_are_refused() -> None:
    many = [{**one, "transform": {**VECTOR, "size": 1000}} for one in THREE[:2]]
    with pytest.raises(ManifestInvalid, match=f"more than {MAX_FEATURES} numbers and categories"):
        parse_manifest(canonical(document(fields=[document()["fields"][0], *many])))


def test_the_first_version_of_the_format_has_no_vectors() -> None:
    first = document(**WITH_VECTOR, v=1)
    for key in ("job", "campaign"):
        del first[key]
    del first["output"]["encoding"]
    first["optimizer"] = {"kind": "sgd", "lr": 0.5, "momentum": 0.0}
    with pytest.raises(ManifestInvalid, match="a transform that its version does not have"):
        parse_manifest(canonical(first))


def test_outside_a_vector_is_scored_as_three_numbers_are(tmp_path: Path) -> None:
    """By the weights, by ONNX, and from a file by either; a cell that spells another list is refused by its line."""
    asked, draws = manifest(**WITH_VECTOR), np.random.default_rng(3)
    weights = {name: draws.normal(size=size).astype(np.float32) for name, size in shapes(asked).items()}
    model = TrainedModel.of(asked, write_tensors(weights))
    rows = [None if place % 5 == 0 else draws.normal(0, 4, 3).round(3).tolist() for place in range(40)]
    cells = [None if row is None else json.dumps(row) for row in rows]
    days: list[str | None] = ["fri"] * 40
    ours = chances(model.outputs(model.inputs({"steps": cells, "weekday": days})))

    numbers = np.array([row or [-1.0] * 3 for row in rows])
    scaled = np.clip((numbers - 0.5) / 2, -3, 3).astype(np.float32).astype(np.float64)
    inputs = np.concatenate([scaled, np.eye(3)[[0] * 40]], axis=1)
    assert np.allclose(ours, chances(model.outputs(inputs)), atol=1e-12)

    session = onnxruntime.InferenceSession(onnx_bytes(model))
    given_rows = np.array([row or [np.nan] * 3 for row in rows])
    found = session.run([CHANCES], {"steps": given_rows, "weekday": np.array(days, dtype=object)})[0]
    assert np.allclose(found, ours, atol=1e-12)

    (tmp_path / "model.onnx").write_bytes(onnx_bytes(model))
    (tmp_path / "model.safetensors").write_bytes(write_tensors(weights))
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "manifest.json").write_bytes(canonical(document(**WITH_VECTOR)))
    file = tmp_path / "rows.csv"
    file.write_text("weekday,steps\n" + "".join(f'fri,"{cell or ""}"\n' for cell in cells))
    by_graph = predict(tmp_path / "model.onnx", file)
    assert by_graph == predict(tmp_path / "model.safetensors", file, tmp_path / "job")
    assert [float(row[-1]) for row in by_graph.rows] == pytest.approx(ours.max(axis=1).tolist(), abs=1e-4)
    file.write_text('weekday,steps\nfri,\nfri,NA\nfri," "\n')
    assert len({row[-1] for row in predict(tmp_path / "model.onnx", file).rows}) == 1
    file.write_text('weekday,steps\nfri,"[1, 2, 3]"\nfri,"[1, 2]"\n')
    with pytest.raises(Invalid, match="line 3: steps is no list of 3 numbers"):
        predict(tmp_path / "model.onnx", file)


def test_numbered_columns_are_the_vector_of_a_prediction_as_they_are_that_of_an_import(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, draws = manifest(**WITH_VECTOR), np.random.default_rng(3)
    weights = {name: draws.normal(size=size).astype(np.float32) for name, size in shapes(asked).items()}
    graph, file, again = tmp_path / "model.onnx", tmp_path / "rows.csv", tmp_path / "again.csv"
    graph.write_bytes(onnx_bytes(TrainedModel.of(asked, write_tensors(weights))))

    def chances_of(text: str, *words: str) -> list[str]:
        file.write_text(text)
        assert run(["update", "predict", str(graph), str(file), *words]) == 0, capsys.readouterr().err
        return [line.rpartition(",")[2] for line in capsys.readouterr().out.splitlines()[1:]]

    lists = chances_of('weekday,steps\nfri,"[1, 2.5, 3]"\nfri,\n')
    assert chances_of("weekday,steps1,steps2,steps3\nfri,1,2.5,3\nfri,,,\n") == lists
    assert chances_of("weekday,p_0,p_1,p_2\nfri,1,2.5,3\nfri,,NA,\n", "--vector", "steps=p_0..p_2") == lists
    again.write_text("weekday,steps1,steps2,steps3,chance\nfri,1,2,3,0.5\n")
    for text, says in (
        ("weekday,x\nfri,1\n", "no column steps, which the model needs: a list of 3 numbers, or 3 columns"),
        ("weekday,steps1,steps2\nfri,1,2\n", "steps with a number are 2 columns steps1 … steps2, and not 3"),
        ("weekday,steps1,steps2,steps3\nfri,1,,3\n", "line 2: steps is no list of 3 numbers"),
        ("weekday,steps1,steps2,steps3\nfri,1,2 5,3\n", "line 2: steps is no list of 3 numbers"),
        (again.read_text(), "rows.csv has a column chance already, which is what is predicted"),
    ):
        file.write_text(text)
        assert run(["update", "predict", str(graph), str(file)]) == 1
        assert says in " ".join(capsys.readouterr().err.split())
    assert run(["update", "predict", str(graph), str(file), "--vector", "steps"]) == 1
    assert "a vector is written NAME=N or NAME=FIRST..LAST" in " ".join(capsys.readouterr().err.split())
