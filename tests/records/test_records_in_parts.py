"""Keys, marks and parts of a day are made of some rows at a time, and are the same as of all at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.records import fingerprint, minhash, normalised
from vault.records.normalised import Keys
from vault.views.field_types import UnitKind, UnitSpec

TEXTS = st.lists(
    st.none() | st.sampled_from(["a", "b", " A", "1", "1.5", "yes", "0007", "nO"]) | st.text(max_size=4)
)
NUMBERS = st.lists(
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-3, 3).map(float) | st.just(1e-5)
)


def in_parts(of: int, make: object) -> object:
    """What is made where so many rows at a time are looked at."""
    assert callable(make)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(minhash, "_IN_CACHE", of)
        patch.setattr(normalised, "_IN_CACHE", of)
        patch.setattr(normalised, "_AT_ONCE", of)
        patch.setattr(fingerprint, "ENOUGH", max(of, 2))
        return make()


@given(texts=TEXTS, numbers=NUMBERS, size=st.integers(1, 4), version=st.sampled_from([1, 2]))
def test_keys_are_the_same_however_many_are_made_at_once(
    texts: list[str | None], numbers: list[float], size: int, version: int
) -> None:
    columns = pa.chunked_array([texts], pa.string()), pa.chunked_array([numbers], pa.float64())

    def keys() -> list[list[int]]:
        made: list[Keys] = [minhash.mixed(normalised.keys_of(one, version)[0], 7) for one in columns]
        return [each.tolist() for each in made]

    assert in_parts(size, keys) == in_parts(10**6, keys)


@given(
    values=st.lists(st.integers(0, 2), min_size=1, max_size=40),
    step=st.integers(0, 40),
    of_weekdays=st.booleans(),
)
def test_the_first_days_tell_no_column_from_the_calendar_that_all_do_not(
    values: list[int], step: int, of_weekdays: bool
) -> None:
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=step * at) for at in range(len(values))]
    marks = [day.weekday() for day in days] if of_weekdays else values
    table = pa.table({"day": pa.array(days, pa.timestamp("us", "UTC")), "mark": pa.array(marks, pa.int64())})
    unit = UnitSpec(kind=UnitKind.DAY)

    def is_of_it() -> bool:
        anchor = fingerprint._anchor(table, unit, "day", 1, 2)
        # A seed of 64 bits, as every vault has one: beside a small one a part of a day is mixed as a value is.
        column = fingerprint._column(table, "mark", 0x9E3779B97F4A7C15, 2)
        assert anchor is not None
        return fingerprint._is_of_the_calendar(anchor, column, np.ones(len(values), dtype=bool))

    assert in_parts(3, is_of_it) == in_parts(10**6, is_of_it)
