"""What a collection holds, in numbers."""

from __future__ import annotations

import pytest

from vault.records.collections import find_collection
from vault.records.reading import ColumnReader
from vault.records.summary import Point, summarise
from vault.views.over_time import DayRows, Every, PlaceCell

DIARY = (
    "at,n,x,b,mood,note\n"
    "2026-01-01,1,1.5,yes,good,p\n"
    "2026-01-01,2,,no,good,q\n"
    "2026-01-02,3,3.5,no,bad,r\n"
    "2026-01-04,9,5.5,no,bad,s\n"
)


def summaries(bench, *allowed):
    with bench.store.read() as uow:
        facts = find_collection(uow, "rows")
        reader = ColumnReader(uow, bench.keys, facts.id, frozenset(allowed)) if allowed else bench.owner(uow)
        return {summary.name: summary for summary in summarise(reader, facts)}


def test_numbers_have_ends_middles_and_a_histogram(bench):
    bench.load(DIARY)
    found = summaries(bench)["x"]

    assert (found.rows, found.nulls, found.distinct) == (4, 1, 3)
    assert (found.minimum, found.maximum, found.mean, found.median) == (1.5, 5.5, 3.5, 3.5)
    assert (len(found.histogram.counts), len(found.histogram.edges), sum(found.histogram.counts)) == (
        12,
        13,
        3,
    )
    assert (found.histogram.edges[0], found.histogram.edges[-1]) == (1.5, 5.5)


def test_labels_are_counted_and_single_texts_are_not(bench):
    bench.load(DIARY)
    found = summaries(bench)

    assert {("good", 2), ("bad", 2)} == set(found["mood"].top)
    assert found["b"].top == (("false", 3), ("true", 1))
    assert (found["b"].mean, found["b"].minimum) == (0.25, None)
    assert (found["note"].top, found["note"].mean) == ((), None)


def test_the_eight_commonest_labels_come_first(bench):
    bench.load("s\n" + "".join(f"label{number}\n" * (number + 2) for number in range(12)))

    assert tuple((f"label{number}", number + 2) for number in range(11, 3, -1)) == summaries(bench)["s"].top


def test_times_have_ends_as_text(bench):
    bench.load(DIARY)
    found = summaries(bench)["at"]

    assert (found.minimum, found.maximum) == ("2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z")


def test_numbers_run_over_time_by_their_mean_and_labels_by_their_count(bench):
    bench.load(DIARY)
    found = summaries(bench)
    days = ("2026-01-01", "2026-01-02", "2026-01-04")

    ends = ((1.5, 1, 2, 2), (3, 3, 3, 1), (9, 9, 9, 1))
    assert found["n"].over_time == tuple(
        Point(label=day, value=mean, low=low, high=high, rows=rows)
        for day, (mean, low, high, rows) in zip(days, ends, strict=True)
    )
    assert {one.low for one in found["b"].over_time} == {None}
    assert tuple(point.value for point in found["b"].over_time) == (0.5, 0, 0)
    assert tuple(point.value for point in found["mood"].over_time) == (2, 1, 1)
    assert (found["b"].is_mean, found["mood"].is_mean) == (True, False)


@pytest.mark.parametrize(
    ("last", "labels"),
    [
        ("2026-03-04", ["2026-01-01", "2026-03-04"]),
        ("2026-03-05", ["2025-12-29", "2026-03-02"]),
        ("2027-03-11", ["2025-12-29", "2027-03-08"]),
        ("2027-03-12", ["2026-01", "2027-03"]),
        ("2046-01-16", ["2026-01", "2046-01"]),
        ("2046-01-17", ["2026", "2046"]),
    ],
)
def test_a_long_time_is_told_in_weeks_months_and_years(bench, last, labels):
    bench.load(f"at,n\n2026-01-01,1\n{last},2\n")

    assert labels == [point.label for point in summaries(bench)["n"].over_time]


def test_without_times_nothing_runs_over_time(bench, numbered):
    bench.load(numbered(5))

    assert summaries(bench)["n"].over_time == ()


def test_a_reader_of_some_fields_summarises_those(bench):
    bench.load(DIARY)
    found = summaries(bench, "n")

    assert list(found) == ["n"]
    assert found["n"].over_time == ()


def test_an_empty_column_has_no_numbers(bench):
    bench.load('{"n":1,"x":null}\n{"n":2}\n', "rows.jsonl")
    found = summaries(bench)["x"]

    assert (*(found.nulls, found.distinct, found.minimum, found.mean, found.histogram, found.top),) == (
        2,
        0,
        None,
        None,
        None,
        (),
    )


@pytest.mark.parametrize(
    "cells", [["1.7e308", "-1.7e308", "1.7e308"], ["9223372036854775807", "9007199254740993", "1"]]
)
def test_the_largest_numbers_are_summarised_too(bench, cells):
    """Sums beyond the range of a float are left out, not shown as infinite."""
    bench.load("n\n" + "\n".join(cells) + "\n")
    found = summaries(bench)["n"]

    assert found.maximum == max(float(cell) if "e" in cell else int(cell) for cell in cells)
    assert found.mean is None or abs(found.mean) < 2e308


def test_one_value_makes_a_histogram(bench):
    bench.load("n\n5\n5\n")

    assert sum(summaries(bench)["n"].histogram.counts) == 2


def test_labels_run_over_time_by_their_share(bench):
    bench.load(DIARY)
    good, bad = summaries(bench)["mood"].shares

    assert {good.label, bad.label} == {"good", "bad"}
    assert sorted(tuple(one.value for one in share.over_time) for share in (good, bad)) == [
        (0, 1, 1),
        (1, 0, 0),
    ]


def test_a_column_of_times_says_which_days_have_rows(bench):
    bench.load(DIARY)
    found = summaries(bench)["at"]

    assert found.calendar.days == (
        DayRows(day="2026-01-01", rows=2),
        DayRows(day="2026-01-02", rows=1),
        DayRows(day="2026-01-04", rows=1),
    )
    assert (found.every, found.calendar.earlier, found.calendar.zone) == (Every.DAY, 0, None)


def test_days_are_those_of_the_privacy_unit(bench):
    """A day begins in the zone of the unit, also on the screen."""
    bench.load(
        "at,n\n2026-01-01T23:30:00Z,1\n2026-01-02T12:00:00Z,3\n",
        unit="day",
        time_field="at",
        zone="Europe/Berlin",
    )
    found = summaries(bench)

    assert [one.label for one in found["n"].over_time] == ["2026-01-02"]
    assert (found["at"].calendar.days, found["at"].calendar.zone) == (
        (DayRows(day="2026-01-02", rows=2),),
        "Europe/Berlin",
    )


def test_places_are_counted_by_rounded_cell(bench):
    rows = "52.5312,13.3812\n52.5299,13.3798\n-33.9001,-18.4002\n,13\n95,13\n"
    bench.load(f"latitude,longitude,from_latitude\n{rows.replace(chr(10), ',1.5' + chr(10))}")
    found = summaries(bench)

    assert found["latitude"].places == found["longitude"].places
    assert (found["latitude"].places.decimals, found["latitude"].places.cells) == (
        2,
        (
            PlaceCell(latitude=52.53, longitude=13.38, rows=2),
            PlaceCell(latitude=-33.9, longitude=-18.4, rows=1),
        ),
    )
    assert found["from_latitude"].places is None


def test_many_places_are_rounded_more(bench):
    bench.load("lat,lon\n" + "".join(f"{50 + step / 100},{step / 1000}\n" for step in range(100)))
    found = summaries(bench)["lat"].places

    assert (found.decimals, sum(cell.rows for cell in found.cells) + found.other_rows) == (1, 100)
    assert all(round(cell.latitude, 1) == cell.latitude for cell in found.cells)


def test_numbers_that_lie_as_close_as_numbers_can_have_no_histogram(bench):
    bench.load("n\n1.0\n1.0000000000000002\n")
    found = summaries(bench)["n"]

    assert (found.histogram, found.distinct, found.median) == (None, 2, 1.0)


def test_rows_in_no_order_of_time_have_the_same_means_and_ends(bench):
    bench.load("at,x\n2026-01-02,3\n2026-01-01,2\n2026-01-02,\n,7\n2026-01-01,1\n2026-01-02,5\n")
    found = summaries(bench)["x"].over_time

    assert [(one.label, one.value, one.low, one.high, one.rows) for one in found] == [
        ("2026-01-01", 1.5, 1, 2, 2),
        ("2026-01-02", 4, 3, 5, 2),
    ]
