"""Single values: what fits a type, and how types are told from a sample."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.importers.column_reading import is_category, read_column
from vault.importers.marks import MISSING
from vault.importers.values import AS_TYPE, as_bool, as_float, as_int, as_timestamp, misfit
from vault.records.cells import cell
from vault.views.field_types import FieldType


def fits(value: object, wanted: FieldType) -> bool:
    """Whether the value is one of that type."""
    try:
        AS_TYPE[wanted](value)
    except ValueError:
        return False
    return True


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
        assert reason.startswith(("not ", "a nested value", "a list"))
        assert not (isinstance(value, str) and len(value) > 20 and value in reason)


def test_a_column_that_is_seldom_filled_keeps_its_type(parse):
    lines = [f"{number}," for number in range(20_000)]
    lines[7777] += "1.5"
    lines[7778] += "2"
    parsed = parse("n,x\n" + "\n".join(lines) + "\n")

    assert (parsed.fields[1].type.value, parsed.notes) == ("float", ())


def test_one_odd_cell_makes_a_text_that_says_how_many_rows_a_type_would_refuse(parse):
    """A guess never loses a row: Norway is NO, and post codes begin with zeros."""
    parsed = parse("land,zip\n" + "yes,7\n" * 98 + "SE,07\nno,8\n")

    assert [field.type.value for field in parsed.fields] == ["category", "category"]
    assert (parsed.table.num_rows, parsed.refused) == (100, ())
    assert parsed.notes == (
        "99 of 100 cells in land look like truth values: it is kept as a category. With the type bool, 1 row would "
        "be refused.",
        "99 of 100 cells in zip look like whole numbers: it is kept as a category. With the type int, 1 row would "
        "be refused.",
        "The columns land, zip hold few texts, often repeated: they are kept as categories. As text: --type land=text "
        "--type zip=text",
    )


@pytest.mark.parametrize("missing", MISSING)
def test_what_stands_for_a_missing_number_is_one_and_said(parse, missing):
    parsed = parse(f"n,x,s\n1,0.5,a\n{missing},{missing},{missing}\n3,2.5,b\n")

    assert [parsed.table[name].to_pylist() for name in "nxs"] == [
        [1, None, 3],
        [0.5, None, 2.5],
        ["a", missing, "b"],
    ]
    assert parsed.notes == tuple(f"In {name}, {missing} (once) counts as missing." for name in "nx")


NUMBER = st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)


@given(cells=st.lists(NUMBER, min_size=1, max_size=5))
def test_a_number_is_guessed_only_where_every_cell_comes_back(cells):
    """What is exported is the value that stood in the file (importing rule 1)."""
    raw = pa.chunked_array([cells])
    found = read_column("n", raw, None, is_spelled=True)

    assert [Decimal(cell(value)) for value in found.values.to_pylist()] == [Decimal(one) for one in cells]
    if found.type in (FieldType.TEXT, FieldType.CATEGORY):
        assert found.values.to_pylist() == cells


@pytest.mark.parametrize("tiny", ["0." + "0" * 400 + "1", "0." + "0" * 318 + "123456"])
def test_what_is_too_small_for_a_number_is_a_text(tiny):
    found = read_column("n", pa.chunked_array([["0.5", tiny]]), None, is_spelled=True)

    assert found.values.to_pylist() == ["0.5", tiny]


@given(cells=st.lists(st.text(max_size=12) | NUMBER, min_size=1, max_size=6))
def test_whole_columns_are_read_as_single_cells_are(cells):
    """The two ways of reading agree: many at once where all fit, one by one where a type is given."""
    raw = pa.chunked_array([cells], type=pa.string())
    found = read_column("n", raw, None, is_spelled=True)
    again = read_column("n", list(cells), found.type, is_spelled=True)

    assert again.refused == found.refused
    assert again.values.to_pylist() == found.values.to_pylist()


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
