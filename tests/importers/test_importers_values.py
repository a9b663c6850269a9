"""Single values: what fits a type, and how types are told from a sample."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.importers.infer import SAMPLE_VALUES, is_category, sample
from vault.importers.source import RawBatch
from vault.importers.values import as_bool, as_float, as_int, as_timestamp, fits, misfit
from vault.records.cells import cell
from vault.views.field_types import FieldType

SINGLE = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes() | st.dates()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_comes_back_from_its_text(number):
    assert number == as_float(cell(number))


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_whole_number_comes_back_from_its_text(number):
    assert number == as_int(cell(number))


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_time_comes_back_from_its_text(moment):
    assert moment == as_timestamp(cell(moment))


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_whole_numbers_stop_at_64_bits(number):
    assert not fits(number, FieldType.INT)
    assert not fits(str(number), FieldType.INT)


@pytest.mark.parametrize(
    "text", ["1_000", "0x10", "１２", "1,5", "1 000", "--1", "1e", "e5", ".", "+5", "007"]
)
def test_only_plain_numbers_are_numbers(text):
    assert not fits(text, FieldType.FLOAT)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T08:30", datetime(2026, 1, 31, 8, 30, tzinfo=UTC)),
        ("2026-01-31t08:30:15.25z", datetime(2026, 1, 31, 8, 30, 15, 250_000, tzinfo=UTC)),
        ("2026-01-31 08:30:15 -0330", datetime(2026, 1, 31, 12, 0, 15, tzinfo=UTC)),
        ("2026-01-31T00:30:00+01", datetime(2026, 1, 30, 23, 30, tzinfo=UTC)),
    ],
)
def test_times_are_brought_to_utc(text, moment):
    assert moment == as_timestamp(text)


@pytest.mark.parametrize(
    "text",
    ["2026-02-30", "2026-13-01", "2026-01-31T25:00", "20260131", "2026-W01", "0001-01-01T00:00:00+05:00"],
)
def test_days_that_no_calendar_has_are_no_times(text):
    assert not fits(text, FieldType.TIMESTAMP)


@pytest.mark.parametrize(
    ("value", "truth"), [("TRUE", True), (" no ", False), ("1", True), (0, False), (True, True)]
)
def test_truth_values_have_six_spellings(value, truth):
    assert as_bool(value) is truth


@given(value=SINGLE | st.lists(SINGLE, max_size=2), wanted=st.sampled_from(FieldType))
def test_a_value_fits_or_has_a_reason_whatever_it_is(value, wanted):
    """No value raises anything but ValueError, and no reason repeats a text."""
    if not fits(value, wanted):
        reason = misfit(value, wanted)
        assert reason.startswith(("not ", "a nested value"))
        assert not (isinstance(value, str) and len(value) > 20 and value in reason)


def lone(values):
    return RawBatch(lines=range(len(values)), columns=[values])


@given(st.lists(st.integers(1, 3000), max_size=12), st.integers(1, 3))
def test_a_sample_is_spread_evenly_over_all_batches(sizes, every):
    """However the rows are cut into batches, and however seldom a value is known."""
    rows = iter(range(sum(sizes)))
    batches = [
        lone([row if row % every == 0 else None for row in itertools.islice(rows, size)]) for size in sizes
    ]
    taken = sample(batches)[0] if sizes else []
    known = len(range(0, sum(sizes), every))

    assert min(known, SAMPLE_VALUES) <= len(taken) <= 2 * SAMPLE_VALUES
    assert len({after - before for before, after in itertools.pairwise(taken)}) <= 1
    assert taken[:1] == [0][: len(sizes)]


def test_a_column_that_is_seldom_filled_keeps_its_type(parse):
    lines = [f"{number}," for number in range(20_000)]
    lines[7777] += "1.5"
    lines[7778] += "2"
    parsed = parse("n,x\n" + "\n".join(lines) + "\n")

    assert (parsed.fields[1].type.value, parsed.notes) == ("float", ())


@pytest.mark.parametrize(
    ("misfits", "known"),
    [(5, FieldType.INT), (6, FieldType.TEXT)],
)
def test_at_most_one_misfit_in_twenty_leaves_a_column_its_type(parse, misfits, known):
    parsed = parse("n\n" + "7\n" * (100 - misfits) + "".join(f"odd{n}\n" for n in range(misfits)), types={})

    assert known is (FieldType.TEXT if parsed.fields[0].type is FieldType.CATEGORY else parsed.fields[0].type)
    assert (misfits if known is FieldType.INT else 0) == len(parsed.refused)


def test_few_fractions_among_whole_numbers_make_numbers_and_no_refusals(parse):
    parsed = parse("n\n" + "7\n" * 98 + "1.5\n2.5\n")

    assert (parsed.fields[0].type, parsed.refused) == (FieldType.FLOAT, ())


@pytest.mark.parametrize(
    ("cells", "known"),
    [
        (["0", "1", "1"], FieldType.INT),
        (["0", "1", "yes"], FieldType.BOOL),
        (["true", "False", "NO"], FieldType.BOOL),
    ],
)
def test_zero_and_one_alone_are_whole_numbers(parse, cells, known):
    assert known == parse("b\n" + "\n".join(cells) + "\n").fields[0].type


@pytest.mark.parametrize(
    ("labels", "rows", "verdict"),
    [(32, 64, True), (33, 99, False), (32, 63, False), (1, 2, True), (1, 1, False)],
)
def test_a_category_has_at_most_32_labels_and_two_rows_for_each(labels, rows, verdict):
    column = pa.chunked_array([[f"label {row % labels}" for row in range(rows)] + [None] * 50])

    assert verdict is is_category(column)


def test_a_column_of_nulls_is_no_category():
    assert not is_category(pa.chunked_array([pa.nulls(9, pa.string())]))
