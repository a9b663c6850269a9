"""How a job reads values: by each value alone, so that no record changes how another one is read."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.importers.marks import LONGEST
from vault.importers.values import AS_TYPE
from vault.records.arrow_types import arrow_type
from vault.training.readings import codes, numbers
from vault.views.field_types import FieldType

LABELS = ("0", "1", "2.5", "yes", "2026-01-05", "red", "-3")
CELLS = [
    "0",
    "1",
    "2",
    "2.0",
    "2.5",
    "-3",
    "yes",
    "no",
    "TRUE",
    "2026-01-05",
    "2026-01-05T00:00:00Z",
    "red",
    "Red",
    "",
]


def column(type_: FieldType, cells: list[str | None]) -> pa.ChunkedArray:
    """These cells as an import of that type keeps them; what does not fit, and nothing, is null."""
    kept: list[Any] = []
    for cell in cells:
        try:
            kept.append(None if cell is None else AS_TYPE[type_](cell))
        except ValueError:
            kept.append(None)
    return pa.chunked_array([pa.array(kept, arrow_type(type_))])


@pytest.mark.parametrize("type_", [FieldType.INT, FieldType.FLOAT, FieldType.BOOL, FieldType.TIMESTAMP])
@pytest.mark.parametrize("cell", CELLS)
def test_a_value_reads_the_same_whatever_type_its_column_has(type_: FieldType, cell: str) -> None:
    """One record more can turn a column of numbers, truths or times into one of texts: the others read as before."""
    typed, as_text = column(type_, [cell]), column(FieldType.TEXT, [cell])
    if typed.null_count:
        return  # such a cell does not stand in a column of that type

    assert codes(typed, LABELS).tolist() == codes(as_text, LABELS).tolist()
    assert numbers(typed).tolist() == numbers(as_text).tolist()


@given(st.lists(st.sampled_from([*CELLS, None]), max_size=20), st.integers(0, 20))
def test_every_row_is_read_by_itself(cells: list[str | None], at: int) -> None:
    """Taking one row out takes one reading out and changes no other."""
    without = cells[:at] + cells[at + 1 :]
    all_codes, all_numbers = (
        codes(column(FieldType.TEXT, cells), LABELS),
        numbers(column(FieldType.TEXT, cells)),
    )

    assert (
        np.delete(all_codes, slice(at, at + 1)).tolist()
        == codes(column(FieldType.TEXT, without), LABELS).tolist()
    )
    assert np.array_equal(
        np.delete(all_numbers, slice(at, at + 1)), numbers(column(FieldType.TEXT, without)), equal_nan=True
    )


def test_what_does_not_read_is_missing() -> None:
    texts = column(FieldType.TEXT, ["red", "", None, "nan", "1e999", "x" * 100, "7"])

    assert [math.isnan(number) for number in numbers(texts)] == [True] * 6 + [False]
    assert codes(texts, ("red", "7.0")).tolist() == [0, -1, -1, -1, -1, -1, 1]


def test_labels_of_one_value_are_the_first_of_them() -> None:
    assert codes(column(FieldType.BOOL, ["yes", "no"]), ("no", "yes", "true")).tolist() == [1, 0]
    assert codes(column(FieldType.FLOAT, ["2.0", "-0.0"]), ("2", "2.0", "0")).tolist() == [0, 2]


def test_a_long_text_is_a_text() -> None:
    digits = "1" + "0" * LONGEST

    assert math.isnan(numbers(column(FieldType.TEXT, [digits]))[0])
    assert codes(column(FieldType.TEXT, [digits]), (digits,)).tolist() == [0]


def test_a_time_is_its_seconds_and_no_number() -> None:
    moment = datetime(2026, 1, 5, tzinfo=UTC)
    times = column(FieldType.TIMESTAMP, ["2026-01-05"])

    assert numbers(times).tolist() == [moment.timestamp()]
    assert codes(times, (f"{moment.timestamp():.0f}", "2026-01-05T01:00:00+01:00")).tolist() == [1]


@pytest.mark.parametrize("type_", FieldType)
def test_an_empty_column_has_no_readings(type_: FieldType) -> None:
    empty = pa.chunked_array([], type=arrow_type(type_))

    assert (codes(empty, LABELS).tolist(), numbers(empty).tolist()) == ([], [])
