"""A trained model with its encoding as one ONNX file: cells of columns in, labels or numbers out."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

import numpy as np

from learner.protocol import FAINTEST_OUTLINE, LEAST_VARIANCE, Convolution, outline_filters
from vault.errors.release import PackageMissing
from vault.importers.marks import mark_of
from vault.requester.onnx_attention import OPERATIONS, AttentionNodes
from vault.requester.onnx_graph import GraphParts
from vault.requester.trained import TrainedModel, activation, patches_of
from vault.requests.manifest import Feature
from vault.requests.models import MapModel, TextModel, TextReader, TransformerModel
from vault.requests.transforms import (
    BytesFeature,
    OnehotFeature,
    StandardFeature,
    VectorFeature,
)

OPSET: Final = 17
LABELS_OPSET: Final = 2
FORMAT: Final = 8
CHANCES: Final = "_chances"
"""What the second output of a model of classes is called: no column's name begins so."""
UNKNOWN: Final = -1


def onnx_bytes(model: TrainedModel) -> bytes:
    """The model as ONNX. Inputs are named as the columns: float64 with NaN for a missing number, a vector
    (rows, size); uint8 (rows, length) for a text by its bytes, zeros behind it and for a missing one; else texts,
    ``""`` for a missing one. Outputs: the label of each row and the chances of all, or the number in its own units.

    Raises ``PackageMissing`` where the package onnx is not installed.
    """
    try:
        from onnx import checker, helper
    except ImportError as error:
        raise PackageMissing(package="onnx") from error
    graph = _Graph(model)
    made = helper.make_model(
        helper.make_graph(graph.nodes, "lockbox", graph.inputs, graph.outputs, graph.constants),
        producer_name="lockbox",
        ir_version=FORMAT,
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", LABELS_OPSET)],
    )
    helper.set_model_props(made, _facts(model))
    checker.check_model(made, full_check=True)
    return bytes(made.SerializeToString(deterministic=True))


def _facts(model: TrainedModel) -> dict[str, str]:
    """What a user of the file has to know, in its own metadata."""
    manifest, transform = model.manifest, model.manifest.label.transform
    facts = {
        "lockbox_job": manifest.job_id,
        "lockbox_label": manifest.label.name,
        "lockbox_optional": json.dumps(sorted(manifest.optional)),
        "lockbox_retention": manifest.retention,
    }
    return facts | ({"lockbox_classes": json.dumps(transform.labels)} if transform.kind == "classes" else {})


def spellings(label: str) -> list[str]:
    """The ways in which the value of a label is usually written, as itself first."""
    mark = mark_of(label)
    if isinstance(mark, datetime):
        return list(dict.fromkeys([label, mark.isoformat(), f"{mark:%Y-%m-%dT%H:%M:%SZ}"]))
    if isinstance(mark, str):
        return [label]
    whole = [f"{mark:.0f}"] if mark.is_integer() and abs(mark) < 2**53 else []
    truths = {
        0.0: ("false", "False", "FALSE", "no", "No", "NO"),
        1.0: ("true", "True", "TRUE", "yes", "Yes", "YES"),
    }
    return list(dict.fromkeys([label, *whole, repr(mark), *truths.get(mark, ())]))


class _Graph(GraphParts):
    """The nodes of the model in order."""

    def __init__(self, model: TrainedModel) -> None:
        super().__init__()
        features = model.manifest.features
        self.inputs = [self._input(feature) for feature in features]
        encoded = [self._encoded(feature, place) for place, feature in enumerate(features)]
        values = self.add("Concat", encoded, "_inputs", axis=1)
        asked, layers = model.manifest.model, model.layers
        if isinstance(asked, TextReader):
            values = self._means_of_texts(model, asked, values)
            layers = layers[-1:]
        convolutions = asked.layers if isinstance(asked, MapModel) else ()
        for layer in (layer for layer in convolutions if layer.fixed):
            values = self._outlined(values, layer)
        maps = [layer for layer in convolutions if not layer.fixed]
        for place, (weight, bias) in enumerate(layers):
            if place < len(maps):
                values = self._patches(values, maps[place], place)
            values = self._affine(values, weight, bias, place)
            if place < len(maps) and model.norms:
                values = self._normed(values, model, place)
            if place + 1 < len(layers):
                operation = OPERATIONS[activation(model.manifest)]
                values = self.add(operation, [values], f"_active_{place}")
            if place < len(maps):
                values = self._means(values, maps[place], place)
        self.outputs = self._answers(model, values)

    # columns ------------------------------------------------------------------------------------------------

    def _input(self, feature: Feature) -> Any:
        from onnx import TensorProto, helper

        kind = {"onehot": TensorProto.STRING, "bytes": TensorProto.UINT8}.get(
            feature.transform.kind, TensorProto.DOUBLE
        )
        size = [feature.transform.size] if feature.transform.kind == "vector" else []
        size = [feature.transform.length] if feature.transform.kind == "bytes" else size
        return helper.make_tensor_value_info(feature.name, kind, ["rows", *size])

    def _encoded(self, feature: Feature, place: int) -> str:
        transform = feature.transform
        if transform.kind == "vector":
            return self._number(feature.name, transform, f"_{place}")
        if transform.kind == "bytes":
            return self._text(feature.name, transform, f"_{place}")
        if transform.kind == "standard":
            return self._as_column(self._number(feature.name, transform, f"_{place}"), f"_{place}")
        return self._category(feature.name, transform, f"_{place}")

    def _number(self, column: str, transform: StandardFeature | VectorFeature, name: str) -> str:
        """(v - center) / scale within ± clip, kept in float32 as the learner keeps it; NaN has the fill."""
        missing = self.add("IsNaN", [column], f"{name}_missing")
        fill = self.constant(transform.fill, f"{name}_fill")
        filled = self.add("Where", [missing, fill, column], f"{name}_filled")
        center, scale = (
            self.constant(transform.center, f"{name}_center"),
            self.constant(transform.scale, f"{name}_scale"),
        )
        moved = self.add("Sub", [filled, center], f"{name}_moved")
        scaled = self.add("Div", [moved, scale], f"{name}_scaled")
        low, high = (self.constant(sign * transform.clip, f"{name}_clip{sign}") for sign in (-1, 1))
        clipped = self.add("Clip", [scaled, low, high], f"{name}_clipped")
        return self._kept(clipped, name)

    def _text(self, column: str, transform: BytesFeature, name: str) -> str:
        """The bytes of a text as numbers; where all of them are zero, those of the fill."""
        codes = self.double(column, name)
        if transform.fill is None:
            return codes
        mean = self.add("ReduceMean", [self._present(codes, name)], f"{name}_mean", axes=[1], keepdims=1)
        missing = self.add("Equal", [mean, self.constant(0.0, f"{name}_none")], f"{name}_missing")
        fill = self.constant(np.frombuffer(transform.fill_bytes, np.uint8), f"{name}_fill")
        return self.add("Where", [missing, fill, codes], f"{name}_filled")

    def _present(self, codes: str, name: str) -> str:
        """One where there is a byte, zero where there is none."""
        low, high = (self.constant(end, f"{name}_end{end:.0f}") for end in (0.0, 1.0))
        return self.add("Clip", [codes, low, high], f"{name}_present")

    def _category(self, column: str, transform: OnehotFeature, name: str) -> str:
        """One input a label; what is not known has that of the fill, or none."""
        places: dict[str, int] = {}
        for place, label in enumerate(transform.labels):
            for spelled in spellings(label):
                places.setdefault(spelled, place)
        fill = UNKNOWN if transform.fill is None else transform.labels.index(transform.fill)
        code = self.add(
            "LabelEncoder",
            [column],
            f"{name}_code",
            keys_strings=list(places),
            values_int64s=list(places.values()),
            default_int64=fill,
        )
        codes = self._as_column(code, name)
        labels = self.constant(np.arange(len(transform.labels))[None, :], f"{name}_labels", np.int64)
        is_set = self.add("Equal", [codes, labels], f"{name}_set")
        return self.double(is_set, name)

    def _kept(self, value: str, name: str) -> str:
        from onnx import TensorProto

        short = self.add("Cast", [value], f"{name}_short", to=TensorProto.FLOAT)
        return self.double(short, name)

    def _as_column(self, value: str, name: str) -> str:
        axis = self.constant([1], f"{name}_axis", np.int64)
        return self.add("Unsqueeze", [value, axis], f"{name}_column")

    # layers and answers -------------------------------------------------------------------------------------

    def _affine(self, values: str, weight: Any, bias: Any, place: int | str) -> str:
        """values Wᵗ + b, with weights of float32 in the file and products of float64."""
        kept, offset = self.weight(weight.T, f"_weight_{place}"), self.weight(bias, f"_bias_{place}")
        product = self.add("MatMul", [values, kept], f"_product_{place}")
        return self.add("Add", [product, offset], f"_sum_{place}")

    def _patches(self, values: str, layer: Convolution, place: int | str) -> str:
        """What the kernel takes in at each place (rows, places, patch), a zero beyond the edge."""
        behind = self.constant([0, 0, 0, 1], f"_behind_{place}", np.int64)
        padded = self.add("Pad", [values, behind], f"_padded_{place}")
        places = self.constant(patches_of(layer), f"_places_{place}", np.int64)
        return self.add("Gather", [padded, places], f"_patches_{place}", axis=1)

    def _means_of_texts(self, model: TrainedModel, asked: TextReader, codes: str) -> str:
        """The means over each text of what the model makes of its bytes (rows, numbers), zeros where there is none."""
        from onnx import TensorProto

        present = self._present(codes, "_text")
        axis = self.constant([2], "_text_axis", np.int64)
        present = self.add("Unsqueeze", [present, axis], "_text_places")
        whole = self.add("Cast", [codes], "_text_bytes", to=TensorProto.INT64)
        values = self.add("Gather", [self.weight(model.table, "_table"), whole], "_text_numbers", axis=0)
        if isinstance(asked, TransformerModel):
            values = AttentionNodes(self, present, asked.activation).values(model.transformer, values)
        else:
            values = self._convolved(model, asked, values, present)
        sums = self.add("ReduceMean", [values], "_text_sum", axes=[1], keepdims=0)
        share = self.add("ReduceMean", [present], "_text_share", axes=[1], keepdims=0)
        least, most = self.constant(1 / asked.length, "_least"), self.constant(1.0, "_most")
        return self.add("Div", [sums, self.add("Clip", [share, least, most], "_text_length")], "_text_means")

    def _convolved(self, model: TrainedModel, asked: TextModel, values: str, present: str) -> str:
        """What the last convolution makes of the bytes of a text."""
        kernels = zip(asked.layers, model.layers[:-1], strict=True)
        for place, (layer, (weight, bias)) in enumerate(kernels):
            shape = self.constant([0, layer.taken.size], f"_shape_{place}", np.int64)
            flat = self.add("Reshape", [values, shape], f"_flat_{place}")
            given = self._affine(self._patches(flat, layer, place), weight, bias, f"kernel_{place}")
            active = self.add(OPERATIONS[asked.activation], [given], f"_bent_{place}")
            values = self.add("Mul", [active, present], f"_active_{place}")
        return values

    def _normed(self, values: str, model: TrainedModel, place: int) -> str:
        """The filters (rows, places, filters) brought to mean zero and length one in their groups, over all places."""
        name, (scale, shift) = f"_norm_{place}", model.norms[place]
        groups = self.constant(model.shares_of_groups(place), f"{name}_groups")
        means = self.add("ReduceMean", [values], f"{name}_means", axes=[1], keepdims=1)
        centred = self.add(
            "Sub", [values, self.add("MatMul", [means, groups], f"{name}_mean")], f"{name}_centred"
        )
        squares = self.add("Mul", [centred, centred], f"{name}_squares")
        each = self.add("ReduceMean", [squares], f"{name}_each", axes=[1], keepdims=1)
        variance = self.add("MatMul", [each, groups], f"{name}_variance")
        above = self.add("Add", [variance, self.constant(LEAST_VARIANCE, f"{name}_least")], f"{name}_above")
        normed = self.add("Div", [centred, self.add("Sqrt", [above], f"{name}_length")], f"{name}_normed")
        scaled = self.add("Mul", [normed, self.weight(scale, f"{name}_scale")], f"{name}_scaled")
        return self.add("Add", [scaled, self.weight(shift, f"{name}_shift")], f"{name}_given")

    def _outlined(self, values: str, layer: Convolution) -> str:
        """The means over each pool of what the fixed filters answer to outlines."""
        filters, name = np.array(outline_filters(layer.filters, layer.taken.channels)), "outlines"
        given = self._affine(
            self._patches(values, layer, name), filters, np.full(layer.filters, -FAINTEST_OUTLINE), name
        )
        return self._means(self.add("Relu", [given], f"_active_{name}"), layer, name)

    def _means(self, values: str, layer: Convolution, place: int | str) -> str:
        """The mean over each pool, as one list of numbers a row."""
        places = self.constant(layer.pools(), f"_pools_{place}", np.int64)
        pooled = self.add("Gather", [values, places], f"_pooled_{place}", axis=1)
        means = self.add("ReduceMean", [pooled], f"_means_{place}", axes=[2], keepdims=0)
        shape = self.constant([0, layer.given.size], f"_shape_{place}", np.int64)
        return self.add("Reshape", [means, shape], f"_map_{place}")

    def _answers(self, model: TrainedModel, values: str) -> list[Any]:
        from onnx import TensorProto, helper

        transform, name = model.manifest.label.transform, model.manifest.label.name
        if transform.kind == "standard":
            first = self.add("Squeeze", [values, self.constant([1], "_last", np.int64)], "_first")
            scaled = self.add("Mul", [first, self.constant(transform.scale, "_scale")], "_times")
            self.add("Add", [scaled, self.constant(transform.center, "_center")], name)
            return [helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["rows"])]
        best = self.add("ArgMax", [values], "_best", axis=1, keepdims=0)
        self.add(
            "LabelEncoder",
            [best],
            name,
            keys_int64s=list(range(len(transform.labels))),
            values_strings=list(transform.labels),
            default_string="",
        )
        self.add("Softmax", [values], CHANCES, axis=1)
        return [
            helper.make_tensor_value_info(name, TensorProto.STRING, ["rows"]),
            helper.make_tensor_value_info(CHANCES, TensorProto.DOUBLE, ["rows", len(transform.labels)]),
        ]
