"""Facts that come in a second time under another byte are noticed, and nothing of the look is kept."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.records.collections import find_collection
from vault.records.imports import choose, repeats
from vault.records.repeats import known_rows, warnings_of_repeats
from vault.views.field_types import FieldType

ROWS = "at,pulse,word\n2026-01-01,60,a\n2026-01-02,70,b\n2026-01-03,,c\n2026-01-04,80,\n"
HARM = "what is told twice is hidden less well."


def warned(bench, text, *, into, name="again.csv", types=None, **wishes):
    """The warnings of a preview of this text."""
    parsed = bench.parse(text, name, types=types or {})
    with bench.store.read() as uow:
        return repeats(uow, bench.keys, into, parsed, choose(uow, into, parsed.fields, **wishes))


def test_rows_that_are_in_the_collection_already_are_counted(bench):
    bench.load(ROWS, unit="record")

    assert warned(bench, ROWS.replace("b\n", "b\n2027-05-05,1,z\n"), into="rows") == (
        "4 of these rows are in the collection already; what is told twice is hidden less well.",
    )
    assert warned(bench, "at,pulse,word\n2026-01-02,70,b\n2026-01-02,70,c\n", into="rows") == (
        "1 of these rows is in the collection already; what is told twice is hidden less well.",
    )
    assert warned(bench, "at,pulse,word\n2027-01-02,70,b\n", into="rows") == ()


def test_within_one_unit_a_repeated_row_is_hidden_and_counts_twice(bench):
    bench.load(ROWS, unit="day")

    assert warned(bench, ROWS + "\n", into="rows") == (
        "4 of these rows are in the collection already; they stay hidden within their unit, but would count twice.",
    )


@pytest.mark.parametrize(
    "text",
    [
        ROWS + "\n",
        ROWS.replace("\n", "\r\n"),
        ROWS.replace(",", ";"),
        "\ufeff" + ROWS,
        "word,at,pulse\na,2026-01-01,60\nb,2026-01-02,70\n,2026-01-04,80\nc,2026-01-03,\n",
    ],
)
def test_another_byte_is_no_other_fact(bench, text):
    """Line ends, separators, another order, another spelling of a number: the digest changes, the rows do not."""
    bench.load(ROWS, unit="record")

    assert warned(bench, text, into="rows") == (f"4 of these rows are in the collection already; {HARM}",)


def test_an_import_says_it_too_and_still_seals_the_rows(bench):
    bench.load(ROWS, unit="record")
    report = bench.load(ROWS + "\n", "again.csv", unit="record")

    assert report.warnings == (f"4 of these rows are in the collection already; {HARM}",)
    assert (report.rows, report.total_rows) == (4, 8)


def test_a_collection_with_other_rows_gives_no_warning(bench):
    bench.load(ROWS)

    assert warned(bench, ROWS + "\n", into="other") == ()


def test_a_file_that_does_not_fit_is_not_compared(bench):
    bench.load(ROWS)

    assert warned(bench, "at,pulse\n2026-01-01,60\n", into="rows") == ()


def test_texts_are_compared_with_numbers_as_they_are_written(bench):
    """In another file the same column may be read as text: what it says is the same."""
    bench.load("code,n\n7,1\n8,2\n9,3\n")
    with bench.store.read() as uow:
        home = find_collection(uow, "rows")
        text = bench.parse("code,n\n7,1\n8,2\n9,3\n\n", "again.csv", types={"code": FieldType.TEXT})

        assert warnings_of_repeats(uow, bench.keys, text.table, home) == (
            f"3 of these rows are in the collection already; {HARM}",
        )


values = st.lists(st.tuples(st.none() | st.integers(0, 2), st.none() | st.sampled_from("ab")), max_size=12)


@given(values, values)
def test_known_rows_are_those_a_list_would_find(rows, sealed):
    types = {"n": pa.int64(), "w": pa.string()}

    def table(of):
        return pa.table(
            {name: pa.array([row[at] for row in of], types[name]) for at, name in enumerate(types)}
        )

    assert sum(row in sealed for row in rows) == known_rows(table(rows), table(sealed))
