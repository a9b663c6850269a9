"""The nodes of a transformer in ONNX: from the bytes of a text to the means that its last layer takes in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from learner.protocol import LEAST_VARIANCE, UNSEEN

if TYPE_CHECKING:
    from vault.requester.attention import Affine, Block, Head, TrainedTransformer
    from vault.requester.onnx_graph import GraphParts

OPERATIONS: Final = {"relu": "Relu", "tanh": "Tanh"}


class AttentionNodes:
    """Adds the nodes of one model to a graph; ``present`` (rows, length, 1) is one where there is a byte."""

    def __init__(self, graph: GraphParts, present: str, activation: str) -> None:
        self._graph, self._present, self._active = graph, present, OPERATIONS[activation]
        beside = graph.add("Transpose", [present], "_present_beside", perm=[0, 2, 1])
        less = graph.add("Sub", [beside, graph.constant(1.0, "_one")], "_absent")
        self._unseen = graph.add("Mul", [less, graph.constant(UNSEEN, "_far")], "_unseen")
        self._least = graph.constant(LEAST_VARIANCE, "_least_variance")

    def values(self, model: TrainedTransformer, numbers: str) -> str:
        """What the last norm gives out, (rows, length, numbers), zero where no byte is."""
        placed = self._graph.add("Add", [numbers, self._graph.constant(model.places, "_places")], "_placed")
        values = self._there(placed, "_begun")
        for place, block in enumerate(model.blocks):
            values = self._block(block, values, f"_block_{place}")
        return self._there(self._norm(model.norm, values, "_last_norm"), "_seen")

    def _block(self, block: Block, values: str, name: str) -> str:
        graph = self._graph
        given = self._norm(block.norm, values, f"{name}_norm")
        found = graph.constant(block.offset, f"{name}_offset")
        for place, head in enumerate(block.heads):
            each = self._head(head, given, f"{name}_head_{place}")
            found = graph.add("Add", [each, found], f"{name}_found_{place}")
        values = self._there(graph.add("Add", [values, found], f"{name}_attended"), f"{name}_half")
        wider = self._affine(
            block.wider, self._norm(block.second_norm, values, f"{name}_again"), f"{name}_wider"
        )
        active = graph.add(self._active, [wider], f"{name}_active")
        narrower = self._affine(block.narrower, active, f"{name}_narrower")
        return self._there(graph.add("Add", [values, narrower], f"{name}_sum"), f"{name}_given")

    def _head(self, head: Head, given: str, name: str) -> str:
        graph = self._graph
        questions = self._affine(head.questions, given, f"{name}_questions")
        keys = self._affine(head.keys, given, f"{name}_keys")
        turned = graph.add("Transpose", [keys], f"{name}_turned", perm=[0, 2, 1])
        fits = graph.add("MatMul", [questions, turned], f"{name}_fits")
        measured = graph.add(
            "Mul", [fits, graph.constant(head.measure, f"{name}_measure")], f"{name}_measured"
        )
        seen = graph.add("Add", [measured, self._unseen], f"{name}_seen")
        shares = graph.add("Softmax", [seen], f"{name}_shares", axis=2)
        taken = graph.add(
            "MatMul", [shares, self._affine(head.values, given, f"{name}_values")], f"{name}_taken"
        )
        return graph.add("MatMul", [taken, graph.weight(head.joined.T, f"{name}_joined")], f"{name}_given")

    def _affine(self, part: Affine, values: str, name: str) -> str:
        product = self._graph.add(
            "MatMul", [values, self._graph.weight(part.weight.T, f"{name}_weight")], name
        )
        return self._graph.add(
            "Add", [product, self._graph.weight(part.bias, f"{name}_bias")], f"{name}_moved"
        )

    def _norm(self, part: Affine, values: str, name: str) -> str:
        graph = self._graph
        mean = graph.add("ReduceMean", [values], f"{name}_mean", axes=[2], keepdims=1)
        centred = graph.add("Sub", [values, mean], f"{name}_centred")
        squares = graph.add("Mul", [centred, centred], f"{name}_squares")
        variance = graph.add("ReduceMean", [squares], f"{name}_variance", axes=[2], keepdims=1)
        lengths = graph.add(
            "Sqrt", [graph.add("Add", [variance, self._least], f"{name}_above")], f"{name}_length"
        )
        normed = graph.add("Div", [centred, lengths], f"{name}_normed")
        scaled = graph.add("Mul", [normed, graph.weight(part.weight, f"{name}_weight")], f"{name}_scaled")
        return graph.add("Add", [scaled, graph.weight(part.bias, f"{name}_bias")], f"{name}_given")

    def _there(self, values: str, name: str) -> str:
        """The same, and zero where no byte is."""
        return self._graph.add("Mul", [values, self._present], name)
