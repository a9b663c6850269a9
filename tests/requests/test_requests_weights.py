"""Starting weights: exactly the tensors of the model, finite and small, or refused before they are loaded."""

from __future__ import annotations

import io
import json
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests_samples import SHAPES, WEIGHTS, exit_code, safetensors_file

from vault.errors.requests import WeightsInvalid, WeightsTampered
from vault.requests.weights import (
    HEADER_LIMIT,
    WEIGHTS_LIMIT,
    NotTheTensors,
    check_header,
    check_weights,
    read_tensors,
    write_tensors,
)
from vault.sealing.digest import sha256_hex


def tensors(**changes: Any) -> dict[str, Any]:
    return {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()} | changes


def refusal(data: bytes) -> str:
    with pytest.raises(WeightsInvalid) as refused:
        check_weights(data, SHAPES, sha256_hex(data))
    assert exit_code(refused.value) == 1
    return str(refused.value)


def entry(**changes: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changes


def test_the_tensors_of_the_model_are_accepted() -> None:
    check_weights(WEIGHTS, SHAPES, sha256_hex(WEIGHTS))

    assert set(SHAPES) == set(read_tensors(WEIGHTS, dtype="F32"))


def test_the_largest_weight_is_a_thousand_on_either_side() -> None:
    edge = write_tensors(tensors(bias=np.array([1000, -1000], np.float32)))

    check_weights(edge, SHAPES, sha256_hex(edge))
    assert "larger than 1000" in refusal(write_tensors(tensors(bias=np.array([0, -1000.1], np.float32))))


def test_other_bytes_than_the_named_ones_are_tampered_with() -> None:
    with pytest.raises(WeightsTampered) as refused:
        check_weights(WEIGHTS, SHAPES, "0" * 64)

    assert exit_code(refused.value) == 6


@pytest.mark.parametrize(
    ("changes", "clause"),
    [
        ({"bias": np.array([0, np.nan], np.float32)}, "not finite"),
        ({"bias": np.array([0, np.inf], np.float32)}, "not finite"),
        ({"bias": np.array([0, -np.inf], np.float32)}, "not finite"),
        ({"bias": np.zeros(2, np.float64)}, "not of type F32"),
        ({"bias": np.zeros(2, np.int64)}, "not of type F32"),
        ({"bias": np.zeros(2, np.float16)}, "not of type F32"),
        ({"bias": np.zeros(3, np.float32)}, "bias does not have the shape"),
        ({"weight": np.zeros((4, 2), np.float32)}, "weight does not have the shape"),
        ({"weight": np.zeros(8, np.float32)}, "weight does not have the shape"),
        ({"bias": np.zeros((2, 1, 1), np.float32)}, "neither a vector nor a matrix"),
        ({"bias": np.zeros(0, np.float32)}, "neither a vector nor a matrix"),
        ({"extra": np.zeros(2, np.float32)}, "names of the tensors"),
        ({"\u202eevil": np.zeros(2, np.float32)}, "names of the tensors"),
    ],
)
def test_every_other_tensor_is_refused(changes: dict[str, Any], clause: str) -> None:
    assert clause in refusal(write_tensors(tensors(**changes)))


def test_a_missing_tensor_is_refused() -> None:
    assert "names of the tensors" in refusal(write_tensors({"bias": np.zeros(2, np.float32)}))


def _parts() -> tuple[bytes, bytes]:
    """The header of good weights and what comes after it."""
    size = int.from_bytes(WEIGHTS[:8], "little")
    return WEIGHTS[8 : 8 + size], WEIGHTS[8 + size :]


def test_a_header_is_at_most_64_kib_even_when_it_is_a_good_one() -> None:
    header, body = _parts()
    padded = safetensors_file(header.ljust(HEADER_LIMIT + 1), body)
    aligned = safetensors_file(header.ljust(-(-len(header) // 8) * 8 + 8), body)

    check_weights(aligned, SHAPES, sha256_hex(aligned))
    assert "header is too large" in refusal(padded)


def test_there_is_no_room_for_anything_beside_the_tensors() -> None:
    """Sixty thousand bytes of a stranger's text once came in with every job."""
    header, body = _parts()
    plain = json.loads(header)
    more = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], "note": "x"}

    assert "__metadata__" in refusal(
        safetensors_file({"__metadata__": {"note": "x" * 60_000}, **plain}, body)
    )
    assert "__metadata__" in refusal(safetensors_file({"__metadata__": {}, **plain}, body))
    assert "says more of a tensor" in refusal(safetensors_file({**plain, "bias": more}, body))
    assert "mostly spaces" in refusal(safetensors_file(header.ljust(HEADER_LIMIT), body))


def test_a_name_stands_once_in_the_header() -> None:
    """Of two tensors under one name each reader may take the other."""
    header, body = _parts()
    first = json.dumps({"dtype": "F32", "shape": [2], "data_offsets": [0, 8]})
    doubled = header.replace(b"{", b'{"bias":' + first.encode() + b",", 1)
    inside = header.replace(b'"shape":[2]', b'"shape":[2],"shape":[2]', 1)
    assert doubled != header != inside

    for changed in (doubled, inside):
        assert refusal(safetensors_file(changed, body))
        with pytest.raises(NotTheTensors, match="every name stands once"):
            check_header(safetensors_file(changed, body))


class _Evil:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (pytest.fail, ("a pickle was executed",))


def test_a_pickle_is_not_safetensors_and_is_never_executed() -> None:
    file = io.BytesIO()
    np.savez(file, bias=np.zeros(2))

    assert "safetensors" in refusal(pickle.dumps(_Evil()))
    assert "safetensors" in refusal(pickle.dumps(_Evil(), protocol=0))
    assert "safetensors" in refusal(file.getvalue())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 7,
        b"\x00" * 8,
        b"\xff" * 64,
        (2**63).to_bytes(8, "little") + b"{}",
        (100_000_000).to_bytes(8, "little") + b"{}",
        safetensors_file(b" " * (HEADER_LIMIT + 1)),
        safetensors_file(b"[" * 60_000),
        safetensors_file(b'{"a":' * 10_000),
        safetensors_file(b"\xff{}"),
        safetensors_file({"bias": entry()}),
        safetensors_file({"bias": entry()}, b"\x00" * 9),
        safetensors_file({"bias": entry(shape=[2**62, 2**62])}, b"\x00" * 8),
        safetensors_file({"bias": entry(shape=[-1])}, b"\x00" * 8),
        safetensors_file({"bias": entry(data_offsets=[8, 0])}, b"\x00" * 8),
        safetensors_file({"bias": entry(data_offsets=[0, 2**63])}, b"\x00" * 8),
        safetensors_file({"a": entry(), "b": entry()}, b"\x00" * 8),
        safetensors_file({"bias": entry(dtype="PICKLE")}, b"\x00" * 8),
        safetensors_file({"bias": entry(shape=[], data_offsets=[0, 4])}, b"\x00" * 4),
        safetensors_file({"bias": entry(shape=[1] * 100, data_offsets=[0, 4])}, b"\x00" * 4),
        safetensors_file({f"t{n}": entry(shape=[0], data_offsets=[0, 0]) for n in range(900)}),
    ],
    ids=range(21),
)
def test_header_bombs_and_broken_headers_are_refused(data: bytes) -> None:
    refusal(data)


def test_a_file_larger_than_its_limit_is_refused_before_it_is_digested() -> None:
    with pytest.raises(WeightsInvalid) as refused:
        check_weights(b"\x00" * (WEIGHTS_LIMIT + 1), SHAPES, "0" * 64)

    assert "larger than 4096 KiB" in str(refused.value)


@given(st.data())
def test_any_change_to_a_header_gives_tensors_or_one_clause(data: st.DataObject) -> None:
    header = bytearray(json.dumps({"bias": entry(), "weight": entry(data_offsets=[8, 16])}).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(header)))
        header[start : start + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))

    assert clause_of(safetensors_file(bytes(header), b"\x00" * 16)).isascii()


@given(st.binary(max_size=120))
def test_any_bytes_give_tensors_or_one_clause(data: bytes) -> None:
    assert clause_of(data).isascii()
    assert clause_of(safetensors_file(data)).isascii()


def clause_of(data: bytes) -> str:
    """Why these bytes are not tensors, or nothing."""
    try:
        read_tensors(data, dtype="F32")
    except NotTheTensors as refused:
        return str(refused)
    return ""
