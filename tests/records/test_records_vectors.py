"""Columns of vectors: what comes in comes out, whatever is done with them in between."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vault.importers.column_reading import read_column
from vault.importers.column_values import ColumnReading
from vault.importers.vector_values import as_vector
from vault.records.cells import cell
from vault.records.fingerprint import Fingerprint, fingerprint
from vault.records.overlap import Likeness, likeness
from vault.records.vectors import matrix_of, numbers_of, vector_array
from vault.sealing.secret import Secret
from vault.views.field_types import FieldType, UnitKind, UnitSpec, VectorType, column_type

NUMBER = st.floats(allow_nan=False, allow_infinity=False)
THREE = st.lists(NUMBER, min_size=3, max_size=3)


def read(raw: Any, given_type: str = "") -> ColumnReading:
    wanted = column_type(given_type) if given_type else None
    return read_column("window", raw, wanted, is_spelled=False)


@given(st.lists(st.none() | THREE, min_size=1, max_size=8).filter(any))
def test_lists_of_one_length_come_back_number_by_number(rows: list[list[float] | None]) -> None:
    """From JSON, from a list of Arrow as Parquet gives it, and from their own text under a type that is given."""
    arrow = pa.chunked_array([pa.array(rows, type=pa.list_(pa.float64()))])
    texts = pa.chunked_array([pa.array([None if row is None else json.dumps(row) for row in rows])])
    for found in (read(list(rows)), read(arrow), read(texts, "vector(3)")):
        assert (found.type, found.refused) == (VectorType(3), {})
        values = found.values.to_pylist()
        assert [None if one is None else numbers_of(one) for one in values] == rows
        assert [cell(one) for one in values] == ["" if row is None else json.dumps(row) for row in rows]


@pytest.mark.parametrize(
    "rows",
    [
        [[1, 2], [1, 2, 3]],
        [[1, None], [1, 2]],
        [[1, float("nan")], [1, 2]],
        [[1, float("inf")], [1, 2]],
        [[1, "2"], [1, 2]],
        [[1, True], [1, 2]],
        [[[1], [2]], [[1], [2]]],
        [[2**53 + 1, 1], [1, 2]],
        [[1], [2]],
        [[], []],
        [[0] * 4097] * 2,
    ],
)
def test_lists_that_are_no_vectors_of_one_length_are_refused_row_by_row(rows: list[object]) -> None:
    found = read(rows)
    assert set(found.refused) == {0, 1}
    assert "as many numbers in every row; leave the column out with --drop" in found.refused[0]
    assert found.values.null_count == 2


def test_under_a_given_length_only_the_rows_of_another_are_refused() -> None:
    found = read([[1, 2], [3], None, [4, 5], "6; 7", "8 9", "x", [1, None]], "vector(2)")
    assert {place: reason.split(": ")[1] for place, reason in found.refused.items()} == {
        place: "not a list of 2 finite numbers" for place in (1, 6, 7)
    }
    assert [one and numbers_of(one) for one in found.values.to_pylist()] == [
        [1, 2], None, None, [4, 5], [6, 7], [8, 9], None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "[1,2",
        "nan 1",
        "1e999 1",
        "[1, true]",
        '{"a": 1}',
        "[1] [2]",
        "1 2 3",
        "[]",
        "[" * 9000,
        "1_0 2",
        "[1 2]",
    ],
)
def test_a_text_that_spells_no_such_list_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        as_vector(text, 2)


@pytest.mark.parametrize(
    "word", ["vector", "vector(1)", "vector(0)", "vector(4097)", "vector(-2)", "vector(2)x"]
)
def test_a_length_that_cannot_be_is_no_type(word: str) -> None:
    with pytest.raises(ValueError):
        column_type(word)
    assert column_type("vector(4096)") == VectorType(4096)
    assert column_type("float") is FieldType.FLOAT


@given(st.lists(st.none() | THREE, max_size=6), st.integers(0, 6))
def test_a_slice_of_a_column_is_its_rows(rows: list[list[float] | None], start: int) -> None:
    numbers = np.array([row or [0.0] * 3 for row in rows]).reshape(-1, 3)
    column = pa.chunked_array(
        [vector_array(numbers, np.array([row is not None for row in rows], dtype=bool))]
    )
    found = matrix_of(column.slice(start))
    wanted = [row or [np.nan] * 3 for row in rows[start:]]
    assert np.array_equal(found, np.array(wanted).reshape(-1, 3), equal_nan=True)


UNIT = UnitSpec(kind=UnitKind.RECORD)
KEY = Secret(bytes(range(32)))
DRAWN = np.random.default_rng(7).normal(size=(200, 64))


def seen(numbers: NDArray[np.float64]) -> Fingerprint:
    vectors = vector_array(numbers, np.ones(len(numbers), dtype=bool))
    return fingerprint(KEY, pa.table({"at": pa.array(range(len(numbers))), "window": vectors}), UNIT, None)


@pytest.mark.parametrize(
    "again",
    [
        DRAWN[::-1],
        DRAWN.astype(np.float32).astype(np.float64),
        np.array([[float(f"{number:.6g}") for number in row] for row in DRAWN]),
        DRAWN.round(5),
        DRAWN * (1 + 1e-7),
    ],
    ids=["order", "float32", "six digits", "five decimals", "seventh digit"],
)
def test_vectors_are_known_again_however_they_are_written(again: NDArray[np.float64]) -> None:
    """As columns of numbers are: one number that is rounded otherwise makes no other row."""
    without_numbers = [
        fingerprint(KEY, pa.table({"window": vector_array(one, np.ones(200, dtype=bool))}), UNIT, None)
        for one in (DRAWN, again)
    ]
    assert likeness(*without_numbers) is Likeness.SAME


def test_vectors_of_others_are_not_taken_for_the_same() -> None:
    others = np.random.default_rng(8).normal(size=(200, 64))
    assert likeness(seen(DRAWN), seen(others)) is Likeness.OTHER
