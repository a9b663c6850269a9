"""Tensors from strangers: a safetensors file that is checked in full before anything is computed with it.

A pickle cannot get in: the file is a bounded JSON header and raw numbers, or it is refused.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from vault.errors.requests import WeightsInvalid, WeightsTampered
from vault.requests.bundle import WEIGHTS_LIMIT
from vault.sealing.digest import sha256_hex
from vault.strict_json import strict_loads

HEADER_LIMIT: Final = 64 * 1024
"""Bytes; the format itself allows a header of 100 MB."""
LARGEST_WEIGHT: Final = 1e3

TensorType: TypeAlias = Literal["F32", "I64", "I16", "I8"]
Shapes: TypeAlias = Mapping[str, tuple[int, ...]]
Tensor: TypeAlias = npt.NDArray[Any]


class NotTheTensors(ValueError):
    """The bytes are not the tensors they should be; the message is one clause that quotes nothing of them."""


def check_weights(data: bytes, shapes: Shapes, digest: str) -> None:
    """Refuse weights that are not the named, bounded, finite float32 tensors of these shapes.

    Raises ``WeightsTampered`` when the SHA-256 is not the one the manifest names, else ``WeightsInvalid``.
    """
    if len(data) > WEIGHTS_LIMIT:
        raise WeightsInvalid(reason=f"the file is larger than {WEIGHTS_LIMIT // 1024} KiB")
    if sha256_hex(data) != digest:
        raise WeightsTampered()
    check_form(data, shapes)


def check_form(data: bytes, shapes: Shapes) -> None:
    """The same, of weights that nothing names; raises ``WeightsInvalid``."""
    try:
        tensors = read_tensors(data, dtype="F32")
        check_header(data)
        check_shapes(tensors, shapes)
        check_values(tensors)
    except NotTheTensors as error:
        raise WeightsInvalid(reason=str(error)) from error


def read_tensors(data: bytes, *, dtype: TensorType) -> dict[str, Tensor]:
    """The tensors by name, all of one type; raises ``NotTheTensors``.

    Format (safetensors 0.x): 8 bytes of header size, little end first, a JSON header, then the numbers.
    """
    return {name: _tensor(facts, dtype) for name, facts in _deserialized(data)}


def types_of(data: bytes) -> set[str]:
    """The types of the tensors, as the format calls them; raises ``NotTheTensors``."""
    return {facts["dtype"] for _, facts in _deserialized(data)}


def _deserialized(data: bytes) -> list[tuple[str, Mapping[str, Any]]]:
    _check_header_size(data)
    try:
        found: list[tuple[str, Mapping[str, Any]]] = safetensors.deserialize(data)
    except safetensors.SafetensorError as error:
        raise NotTheTensors("the file is not safetensors") from error
    return found


def check_header(data: bytes) -> None:
    """Refuse a header that says anything but its tensors, or one thing twice; raises ``NotTheTensors``.

    Room beside the tensors is room for anything, and of two facts under one name each reader may take the other.
    """
    (size,) = struct.unpack("<Q", data[:8])
    try:
        header: Any = strict_loads(data[8 : 8 + size])
    except (ValueError, RecursionError) as error:
        raise NotTheTensors("its header is not JSON in which every name stands once") from error
    if METADATA in header:
        raise NotTheTensors(f"its header has {METADATA}, which says nothing that a model needs")
    if any(entry.keys() != _ENTRY_KEYS for entry in header.values()):
        raise NotTheTensors("its header says more of a tensor than its type, its shape and its place")
    if size > _MOST_SPACED * len(json.dumps(header, separators=(",", ":"))):
        raise NotTheTensors("its header is mostly spaces")


def check_shapes(tensors: Mapping[str, Tensor], shapes: Shapes) -> None:
    """Refuse tensors of other names or shapes than these; raises ``NotTheTensors``."""
    if tensors.keys() != shapes.keys():
        raise NotTheTensors("the names of the tensors are not those of the model")
    for name, shape in shapes.items():
        if tensors[name].shape != shape:
            raise NotTheTensors(f"{name} does not have the shape of the model")


def check_values(tensors: Mapping[str, Tensor]) -> None:
    """Refuse a value that is not finite or larger than ``LARGEST_WEIGHT``; raises ``NotTheTensors``."""
    for tensor in tensors.values():
        if not np.isfinite(tensor).all():
            raise NotTheTensors("a value is not finite")
        if (np.abs(tensor) > LARGEST_WEIGHT).any():
            raise NotTheTensors(f"a value is larger than {LARGEST_WEIGHT:g}")


def write_tensors(tensors: Mapping[str, Tensor]) -> bytes:
    """The safetensors bytes of these tensors."""
    plain = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    return bytes(safetensors.numpy.save(plain))


METADATA: Final = "__metadata__"
_ENTRY_KEYS: Final = frozenset({"dtype", "shape", "data_offsets"})
_MOST_SPACED: Final = 2
_DTYPES: Final[Mapping[str, np.dtype[Any]]] = {
    "F32": np.dtype("<f4"),
    "I64": np.dtype("<i8"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
}


def _tensor(facts: Mapping[str, Any], dtype: str) -> Tensor:
    if facts["dtype"] != dtype:
        raise NotTheTensors(f"a tensor is not of type {dtype}")
    if not 1 <= len(facts["shape"]) <= 2 or 0 in facts["shape"]:
        raise NotTheTensors("a tensor is neither a vector nor a matrix")
    return np.frombuffer(facts["data"], dtype=_DTYPES[dtype]).reshape(facts["shape"])


def _check_header_size(data: bytes) -> None:
    if len(data) < 8:
        raise NotTheTensors("the file is not safetensors")
    (size,) = struct.unpack("<Q", data[:8])
    if size > min(HEADER_LIMIT, len(data) - 8):
        raise NotTheTensors("the file is not safetensors or its header is too large")
