"""A model that somebody else made: what is not one of ours is refused before anything of it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from requests_samples import MLP, document, manifest

from tui.cli.entry_point import run
from vault.errors.release import NotOurModel
from vault.requester.onnx_check import MOST_NODES, MOST_NUMBERS, checked_model
from vault.requester.onnx_model import onnx_bytes
from vault.requester.trained import TrainedModel
from vault.requests.shapes import shapes
from vault.requests.weights import write_tensors

Change = Callable[[Any], object]


def model_of(**changes: Any) -> bytes:
    """A model as `update verify --onnx` writes it."""
    asked = manifest(**changes)
    weights = {name: np.ones(size, np.float32) for name, size in shapes(asked).items()}
    return onnx_bytes(TrainedModel.of(asked, write_tensors(weights)))


def constant(values: Any, name: str = "more") -> Any:
    return numpy_helper.from_array(np.asarray(values), name)


def with_node(kind: str, inputs: list[str], **settings: Any) -> Change:
    return lambda model: model.graph.node.append(helper.make_node(kind, inputs, ["made"], **settings))


def with_square(model: Any) -> None:
    """Two small constants of which one node makes a large one."""
    side = int(MOST_NUMBERS**0.5) + 1
    model.graph.initializer.extend(
        [constant(np.ones((side, 1)), "tall"), constant(np.ones((1, side)), "wide")]
    )
    with_node("Add", ["tall", "wide"])(model)


def with_rows_by_rows(model: Any) -> None:
    """A number for each pair of rows."""
    with_node("Add", ["steps", "_0_column"])(model)


def elsewhere(model: Any) -> None:
    """A constant whose numbers stand in another file."""
    first = model.graph.initializer[0]
    first.ClearField("raw_data")
    first.data_location = TensorProto.EXTERNAL
    first.external_data.add(key="location", value="/etc/passwd")


def with_function(model: Any) -> None:
    made = helper.make_function("own", "Own", ["x"], ["y"], [helper.make_node("Tanh", ["x"], ["y"])], [])
    model.functions.append(made)


def with_loop(model: Any) -> None:
    graph = helper.make_graph([], "body", [], [])
    with_node("Loop", ["_0_fill"], body=graph)(model)


def with_sparse(model: Any) -> None:
    model.graph.sparse_initializer.add(dims=[2**40])


def with_long_label(model: Any) -> None:
    settings = (each for node in model.graph.node for each in node.attribute)
    next(each for each in settings if each.name == "keys_strings").strings[0] = b"x" * 10**6


def with_many_nodes(model: Any) -> None:
    for number in range(MOST_NODES):
        model.graph.node.append(helper.make_node("Tanh", ["_0_fill"], [f"made{number}"]))


def with_hidden_size(model: Any) -> None:
    model.graph.initializer[0].dims.extend([2**30])


def with_another_answer(model: Any) -> None:
    model.graph.output.append(helper.make_tensor_value_info("_sum_0", TensorProto.DOUBLE, ["rows", 2]))


HOSTILE: dict[str, tuple[Change, str]] = {
    "reads another file": (elsewhere, "it has parts of another kind"),
    "loops": (with_loop, "it has parts of another kind"),
    "a function of its own": (with_function, "it has parts of another kind"),
    "a sparse constant": (with_sparse, "it has parts of another kind"),
    "draws": (with_node("RandomNormalLike", ["_inputs"]), "it computes RandomNormalLike, which none of ours does"),
    "repeats": (with_node("Tile", ["_inputs", "_0_axis"]), "it computes Tile, which none of ours does"),
    "spreads": (with_node("Expand", ["_inputs", "_0_axis"]), "it computes Expand, which none of ours does"),
    "a square": (with_square, "it makes more numbers of a row than any model of ours"),
    "rows by rows": (with_rows_by_rows, "it puts its operators together in another way"),
    "joins rows": (with_node("Concat", ["_inputs", "_inputs"], axis=0), "it puts its operators together"),
    "makes texts": (with_node("Cast", ["_inputs"], to=TensorProto.STRING), "it puts its operators together"),
    "another axis": (with_node("Unsqueeze", ["steps", "_0_fill"]), "it puts its operators together in another way"),
    "what is not there": (with_node("Tanh", ["nothing"]), "it computes with values that it does not have"),
    "one name twice": (lambda model: model.graph.node.append(model.graph.node[0]), "two of its values have one name"),
    "a long label": (with_long_label, "it has settings of another kind"),
    "many nodes": (with_many_nodes, "it computes in more than 4,096 parts"),
    "a size that is not there": (with_hidden_size, "it has a constant of another shape"),
    "a constant cut short": (lambda model: setattr(model.graph.initializer[0], "raw_data", b"1"), "is not whole"),
    "another version": (lambda model: setattr(model.opset_import[0], "version", 21), "in another version of ONNX"),
    "another maker": (lambda model: setattr(model, "producer_name", "torch"), "it does not say that it is one"),
    "settings for who runs it": (
        lambda model: model.metadata_props.add(key="ort_config", value="{}"), "it does not say that it is one",
    ),
    "another answer": (with_another_answer, "it gives out something other than one answer a row"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_no_model_of_ours_has_is_refused_before_it_is_loaded(name: str) -> None:
    change, said = HOSTILE[name]
    model = onnx.ModelProto.FromString(model_of())
    change(model)
    with pytest.raises(NotOurModel) as refused:
        checked_model(model.SerializeToString(), "model.onnx")
    assert said in str(refused.value)


def test_such_a_file_ends_in_one_sentence_and_what_is_unknown_does_not_reach_who_runs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, file = tmp_path / "rows.csv", tmp_path / "model.onnx"
    rows.write_text("steps,weekday\n1,fri\n")
    model = onnx.ModelProto.FromString(model_of())
    elsewhere(model)
    file.write_bytes(model.SerializeToString())

    assert run(["update", "predict", str(file), str(rows)]) == 1
    told = capsys.readouterr()
    assert "model.onnx is no model as lockbox update verify --onnx writes them" in " ".join(told.err.split())
    assert told.out == ""
    file.write_bytes(model_of() + b"\xfa\x3f\x03abc")  # a field that no version has
    assert run(["update", "predict", str(file), str(rows)]) == 0
    assert checked_model(file.read_bytes(), "model.onnx").data == checked_model(model_of(), "model.onnx").data


@pytest.mark.parametrize(
    "text", [b"", b"\x08", b"\x00" * 8 + b"ORTM" + b"\x00" * 90, b"PK\x03\x04", b"\x3a\xff\xff\xff\xff\x7f"]
)
def test_what_is_no_onnx_at_all_is_refused(text: bytes) -> None:
    with pytest.raises(NotOurModel):
        checked_model(text, "model.onnx")


def test_the_largest_models_are_within_the_bounds() -> None:
    hidden = {**MLP, "hidden": [256, 256, 256]}
    labels = [f"{number:05}" for number in range(1000)]
    wide = {"kind": "onehot", "labels": labels, "fill": None}
    checked = [
        checked_model(model_of(**changes), "model.onnx")
        for changes in ({"model": hidden}, {"fields__2__transform": wide})
    ]
    fields = document()["fields"]
    fields[2:] = [{**fields[2], "name": f"column {place}", "transform": wide} for place in range(25)]
    checked.append(checked_model(model_of(fields=fields), "model.onnx"))
    assert max(each.numbers for each in checked) < MOST_NUMBERS / 2
