"""Parquet files, friendly and hostile."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vault.errors.records import Unreadable
from vault.views.field_types import FieldType


@pytest.fixture
def packed(parse):
    """Parse columns written as Parquet."""

    def packed(columns, **options):
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table(columns), sink)
        return parse(sink.getvalue().to_pybytes(), "rows.parquet", **options)

    return packed


def test_types_are_those_of_the_file(packed):
    parsed = packed(
        {
            "n": pa.array([0, 1, None], pa.int8()),
            "big": pa.array([1, 2, 3], pa.uint64()),
            "x": pa.array([1.0, None, 3.0], pa.float32()),
            "money": [Decimal("1.25"), None, Decimal("3.50")],
            "b": [True, None, False],
            "s": pa.array(["1", "2", None]).dictionary_encode(),
            "day": [date(2026, 1, 1), None, date(2026, 1, 2)],
            "at": pa.array([datetime(2026, 1, 1, 8, tzinfo=UTC)] * 3, pa.timestamp("ns", tz="Europe/Berlin")),
        }
    )

    assert [field.type for field in parsed.fields] == [
        "int",
        "int",
        "float",
        "float",
        "bool",
        "text",
        "timestamp",
        "timestamp",
    ]
    assert parsed.table["money"].to_pylist() == [1.25, None, 3.5]
    assert [datetime(2026, 1, 1, tzinfo=UTC), None, datetime(2026, 1, 2, tzinfo=UTC)] == parsed.table[
        "day"
    ].to_pylist()
    assert {datetime(2026, 1, 1, 8, tzinfo=UTC)} == set(parsed.table["at"].to_pylist())
    assert parsed.lines.to_pylist() == [1, 2, 3]


def test_times_without_a_zone_are_utc_and_told(packed):
    parsed = packed({"at": pa.array([datetime(2026, 1, 1, 8)], pa.timestamp("ms"))})  # noqa: DTZ001 - is the point

    assert [datetime(2026, 1, 1, 8, tzinfo=UTC)] == parsed.table["at"].to_pylist()
    assert parsed.notes == ("The times in at carry no zone: they are taken as UTC.",)


def test_not_a_number_is_missing_and_said(packed):
    parsed = packed({"x": [1.0, float("nan"), 4.0]})

    assert (parsed.table["x"].to_pylist(), parsed.refused) == ([1.0, None, 4.0], ())
    assert parsed.notes == ("In x, NaN (once) counts as missing.",)


def test_infinities_make_a_text(packed):
    parsed = packed({"x": [1.5, float("inf"), float("nan"), None]})

    assert parsed.table["x"].to_pylist() == ["1.5", "inf", "nan", None]
    assert "holds infinities" in parsed.notes[0]


def test_an_integer_beyond_64_bits_with_sign_makes_a_text_of_every_digit(packed):
    parsed = packed({"n": pa.array([1, 2**63], pa.uint64())})

    assert (parsed.table["n"].to_pylist(), parsed.refused) == (["1", str(2**63)], ())


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([Decimal("12"), Decimal("-7")], [12, -7]),
        ([Decimal("12.50"), None, Decimal("-0.1")], [12.5, None, -0.1]),
        (
            [Decimal("123456789012345678901"), Decimal("0.1")],
            ["123456789012345678901.0", "0.1"],
        ),
    ],
)
def test_a_decimal_is_a_number_only_where_nothing_of_it_is_lost(packed, values, kept):
    assert packed({"d": values}).table["d"].to_pylist() == kept


def test_old_times_of_parquet_keep_their_years(parse):
    """INT96, as old writers had it; as nanoseconds they would wrap to other centuries."""
    sink = pa.BufferOutputStream()
    far = [datetime(1500, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]
    pq.write_table(
        pa.table({"at": pa.array(far, pa.timestamp("us", tz="UTC"))}),
        sink,
        use_deprecated_int96_timestamps=True,
    )
    assert parse(sink.getvalue().to_pybytes(), "old.parquet").table["at"].to_pylist() == far


def test_a_page_that_does_not_fit_its_checksum_is_damage(parse):
    sink = pa.BufferOutputStream()
    table = pa.table({"n": pa.array(range(1000), pa.int64())})
    pq.write_table(table, sink, write_page_checksum=True, compression="none", use_dictionary=False)
    data = bytearray(sink.getvalue().to_pybytes())
    data[data.index((500).to_bytes(8, "little"))] ^= 1

    with pytest.raises(Unreadable, match="it is damaged"):
        parse(bytes(data), "rows.parquet")


def test_a_column_without_values_is_an_empty_text(packed):
    parsed = packed({"x": pa.nulls(2)})

    assert (parsed.fields[0].type, parsed.table["x"].to_pylist()) == (FieldType.TEXT, [None, None])


def test_rows_are_counted_across_row_groups(parse):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"n": range(20_000)}), sink, row_group_size=3000)
    parsed = parse(sink.getvalue().to_pybytes(), "rows.parquet")

    assert (parsed.table.num_rows, parsed.lines[-1].as_py()) == (20_000, 20_000)


@pytest.mark.parametrize("values", [[["a"]], [{"a": 1}], [b"x"]])
def test_nested_values_and_bytes_are_not_taken(packed, values):
    with pytest.raises(Unreadable, match="the column x does not hold single numbers, texts or times"):
        packed({"x": values})


def test_times_beyond_the_calendar_are_not_taken(packed):
    with pytest.raises(Unreadable, match="holds times that no calendar has"):
        packed({"at": pa.array([2**60], pa.timestamp("us"))})


def test_a_renamed_file_is_not_taken(parse):
    with pytest.raises(
        Unreadable, match=r"rows\.parquet cannot be read as parquet: it is damaged or not Parquet"
    ):
        parse(b"PAR1 but no more", "rows.parquet")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 255)), min_size=1, max_size=5),
    cut=st.integers(0, 40),
)
def test_damage_is_read_or_refused_and_never_anything_else(parse, places, cut):
    """Flipped and missing bytes end in a table or in Unreadable."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"n": [1, None, 3], "s": ["a", "b", None]}), sink)
    content = bytearray(sink.getvalue().to_pybytes())
    for place, flip in places:
        content[place % len(content)] ^= flip
    try:
        parsed = parse(bytes(content[: len(content) - cut]), "rows.parquet", as_format="parquet")
    except Unreadable:
        return
    assert parsed.table.num_rows == len(parsed.lines)


def test_large_names_that_are_doubles_may_have_become_one(packed):
    large = packed({"id": [9007199254740992.0, 9007199254740992.0], "n": [1, 2]}, unit_column="id")
    small = packed({"id": [17.0, 18.0], "n": [1, 2]}, unit_column="id")

    assert large.notes == (
        "The column id holds numbers of over 15 digits as doubles: such that differed may have become one when the "
        "file was written.",
    )
    assert small.notes == ()
