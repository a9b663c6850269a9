"""A page opens what it shows and no more; a search finds what is written in the cells, and counts it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sweeps import sweep
from vault.errors.families import Invalid
from vault.errors.records import UnknownField
from vault.errors.storage import Damaged
from vault.records import reading
from vault.records.browsing import LONGEST_CELL, check_fits, check_page, fits, page
from vault.records.cells import cell
from vault.records.collections import find_collection
from vault.records.imports import choose
from vault.store.tables import Segment
from vault.views.field_types import FieldType
from vault.views.records import RowFilter

MIXED = """when,amount,count,yes,word
2026-01-02T03:04:05Z,70.0,12,true,Straße
2026-01-02T03:04:05.250Z,0.1,-12,false,"two
lines"
2026-12-31,1e300,9007199254740993,true,ÅNGSTRÖM
,,,,
1999-05-06,-3.5e-7,0,false,a.c
2000-01-01,inf?,1,true,abc
"""


def look(bench, *, first=0, limit=100, search="", only=None):
    with bench.store.read() as uow:
        facts = find_collection(uow, "rows")
        wanted = only or RowFilter(text=search)
        return page(bench.owner(uow), facts, wanted, first=first, limit=limit)


@pytest.fixture
def opened(monkeypatch):
    """The stripe of every segment that is opened."""
    stripes, real = [], reading.open_segment
    monkeypatch.setattr(
        reading, "open_segment", lambda key, blob, at: stripes.append(at.stripe) or real(key, blob, at)
    )
    return stripes


# pages ----------------------------------------------------------------------------------------------------


def test_a_page_holds_the_rows_in_their_order_with_their_numbers(full):
    shown = look(full, first=10, limit=3)

    assert shown.columns == ("n", "half", "word")
    assert shown.rows == (("10", "5.0", "w10"), ("11", "5.5", "w11"), ("12", "6.0", "w12"))
    assert (
        shown.row_numbers,
        shown.first,
        shown.total,
        shown.matches,
        shown.search,
    ) == ((11, 12, 13), 10, 5000, 5000, "")


def test_a_page_opens_the_stripes_it_shows_and_no_other(full, opened):
    look(full, first=100, limit=500)
    assert {0} == set(opened)
    opened.clear()
    look(full, first=4096, limit=1)
    assert {1} == set(opened)
    opened.clear()
    shown = look(full, first=4094, limit=4)
    assert {0, 1} == set(opened)
    assert [row[0] for row in shown.rows] == ["4094", "4095", "4096", "4097"]


@pytest.mark.parametrize("first", [5000, 5001, 2**62])
def test_behind_the_end_there_is_nothing(full, opened, first):
    shown = look(full, first=first)

    assert (shown.rows, shown.row_numbers, shown.matches) == ((), (), 5000)
    assert opened == []


def test_the_last_page_ends_with_the_last_row(full):
    shown = look(full, first=4998, limit=500)

    assert shown.row_numbers == (4999, 5000)


def test_a_page_of_rows_that_were_changed_is_refused(full):
    with full.store.write() as uow:
        uow.delete(uow.find(Segment, stripe=1)[0])
        uow.commit()
    with pytest.raises(Damaged):
        look(full, first=4500)


def test_long_cells_are_cut_and_what_steers_a_terminal_is_a_dot(bench):
    bench.load('text\n"\x1b[31mred\nline"\n' + "x" * (LONGEST_CELL + 1) + "\n" + "y" * LONGEST_CELL + "\n")
    rows = look(bench).rows

    assert rows[0] == ("·[31mred·line",)
    assert rows[1] == ("x" * (LONGEST_CELL - 1) + "…",)
    assert rows[2] == ("y" * LONGEST_CELL,)


# search ---------------------------------------------------------------------------------------------------


def found_by_hand(bench, text):
    """The numbers of the rows one of whose cells, written out, holds the text in whatever case."""
    with bench.store.read() as uow:
        (batch,) = bench.owner(uow).stripes([field.name for field in find_collection(uow, "rows").fields])
        rows = batch.to_pylist()
    return tuple(
        number
        for number, row in enumerate(rows, start=1)
        if any(text.lower() in cell(value).lower() for value in row.values())
    )


@pytest.fixture
def mixed(bench):
    bench.load(MIXED)
    return bench


SEARCHES = [
    *("70", "70.0", "0.1", "1e+300", "e+", "inf", "-3.5e-07", "12", "-12", "9007199254740993", "0"),
    *("true", "RUE", "2026", "2026-01-02T03", "t03:04", "05.25", "05.250000Z", "00Z", ".0", "z", "31T", "-"),
    *("straße", "STRA", "ångström", "two", "a.c", "(", "\\", "nothing of it", "%", "·", "lines"),
]


@pytest.mark.parametrize("types", sweep([{}, {"amount": FieldType.FLOAT}]))
def test_a_search_finds_what_is_written_in_the_cells(bench, types):
    """The oracle writes every cell out as it is exported, and looks for each text in it."""
    parsed = bench.parse(MIXED, types=types)
    with bench.act() as act:
        bench.put(act, parsed, choose(act.uow, "rows", parsed.fields))

    for text in SEARCHES:
        shown = look(bench, search=text)
        assert (text, found_by_hand(bench, text)) == (text, shown.row_numbers)
        assert shown.matches == len(shown.row_numbers), text


def test_some_searches_find_something_and_some_nothing(mixed):
    counts = {text: look(mixed, search=text).matches for text in SEARCHES}

    assert {0, 1, 2} <= set(counts.values())
    assert (counts["05.250000Z"], counts["nothing of it"]) == (1, 0)


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
def test_pages_of_a_search_are_pieces_of_all_it_finds(full, data):
    text = data.draw(st.sampled_from(["9", "99", "w4", ".5", "4095", "w", "Q"]))
    first, limit = data.draw(st.integers(0, 5200)), data.draw(st.integers(1, 500))
    expected = [n for n in range(5000) if any(text.lower() in cell for cell in (str(n), str(n / 2), f"w{n}"))]
    shown = look(full, first=first, limit=limit, search=text)

    assert len(expected) == shown.matches
    assert expected[first : first + limit] == [number - 1 for number in shown.row_numbers]
    assert [str(n) for n in expected[first : first + limit]] == [row[0] for row in shown.rows]


def test_a_search_opens_no_column_that_cannot_hold_the_text(full, monkeypatch):
    names, real = [], reading.open_segment
    monkeypatch.setattr(
        reading, "open_segment", lambda key, blob, at: names.append(at.field.name) or real(key, blob, at)
    )
    look(full, search="nowhere at all")

    assert {"word"} == set(names)


# what cannot be asked for ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"limit": 501}, "a page has 1 to 500 rows"),
        ({"limit": 0}, "a page has 1 to 500 rows"),
        ({"limit": -1}, "a page has 1 to 500 rows"),
        ({"first": -1}, "a page begins at row 0 or later"),
        ({"search": "a\nb"}, "a search is at most 200 printable characters"),
        ({"search": "\x1b[2J"}, "a search is at most 200 printable characters"),
        ({"search": "\u202e"}, "a search is at most 200 printable characters"),
        ({"search": "x" * 201}, "a search is at most 200 printable characters"),
        ({"search": "x" * 10_000}, "a search is at most 200 printable characters"),
    ],
)
def test_a_page_that_cannot_be_asked_for_is_refused(wish, reason):
    asked = {"first": 0, "limit": 100, "search": "", **wish}
    wanted = RowFilter(text=asked.pop("search"))
    with pytest.raises(Invalid, match=reason):
        check_page(wanted, **asked)


def test_the_bounds_themselves_can_be_asked_for():
    check_page(RowFilter(text="x" * 200), first=0, limit=1)
    check_page(RowFilter(), first=2**70, limit=500)


# by column and by time --------------------------------------------------------------------------------------

TIMES = "at,a,b\n2026-01-01T10:00:00Z,x,y\n2026-01-02T10:00:00Z,y,x\n,x,x\n2026-01-04T10:00:00Z,z,x\n"


def moment(day):
    return datetime(2026, 1, day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("only", "rows"),
    [
        (RowFilter(text="x", column="a"), (1, 3)),
        (RowFilter(text="X", column="b", since=moment(2)), (2, 4)),
        (RowFilter(since=moment(2), before=moment(4)), (2,)),
        (RowFilter(before=moment(2)), (1,)),
        (
            RowFilter(
                since=datetime(2026, 1, 1, 10, tzinfo=UTC), before=datetime(2026, 1, 2, 10, tzinfo=UTC)
            ),
            (1,),
        ),
        (RowFilter(text="2026", column="a"), ()),
    ],
)
def test_rows_are_found_by_one_column_and_by_their_time(bench, only, rows):
    bench.load(TIMES, time_field="at", unit="record")
    found = look(bench, only=only)

    assert (found.row_numbers, found.matches, found.total) == (rows, len(rows), 4)
    assert found.has_time is only.has_time


def test_a_column_and_a_time_that_a_collection_does_not_have_are_refused(bench):
    bench.load("a\n1\n")
    with bench.store.read() as uow:
        facts = find_collection(uow, "rows")

    assert [
        fits(facts, one) for one in (RowFilter(text="1", column="a"), RowFilter(text="1", column="b"))
    ] == [
        True,
        False,
    ]
    with pytest.raises(UnknownField):
        check_fits(facts, RowFilter(text="1", column="b"))
    with pytest.raises(Invalid, match="no column of rows says when"):
        check_fits(facts, RowFilter(since=moment(1)))
    with pytest.raises(Invalid, match="a column is named for a text"):
        check_page(RowFilter(column="a"), first=0, limit=1)
