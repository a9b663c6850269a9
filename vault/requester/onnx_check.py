"""A file that says it is a model of ours, held against what ours are before anything of it runs.

What ONNX can do is more than a model of ours does: it can name other files, loop, and make a number of a row into as
many as memory has. So a file is taken by what ours consist of: their parts, operators and shapes. What a row costs
follows from that alone.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from learner.protocol import MAX_PARAMETERS
from vault.errors.release import NotOurModel, PackageMissing
from vault.requests.manifest import FIELDS_LIMIT
from vault.requests.text import NAME_LIMIT
from vault.requests.transforms import BYTES_LIMIT, VECTOR_LIMIT

Shape: TypeAlias = tuple[int | None, ...]
"""None stands for the rows."""

MODEL_LIMIT: Final = 12 << 20
"""Bytes: two of the largest models, and the labels of the largest manifest in all their spellings."""
MOST_NUMBERS: Final = 16 * MAX_PARAMETERS
"""How many numbers a row may make, and how many it may be multiplied with."""
MOST_PRODUCTS: Final = 1 << 26
"""How many products of two numbers a row may take: three blocks of attention over the longest text are 63 million."""
MOST_NODES: Final = 16 * FIELDS_LIMIT
LONGEST_TEXT: Final = 4 * NAME_LIMIT
"""Bytes."""

PARTS: Final = {
    "ModelProto": {"ir_version", "opset_import", "producer_name", "graph", "metadata_props"},
    "GraphProto": {"node", "name", "initializer", "input", "output"},
    "NodeProto": {"input", "output", "op_type", "attribute", "domain"},
    "TensorProto": {"dims", "data_type", "raw_data", "name"},
    "AttributeProto": {"name", "type", "i", "s", "ints", "strings"},
    "ValueInfoProto": {"name", "type"},
}
METADATA: Final = {f"lockbox_{name}" for name in ("job", "label", "optional", "retention", "classes")}
VERSIONS: Final = {"": 17, "ai.onnx.ml": 2}
FLOAT, BYTE, INT64, TEXT, DOUBLE = 1, 2, 7, 8, 11
SIZES: Final = {FLOAT: 4, INT64: 8, DOUBLE: 8}
LISTS: Final = {
    "keys_strings",
    "keys_int64s",
    "values_strings",
    "values_int64s",
    "default_string",
    "default_int64",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedModel:
    """A model as it may run: its bytes, and how many numbers it makes of each row at most."""

    data: bytes
    numbers: int


TURNED: Final[dict[str, list[int]]] = {"Squeeze": [1], "Unsqueeze": [1], "Pad": [0, 0, 0, 1], "Reshape": []}
"""The second input of operators that move numbers; `Reshape` makes one list of all numbers of a row."""


class _Unlike(Exception):
    """What no model of ours has, in one clause."""


def checked_model(data: bytes, name: str) -> CheckedModel:
    """The model in these bytes; raises `NotOurModel`, and `PackageMissing` where onnx is not installed."""
    try:
        import onnx
    except ImportError as error:
        raise PackageMissing(package="onnx") from error
    try:
        model = onnx.ModelProto.FromString(data)
    except Exception as error:  # the package's reader has error classes of its own
        raise NotOurModel(file=name, reason="it is not in ONNX") from error
    model.DiscardUnknownFields()  # what this reader does not know, another one might
    try:
        return CheckedModel(numbers=_numbers(model), data=model.SerializeToString(deterministic=True))
    except _Unlike as error:
        raise NotOurModel(file=name, reason=str(error)) from error


def _numbers(model: Any) -> int:
    """How many numbers a row makes; raises `_Unlike` for what ours have not."""
    _check_kinds(model)
    found = {each.key for each in model.metadata_props}
    if model.ir_version != 8 or {each.domain: each.version for each in model.opset_import} != VERSIONS:
        raise _Unlike("it is in another version of ONNX")
    if model.producer_name != "lockbox" or "lockbox_label" not in found or not found <= METADATA:
        raise _Unlike("it does not say that it is one")
    if len(model.graph.node) > MOST_NODES:
        raise _Unlike(f"it computes in more than {MOST_NODES:,} parts")
    graph = _Graph(model.graph)
    return graph.numbers


def _check_kinds(message: Any) -> None:
    """Each part of each part is of a kind that ours have; a file elsewhere, a loop and a function are none."""
    known = PARTS.get(message.DESCRIPTOR.name)
    for field, value in message.ListFields() if known is not None else ():
        if known is not None and field.name not in known:
            raise _Unlike("it has parts of another kind")
        for part in (
            value if field.is_repeated and field.message_type else (value,) if field.message_type else ()
        ):
            _check_kinds(part)


class _Graph:
    """The shape of every value, in the order in which they are computed, and what they cost together."""

    def __init__(self, graph: Any) -> None:
        self.numbers = self._products = 0
        self._constants = {each.name: each for each in graph.initializer}
        self._shapes: dict[str, Shape] = {}
        for each in graph.initializer:
            self._name(each.name, _shape_of_constant(each))
        for each in graph.input:
            self._name(each.name, _shape_of_input(each))
        for node in graph.node:
            self._compute(node)
        self._check_outputs(graph.output)

    def _name(self, name: str, shape: Shape) -> None:
        if not name or name in self._shapes:
            raise _Unlike("two of its values have one name")
        self._shapes[name] = shape
        self._count(math.prod(size or 1 for size in shape))

    def _count(self, numbers: int) -> None:
        self.numbers += numbers
        if self.numbers > MOST_NUMBERS:
            raise _Unlike("it makes more numbers of a row than any model of ours")

    def _compute(self, node: Any) -> None:
        rule = _RULES.get((node.domain, node.op_type))
        if rule is None:
            known = node.op_type if node.op_type.isidentifier() and len(node.op_type) <= 40 else "something"
            raise _Unlike(f"it computes {known}, which none of ours does")
        if len(node.output) != 1 or not all(name in self._shapes for name in node.input):
            raise _Unlike("it computes with values that it does not have")
        shapes = [self._shapes[name] for name in node.input]
        attributes = dict(_attributes(node))
        self._name(node.output[0], rule(shapes, attributes))
        if node.op_type == "MatMul":
            self._count(math.prod(size or 1 for size in shapes[1]))
            self._multiply(math.prod(size or 1 for size in (*shapes[0], shapes[1][-1])))
        if node.op_type in TURNED and not self._has(node.input[1], _turned(node.op_type, shapes[0])):
            raise _Unlike("it turns columns another way")

    def _multiply(self, products: int) -> None:
        self._products += products
        if self._products > MOST_PRODUCTS:
            raise _Unlike("it takes more products for a row than any model of ours")

    def _has(self, name: str, numbers: list[int]) -> bool:
        """Whether a constant is these numbers."""
        constant = self._constants.get(name)
        return constant is not None and constant.raw_data == struct.pack(f"<{len(numbers)}q", *numbers)

    def _check_outputs(self, outputs: Any) -> None:
        found = [self._shapes.get(each.name) for each in outputs]
        if (
            not 1 <= len(found) <= 2
            or found[0] != (None,)
            or any(not one or one[0] is not None for one in found)
        ):
            raise _Unlike("it gives out something other than one answer a row")


def _turned(operator: str, shape: Shape) -> list[int]:
    """What the second input of an operator that moves numbers has to be, for a first one of this shape."""
    if operator == "Reshape":
        return [0, math.prod(size or 0 for size in shape[1:])]
    return [len(shape)] if operator == "Unsqueeze" else TURNED[operator]


def _dimensions(value: Any) -> int:
    return len(value.type.tensor_type.shape.dim)


def _shape_of_constant(constant: Any) -> Shape:
    shape = tuple(constant.dims)
    if len(shape) > 2 or not all(1 <= size <= MOST_NUMBERS for size in shape):
        raise _Unlike("it has a constant of another shape")
    if len(constant.raw_data) != math.prod(shape) * SIZES.get(constant.data_type, -1):
        raise _Unlike("it has a constant that is not whole")
    return shape


def _attributes(node: Any) -> Iterator[tuple[str, int]]:
    """Every setting of a node that is a number; texts are those of a list of labels."""
    for each in node.attribute:
        texts = [*each.strings, each.s]
        is_list = node.op_type == "LabelEncoder" and each.name in LISTS
        is_axes = each.name == "axes" and len(each.ints) == 1
        is_turn = each.name == "perm" and list(each.ints) == [0, 2, 1]
        if not (is_list or is_axes or is_turn or each.name in ("axis", "keepdims", "to")) or any(
            len(one) > LONGEST_TEXT for one in texts
        ):
            raise _Unlike("it has settings of another kind")
        yield each.name, 0 if is_list or is_turn else each.ints[0] if is_axes else each.i


# what comes out of each operator ----------------------------------------------------------------------------

_MEANS: Final = {(4, 2, 0), (3, 1, 0), (2, 1, 1), (3, 1, 1), (3, 2, 1)}
"""Dimensions, over which of them a mean is taken, and whether one number is kept in its place."""
Rule: TypeAlias = Callable[[list[Shape], dict[str, int]], Shape]


def _alike(count: int, **settings: int) -> Rule:
    """Number by number: all else that is taken in is one number."""

    def rule(shapes: list[Shape], given: dict[str, int]) -> Shape:
        _need(len(shapes) == count and all(one == () for one in shapes[1:]) and given == settings)
        return shapes[0]

    return rule


def _cast(shapes: list[Shape], given: dict[str, int]) -> Shape:
    _need(len(shapes) == 1 and given.keys() == {"to"} and given["to"] in (FLOAT, DOUBLE, INT64))
    return shapes[0]


def _label(shapes: list[Shape], given: dict[str, int]) -> Shape:
    _need(shapes == [(None,)] and given.keys() <= LISTS)
    return shapes[0]


def _beside(shapes: list[Shape], given: dict[str, int]) -> Shape:
    """Each number beside those of another shape; rows stand first, and beside nothing but rows."""
    _need(2 <= len(shapes) <= 3 and not given)
    length = max(map(len, shapes))
    filled = [(1,) * (length - len(one)) + one for one in shapes]
    found: list[int | None] = []
    for sizes in zip(*filled, strict=True):
        wide = {size for size in sizes if size != 1}
        _need(len(wide) <= 1)
        found.append(wide.pop() if wide else 1)
    _need(None not in found[1:] and length <= 3)
    return tuple(found)


def _product(shapes: list[Shape], given: dict[str, int]) -> Shape:
    """A list of numbers, at each place of a row or for all of it, times a matrix, which may be the row's own."""
    _need(len(shapes) == 2 and not given and len(shapes[0]) in (2, 3) and len(shapes[1]) in (2, 3))
    (rows, *places, inside), (*of_rows, beneath, columns) = shapes
    _need(rows is None and inside == beneath and columns is not None)
    _need(not of_rows or (of_rows == [None] and len(places) == 1))
    return (None, *places, columns)


def _turned_over(shapes: list[Shape], given: dict[str, int]) -> Shape:
    """The numbers of each place as places, and the places as numbers."""
    _need(len(shapes) == 1 and given.keys() == {"perm"} and len(shapes[0]) == 3 and shapes[0][0] is None)
    return (None, shapes[0][2], shapes[0][1])


def _shares(shapes: list[Shape], given: dict[str, int]) -> Shape:
    """Shares of the classes, or of the places that a place looks at."""
    _need(len(shapes) == 1 and len(shapes[0]) in (2, 3) and given == {"axis": len(shapes[0]) - 1})
    return shapes[0]


def _padded(shapes: list[Shape], given: dict[str, int]) -> Shape:
    """A zero behind the numbers of a row."""
    _need(
        len(shapes) == 2 and not given and len(shapes[0]) == 2 and shapes[0][0] is None and shapes[1] == (4,)
    )
    return (None, (shapes[0][1] or 0) + 1)


def _gathered(shapes: list[Shape], given: dict[str, int]) -> Shape:
    """At each place of a list of lists what stands there; places that are none are found when it runs."""
    if given == {"axis": 0}:  # the numbers of each byte of a text
        _need(len(shapes) == 2 and [len(one) for one in shapes] == [2, 2] and None not in shapes[0])
        _need(shapes[1][0] is None and shapes[1][1] is not None)
        return (None, shapes[1][1], shapes[0][1])
    _need(len(shapes) == 2 and given == {"axis": 1} and len(shapes[0]) in (2, 3) and len(shapes[1]) == 2)
    _need(shapes[0][0] is None and None not in shapes[1])
    return (None, *shapes[1], *shapes[0][2:])


def _averaged(shapes: list[Shape], given: dict[str, int]) -> Shape:
    """The mean over pools, over the places of a text, or over the bytes of one."""
    _need(len(shapes) == 1)
    (shape,), axis, is_kept = shapes, given.get("axes"), given.get("keepdims")
    _need(given.keys() == {"axes", "keepdims"} and (len(shape), axis, is_kept) in _MEANS)
    _need(shape[0] is None)
    return (*shape[:axis], *(1,) * is_kept, *shape[axis + 1 :]) if axis and is_kept is not None else ()


def _listed(shapes: list[Shape], given: dict[str, int]) -> Shape:
    """All numbers of a row as one list."""
    _need(
        len(shapes) == 2 and not given and len(shapes[0]) == 3 and shapes[0][0] is None and shapes[1] == (2,)
    )
    return (None, math.prod(size or 0 for size in shapes[0][1:]))


def _joined(shapes: list[Shape], given: dict[str, int]) -> Shape:
    _need(
        given == {"axis": 1} and len(shapes) > 0 and all(len(one) == 2 and one[0] is None for one in shapes)
    )
    return (None, sum(one[1] or 0 for one in shapes))


def _as_column(shapes: list[Shape], given: dict[str, int]) -> Shape:
    """One number a row, or a list of them, each as a list of one."""
    _need(len(shapes) == 2 and shapes[1] == (1,) and not given and len(shapes[0]) in (1, 2))
    _need(shapes[0][0] is None and None not in shapes[0][1:])
    return (*shapes[0], 1)


def _from_column(shapes: list[Shape], given: dict[str, int]) -> Shape:
    _need(shapes == [(None, 1), (1,)] and not given)
    return (None,)


def _best(shapes: list[Shape], given: dict[str, int]) -> Shape:
    _need(len(shapes) == 1 and len(shapes[0]) == 2 and given == {"axis": 1, "keepdims": 0})
    return shapes[0][:1]


def _shape_of_input(each: Any) -> Shape:
    """A column of texts or numbers, or one of vectors or of texts by their bytes."""
    kind, dimensions = each.type.tensor_type.elem_type, each.type.tensor_type.shape.dim
    if kind in (TEXT, DOUBLE) and len(dimensions) == 1:
        return (None,)
    if kind == DOUBLE and len(dimensions) == 2 and 2 <= dimensions[1].dim_value <= VECTOR_LIMIT:
        return (None, dimensions[1].dim_value)
    if kind == BYTE and len(dimensions) == 2 and 1 <= dimensions[1].dim_value <= BYTES_LIMIT:
        return (None, dimensions[1].dim_value)
    raise _Unlike("it takes something other than a column")


def _need(holds: bool) -> None:
    if not holds:
        raise _Unlike("it puts its operators together in another way")


_RULES: Final[dict[tuple[str, str], Rule]] = {
    **{("", name): _beside for name in ("Where", "Sub", "Div", "Add", "Mul", "Equal")},
    **{("", name): _alike(1) for name in ("IsNaN", "Tanh", "Relu", "Sqrt")},
    ("", "Clip"): _alike(3),
    ("", "Softmax"): _shares,
    ("", "Transpose"): _turned_over,
    ("", "Cast"): _cast,
    ("", "MatMul"): _product,
    ("", "Pad"): _padded,
    ("", "Gather"): _gathered,
    ("", "ReduceMean"): _averaged,
    ("", "Reshape"): _listed,
    ("", "Concat"): _joined,
    ("", "Unsqueeze"): _as_column,
    ("", "Squeeze"): _from_column,
    ("", "ArgMax"): _best,
    ("ai.onnx.ml", "LabelEncoder"): _label,
}
