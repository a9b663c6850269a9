"""Rows written column by column are the very bytes that writing them value by value gives."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from vault.records import row_texts
from vault.records.cells import cell
from vault.records.row_texts import csv_rows, json_rows
from vault.records.vectors import numbers_of

MOMENTS = some.datetimes(timezones=some.just(UTC))
KINDS = (
    (pa.float64(), some.floats() | some.integers(-(10**17), 10**17).map(float) | some.floats(-1e10, 1e10)),
    (pa.int64(), some.integers(-(2**63), 2**63 - 1)),
    (pa.bool_(), some.booleans()),
    (pa.string(), some.text(max_size=8) | some.text('",\r\n\\\t a\x00\x1f\x7f\u2028', max_size=6)),
    (pa.timestamp("us", tz="UTC"), MOMENTS | MOMENTS.map(lambda moment: moment.replace(microsecond=0))),
    (pa.binary(16), some.binary(min_size=16, max_size=16)),
)
Columns = list[pa.Array]


@some.composite
def tables(draw: some.DrawFn) -> Columns:
    rows = draw(some.integers(0, 4))
    kinds = draw(some.lists(some.sampled_from(KINDS), min_size=1, max_size=3))
    return [
        pa.array(draw(some.lists(some.none() | values, min_size=rows, max_size=rows)), kind)
        for kind, values in kinds
    ]


def csv_by_value(columns: Columns) -> bytes:
    file = io.StringIO(newline="")
    cells = [[cell(value) for value in column.to_pylist()] for column in columns]
    csv.writer(file).writerows(zip(*cells, strict=True))
    return file.getvalue().encode()


def json_by_value(names: list[str], columns: Columns) -> bytes | None:
    """None for what JSON does not have."""
    rows = pa.record_batch(columns, names=names).to_pylist()
    try:
        lines = [json.dumps(row, ensure_ascii=False, allow_nan=False, default=json_value) for row in rows]
    except ValueError:
        return None
    return "".join(f"{line}\n" for line in lines).encode()


def json_value(value: object) -> object:
    return numbers_of(value) if isinstance(value, bytes) else cell(value)


def json_at_once(names: list[str], columns: Columns) -> bytes | None:
    try:
        return b"".join(map(bytes, json_rows(names, columns)))
    except ValueError:
        return None


def as_parts(columns: Columns) -> Columns:
    """The same values, somewhere within other memory."""
    return [pa.concat_arrays([column, column])[1:] for column in columns]


@settings(max_examples=40)
@given(tables(), some.lists(some.text(max_size=4), min_size=3, max_size=3, unique=True))
def test_rows_of_every_type_are_written_as_one_by_one(columns: Columns, names: list[str]) -> None:
    for these in (columns, as_parts(columns)):
        assert b"".join(map(bytes, csv_rows(these))) == csv_by_value(these)
        assert json_at_once(names[: len(these)], these) == json_by_value(names[: len(these)], these)


@pytest.mark.parametrize("least", [-5.0, 8.5, 14.0])
def test_numbers_of_every_size_have_their_shortest_exact_text(least: float) -> None:
    sizes = 10.0 ** np.linspace(least, least + 3, 2_000)
    column = pa.array(
        np.concatenate([sizes, np.round(sizes, 2), -np.round(sizes), 2.0 ** np.arange(-60, 60)])
    )

    assert b"".join(map(bytes, csv_rows([column]))) == csv_by_value([column])


def test_what_is_too_much_at_once_is_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = [pa.array(["a", "b,", None] * 20), pa.array(range(60))]
    monkeypatch.setattr(row_texts, "_AT_ONCE", 100)

    assert len(csv_rows(columns)) > 4
    assert b"".join(map(bytes, csv_rows(columns))) == csv_by_value(columns)
    assert json_at_once(["a", "b"], columns) == json_by_value(["a", "b"], columns)


@pytest.mark.parametrize("moment", [-(2**62), 2**62])
def test_a_time_outside_of_the_calendar_fails_as_it_does_one_by_one(moment: int) -> None:
    column = pa.array([0, moment, None], pa.int64()).cast(pa.timestamp("us", tz="UTC"))

    for write in (csv_rows, csv_by_value):
        with pytest.raises((ValueError, OverflowError)):
            write([column])


def test_the_ends_of_the_calendar_have_a_text() -> None:
    column = pa.array([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])

    assert b"".join(map(bytes, csv_rows([column]))) == csv_by_value([column])
