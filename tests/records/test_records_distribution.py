"""Counts, middles and histograms of a column are those that the libraries find value by value."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from vault.records.distribution import BINS, count_distinct, histogram, median, sorted_numbers

FLOATS = some.floats() | some.sampled_from([0.0, -0.0, float("nan"), float("inf"), 1.0])
COLUMNS = some.one_of(
    some.lists(some.none() | FLOATS, max_size=9).map(lambda values: pa.array(values, pa.float64())),
    some.lists(some.none() | some.integers(-(2**63), 2**63 - 1), max_size=9).map(
        lambda values: pa.array(values, pa.int64())
    ),
    some.lists(some.none() | some.text(max_size=1), max_size=9).map(
        lambda values: pa.array(values, pa.string())
    ),
)


@settings(max_examples=60)
@given(COLUMNS)
def test_as_many_values_differ_and_the_middle_is_where_the_library_finds_them(values: pa.Array) -> None:
    column = pa.chunked_array([values, values], type=values.type)

    assert count_distinct(column) == pc.count_distinct(column, mode="only_valid").as_py()
    if not pa.types.is_string(values.type):
        assert median(sorted_numbers(column)) == pytest.approx(
            pc.quantile(column, 0.5)[0].as_py(), rel=0, abs=0, nan_ok=True
        )


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
