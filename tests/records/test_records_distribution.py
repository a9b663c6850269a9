"""Counts, middles and histograms of a column are those that the libraries find value by value."""

from __future__ import annotations

import struct
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from vault.records import distinct
from vault.records.distinct import count_distinct
from vault.records.distribution import BINS, histogram, median, spread
from vault.records.over_time import course_of
from vault.views.over_time import Every

OTHER_NAN = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_0000_0001))[0]
FLOATS = some.floats() | some.sampled_from(
    [0.0, -0.0, float("nan"), -OTHER_NAN, OTHER_NAN, float("inf"), 1.0]
)
TEXTS = some.text(max_size=20) | some.sampled_from(["a", "a\0", "\0", "ä" * 9, "12345678", "123456789"])
DECIMALS = some.integers(-400, 400).map(lambda hundredths: hundredths / 100) | some.sampled_from([0.0, -0.0])
COLUMNS = some.one_of(
    some.lists(some.none() | DECIMALS, max_size=9).map(lambda values: pa.array(values, pa.float64())),
    some.lists(some.none() | some.integers(0, 8), max_size=9).map(
        lambda values: pa.array(values, pa.int64())
    ),
    some.lists(some.none() | FLOATS, max_size=9).map(lambda values: pa.array(values, pa.float64())),
    some.lists(some.none() | some.integers(-(2**63), 2**63 - 1), max_size=9).map(
        lambda values: pa.array(values, pa.int64())
    ),
    some.lists(some.none() | TEXTS, max_size=9).map(lambda values: pa.array(values, pa.string())),
    some.lists(some.none() | some.integers(-(10**6), 10**6), max_size=9).map(
        lambda values: pa.array(values, pa.timestamp("us", "UTC"))
    ),
)


@settings(max_examples=80)
@given(COLUMNS, COLUMNS)
def test_as_many_values_differ_and_the_middle_is_where_the_library_finds_them(
    values: pa.Array, more: pa.Array
) -> None:
    column = pa.chunked_array([values, more if more.type == values.type else values], type=values.type)
    known = column.drop_null()

    if not (pa.types.is_floating(values.type) or pa.types.is_int64(values.type)):
        assert count_distinct(column) == len(set(known.to_pylist()))
        return
    found = spread(column)
    form = "<d" if pa.types.is_floating(values.type) else "<q"
    assert found.distinct == len({struct.pack(form, value) for value in known.to_pylist()})
    assert median(found.ordered) == pytest.approx(
        pc.quantile(column, 0.5)[0].as_py(), rel=0, abs=0, nan_ok=True
    )


DAYS = (
    some.none()
    | some.dates(date(1990, 1, 1), date(1991, 12, 31))
    | some.sampled_from([date(1, 1, 1), date.max])
)


@given(some.lists(DAYS, max_size=9), some.integers(0, 40), some.sampled_from(Every))
def test_each_day_falls_into_the_step_that_the_library_says(
    days: list[date | None], times: int, every: Every
) -> None:
    column = pa.chunked_array([pa.array(days * times, pa.date32()), pa.array(days, pa.date32())])

    steps = course_of(column, every).steps

    assert steps.equals(pc.floor_temporal(column, unit=every.value, week_starts_monday=True))


def colliding(text: bytes) -> bytes:
    """Another text of 16 ASCII characters with the same mark."""
    every = 2**64 - 1
    spread_by, first, other = map(int, distinct._FACTORS[1:4])

    def mixed(word: bytes) -> int:
        product = int.from_bytes(word, "little") * spread_by & every
        return product ^ (product >> 32)

    wanted = mixed(text[:8]) * first + mixed(text[8:]) * other
    for number in range(10**5):
        begin = b"%08d" % number
        rest = (wanted - mixed(begin) * first) * pow(other, -1, 2**64) & every
        end = (rest ^ (rest >> 32)) * pow(spread_by, -1, 2**64) & every
        if (last := end.to_bytes(8, "little")).isascii():
            return begin + last
    raise AssertionError("one in 256 ends in ASCII")


def test_texts_that_were_made_to_have_one_mark_are_told_apart() -> None:
    text = b"these are 16 sig"
    texts = pa.array([text.decode(), colliding(text).decode(), "another one", "another one", None])
    assert len(set(distinct._marks(texts[:2]).tolist())) == 1, "or this test shows nothing"

    assert count_distinct(pa.chunked_array([texts, texts])) == 3
    assert count_distinct(pa.chunked_array([texts[:1], texts[:1]])) == 1


@pytest.mark.parametrize("longest", [1, distinct._LONGEST, distinct._LONGEST + 1])
def test_texts_are_counted_however_long_they_are(longest: int) -> None:
    texts = [str(number).rjust(longest, "x")[:longest] for number in range(9)]

    assert count_distinct(pa.chunked_array([texts, texts[:4], [""], [None]], type=pa.string())) == 10
    assert count_distinct(pa.chunked_array([[""], ["", None]], type=pa.string())) == 1
    assert count_distinct(pa.chunked_array([[None]], type=pa.string())) == 0


@settings(max_examples=40)
@given(some.lists(some.floats(-1e9, 1e9) | some.integers(-3, 9).map(float), min_size=2, max_size=9))
def test_a_histogram_counts_what_the_library_counts(values: list[float]) -> None:
    found = histogram(np.sort(values))

    if found is None:
        with pytest.raises(ValueError, match="Too many bins"):
            np.histogram(values, bins=BINS)
        return
    counts, edges = np.histogram(values, bins=BINS)
    assert (found.counts, found.edges) == (tuple(counts), tuple(edges))
