"""Nodes and constants of an ONNX graph, by name; values inside begin with an underscore, as no column's name does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


class GraphParts:
    """The nodes in order and the constants."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operation: str, inputs: Iterable[str], output: str, **attributes: Any) -> str:
        """A node, by what it gives out."""
        from onnx import helper

        domain = "ai.onnx.ml" if operation == "LabelEncoder" else ""
        self.nodes.append(helper.make_node(operation, list(inputs), [output], domain=domain, **attributes))
        return output

    def constant(self, value: Any, name: str, kind: Any = np.float64) -> str:
        """A constant, by its name."""
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype=kind), name))
        return name

    def weight(self, value: Any, name: str) -> str:
        """A weight, float32 in the file and float64 where it is used."""
        return self.double(self.constant(value, name, np.float32), name)

    def double(self, value: str, name: str) -> str:
        """A value in float64."""
        from onnx import TensorProto

        return self.add("Cast", [value], f"{name}_double", to=TensorProto.DOUBLE)
