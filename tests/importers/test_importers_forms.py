"""How a file is written is found out where nothing else could be meant, else it is said, and the zone is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sweeps import sweep
from tests.worlds.commands import assert_refused, run, secrets_of
from tests.worlds.world import World
from vault.errors.families import Invalid
from vault.errors.records import Unreadable
from vault.importers.column_wishes import ColumnWishes
from vault.importers.wishes import CellWishes, FileWishes, cell_wishes, file_wishes
from vault.records.cells import cell
from vault.views.field_types import FieldType
from vault.views.records import FileChoice

BERLIN = CellWishes(zone="Europe/Berlin")


def column(parsed, name="c"):
    return parsed.table[name].to_pylist()


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ("1.234,56;-7,5;3", [1234.56, -7.5, 3.0]),
        ("1,234.50;7", [1234.5, 7.0]),
        ("1,234,567;8", [1234567, 8]),
        ("1 234,5;2", [1234.5, 2.0]),
        ("1\u202f234,50;3,2", [1234.5, 3.2]),
        ("1'234.50;2", [1234.5, 2.0]),
        ("12%;3.5 %", [12.0, 3.5]),
        ("$1,234.50;-$5", [1234.5, -5.0]),
        ("1.234,00 €;5 €", [1234.0, 5.0]),
        ("0,500;1,200", [0.5, 1.2]),
        ("\u22125,5;NA", [-5.5, None]),
    ],
)
def test_numbers_are_read_as_people_write_them_where_every_cell_agrees(parse, cells, values):
    parsed = parse("c\tn\n" + "".join(f"{one}\tx\n" for one in cells.split(";")))

    assert column(parsed) == values


@pytest.mark.parametrize(
    "cells", ["1,234;12", "1 234;555 123", "1,5;2.5", "1,2,3;4,5,6", "12%;3", "1.200.300;1.2", "$5;€7"]
)
def test_numbers_that_may_be_two_things_stay_text(parse, cells):
    parsed = parse("c\tn\n" + "".join(f"{one}\tx\n" for one in cells.split(";")))

    assert column(parsed) == cells.split(";")


def test_the_decimal_sign_is_said(parse):
    comma, point = CellWishes(decimal=","), CellWishes(decimal=".")
    content = 'c,n\n"1,234",x\n5,x\n'

    assert column(parse(content)) == ["1,234", "5"]
    assert column(parse(content, form=comma)) == [1.234, 5.0]
    assert column(parse(content, form=point)) == [1234, 5]
    odd = parse('c;n\n1.234;x\n1.5;x\n"1,5";x\n', form=comma, types={"c": FieldType.FLOAT})
    assert (column(odd), [row.line for row in odd.refused]) == ([1234.0, 1.5], [3])


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        ("31.12.2026;1.1.2027", ["2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"]),
        ("12/31/2026;1/2/2027 3:05 PM", ["2026-12-31T00:00:00Z", "2027-01-02T15:05:00Z"]),
        ("01-Jan-2024;2 Feb 2025", ["2024-01-01T00:00:00Z", "2025-02-02T00:00:00Z"]),
        ("2026/1/31 08:30;2026/02/01 9:00", ["2026-01-31T08:30:00Z", "2026-02-01T09:00:00Z"]),
        ("1/2/2026;3/4/2026", ["1/2/2026", "3/4/2026"]),
        ("30/2/2026;1/1/2026", ["30/2/2026", "1/1/2026"]),
        ("13/13/2026;1/1/2026", ["13/13/2026", "1/1/2026"]),
        ("31.12.26;1.1.27", ["31.12.26", "1.1.27"]),
    ],
)
def test_dates_are_read_as_people_write_them_where_the_cells_decide_the_order(parse, cells, days):
    parsed = parse("c\tn\n" + "".join(f"{one}\tx\n" for one in cells.split(";")))

    assert [cell(value) for value in column(parsed)] == days


@pytest.mark.parametrize(
    ("cells", "order", "days"),
    [
        ("1/2/2026;3/4/2026", "dmy", ["2026-02-01T00:00:00Z", "2026-04-03T00:00:00Z"]),
        ("1/2/2026;3/4/2026", "mdy", ["2026-01-02T00:00:00Z", "2026-03-04T00:00:00Z"]),
        ("31.12.26;1.1.69", "dmy", ["2026-12-31T00:00:00Z", "1969-01-01T00:00:00Z"]),
        ("1700000000;1700000000.25", "epoch", ["2023-11-14T22:13:20Z", "2023-11-14T22:13:20.250000Z"]),
        ("1700000000123;0", "epoch-ms", ["2023-11-14T22:13:20.123000Z", "1970-01-01T00:00:00Z"]),
    ],
)
def test_the_form_of_dates_is_said(parse, cells, order, days):
    parsed = parse(
        "c\tn\n" + "".join(f"{one}\tx\n" for one in cells.split(";")), form=CellWishes(dates={"c": order})
    )

    assert [cell(value) for value in column(parsed)] == days


def test_dates_that_may_be_read_in_two_ways_refuse_their_rows_with_the_option_that_decides(parse):
    parsed = parse("c,n\n1/2/2026,1\n,2\n3/4/2026,3\n", types={"c": FieldType.TIMESTAMP})
    why = "c: which number is the day is not certain; say it: --date-format c=dmy or c=mdy"

    assert [(row.line, row.reason) for row in parsed.refused] == [(2, why), (4, why)]


def test_a_date_of_another_form_than_was_said_refuses_its_row(parse):
    parsed = parse("c,n\n1.2.2026,1\n2026-02-01,2\n,3\n", form=CellWishes(dates={"c": "dmy"}))

    assert [(row.line, row.reason) for row in parsed.refused] == [(3, "c: not a date of day, month, year")]
    with pytest.raises(Invalid, match="the column c has a form of dates and the type int"):
        parse("c\n1\n", form=CellWishes(dates={"c": "dmy"}), types={"c": FieldType.INT})


def test_local_times_are_those_of_the_zone_and_days_stay_days(parse):
    parsed = parse("c,d\n2026-07-01 08:00,2026-07-01\n2026-10-25 02:30,2026-10-25\n", form=BERLIN)

    assert [cell(value) for value in column(parsed)] == ["2026-07-01T06:00:00Z", "2026-10-25T00:30:00Z"]
    assert [cell(value) for value in column(parsed, "d")] == ["2026-07-01T00:00:00Z", "2026-10-25T00:00:00Z"]
    assert parsed.notes == (
        "The times in c carry no zone: they are taken as those of Europe/Berlin.",
        "1 of the times in c was shown twice when clocks went back in Europe/Berlin (line 3): the first is meant.",
    )


def test_a_time_that_no_clock_showed_is_none(parse):
    content = "c,n\n2026-03-29 02:30,1\n2026-03-29 01:30,2\n"

    assert parse(content, form=BERLIN).fields[0].type is FieldType.TEXT
    given = parse(content, form=BERLIN, types={"c": FieldType.TIMESTAMP})
    assert ([row.line for row in given.refused], [cell(one) for one in column(given)]) == (
        *([2], ["2026-03-29T00:30:00Z"]),
    )


def test_missing_values_have_the_texts_that_were_said(parse):
    form = CellWishes(nulls=("-99", "weiß nicht"))
    parsed = parse("c,d\n-99,weiß nicht\n5,ja\n", form=form)
    lines = parse('{"c":-99,"d":"weiß nicht"}\n{"c":5,"d":"ja"}\n', "rows.jsonl", form=form)

    assert (column(parsed), column(parsed, "d")) == ([None, 5], [None, "ja"])
    assert lines.table.to_pylist() == parsed.table.to_pylist()


def test_lines_before_the_header_are_found_and_skipped_as_said(parse):
    content = "Bericht\nfür 2026\n\nd;x\n31.12.2026;1,5\n30.12.2026;2,5\n"
    with pytest.raises(
        Unreadable, match=r"the table seems to begin below 3 lines of something else; .*--skip-lines 3"
    ):
        parse(content)
    parsed = parse(content, said=FileWishes(skip_lines=3))

    assert (parsed.table.column_names, column(parsed, "x"), parsed.lines.to_pylist()) == (
        *(["d", "x"], [1.5, 2.5], [5, 6]),
    )


@pytest.mark.parametrize(
    ("above", "skipped"),
    [("Export vom 1.4.;;\n", 1), ("Export;;\nvon;März;\n;;\n", 3), (";;\n", 1)],
)
def test_a_title_that_a_spreadsheet_padded_is_found(parse, above, skipped):
    content = f"{above}d;x;y\n31.12.2026;1,5;\n30.12.2026;2,5;7\n29.12.2026;2,5;7\n"
    with pytest.raises(Unreadable, match=f"the table seems to begin below .*--skip-lines {skipped}, or"):
        parse(content)
    assert parse(content, said=FileWishes(skip_lines=skipped)).table.column_names == ["d", "x", "y"]


def test_an_index_without_a_name_is_no_title(parse):
    with pytest.raises(Unreadable, match="the name of column 1 is empty"):
        parse(";x\n0;1\n1;2\n")
    named = ColumnWishes(rename={"#2": "b"})
    assert parse("a;\n0;1\n1;2\n", wishes=named).table.column_names == ["a", "b"]


def test_numbers_with_the_other_decimal_sign_are_refused_with_the_way_to_read_them(parse):
    content = "t;Schlaf (h)\na;7.5\nb;8\nc;6.25\n"
    wishes = {"types": {"Schlaf (h)": FieldType.FLOAT}, "form": CellWishes(decimals={"Schlaf (h)": ","})}
    why = "Schlaf (h): not a number with a decimal comma; if it is one with a decimal point: --decimal 'Schlaf (h)=.'"
    assert [(row.line, row.reason) for row in parse(content, **wishes).refused] == [(2, why), (4, why)]
    pointed = replace(wishes["form"], decimals={"Schlaf (h)": "."})
    found = parse(content, types=wishes["types"], form=pointed)
    assert (found.refused, [note for note in found.notes if "numbers in" in note]) == ((), [])
    mixed = parse(content + "d;7,5\n", **wishes)
    assert {row.reason for row in mixed.refused} == {"Schlaf (h): not a number"}


def test_encoding_and_separator_are_said(parse):
    said = FileWishes(encoding="cp1250", separator=":")
    assert column(parse("c:n\nŁódź:1\n".encode("cp1250"), said=said)) == ["Łódź"]
    with pytest.raises(Unreadable, match="line 2 is not utf-8; save it as UTF-8, or say its --encoding"):
        parse(b"c\n\xff\n", said=FileWishes(encoding="utf-8-sig"))
    assert parse('[{"c":"ä"}]'.encode("utf-16"), "rows.json").table.to_pylist() == [{"c": "ä"}]
    assert parse("sep=;\na;b\n1;2\n").table.to_pylist() == [{"a": 1, "b": 2}]
    with pytest.raises(Invalid, match="JSON has no use for --separator"):
        parse('{"a":1}\n', "rows.jsonl", said=FileWishes(separator=";"))


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"zone": "Europe/Nowhere"}, "there is no zone Europe/Nowhere"),
        ({"zone": "../../etc/passwd"}, "there is no zone"),
        ({"decimal": "x"}, "the decimal sign is a comma or a point"),
        ({"dates": {"n": "yesterday"}}, "yesterday is none of dmy, mdy, ymd"),
        ({"encoding": "hex"}, "there is no encoding hex"),
        ({"separator": "ab"}, "a separator is one sign"),
        ({"skip_lines": -1}, "so many lines cannot be skipped"),
    ],
)
def test_what_cannot_be_said_is_refused(said, says):
    choice = FileChoice(path=Path("odd.csv"), name="odd", **said)
    with pytest.raises(Invalid, match=says):
        (file_wishes(choice), cell_wishes(choice, ""))


@pytest.mark.slow
def test_a_form_of_a_column_that_is_not_there_is_refused(today: World) -> None:
    path = today.folder / "odd.csv"
    path.write_text("n\n1\n", encoding="utf-8")
    outcome = run(today.paths, "import", path, "--dry-run", "--date-format", "nowhere=dmy")

    assert_refused(outcome, 1, "the file has no column nowhere", secrets_of(today))


def test_days_begin_in_the_zone_that_was_said_and_it_is_kept(today: World) -> None:
    """23:30 in New York is the next day in UTC, and a day of one is no day of the other."""
    path, more = today.folder / "walks.csv", today.folder / "more.csv"
    path.write_text("at,steps\n2026-07-01 23:30,1\n2026-07-01 08:00,2\n", encoding="utf-8")
    more.write_text("at,steps\n2026-07-02 23:45,3\n", encoding="utf-8")
    zone = ("--zone", "America/New_York")
    shown = run(today.paths, "import", path, *zone, "--dry-run")
    assert "all rows of one day (America/New_York) count as one unit (1 unit)" in " ".join(shown.err.split())
    assert run(today.paths, "import", path, *zone).code == 0
    assert run(today.paths, "import", more, "--collection", "walks").code == 0
    listed = [json.loads(line) for line in run(today.paths, "data", "list", "--json").out.splitlines()]

    assert [(one["unit"], one["unit_field"]) for one in listed] == [
        ("day", None),
        ("day", "America/New_York"),
    ]
    page = json.loads(run(today.paths, "data", "browse", "walks", "--json").out)
    assert [row[0] for row in page["rows"]] == [
        *("2026-07-02T03:30:00Z", "2026-07-01T12:00:00Z", "2026-07-03T03:45:00Z"),
    ]
    more.write_text("at,steps\n2026-07-03 23:45,3\n", encoding="utf-8")
    other = run(
        today.paths, "import", more, "--collection", "walks", "--unit", "day", "--zone", "Europe/Berlin"
    )
    assert_refused(other, 1, "its unit is day (America/New_York)", secrets_of(today))
    assert "do not fit" not in other.err
    assert "its rows are destroyed, its consents end" in " ".join(other.err.split())
    assert (other.out, "count as one unit" in other.err) == ("", False)  # no preview as if it would work
    again = today.folder / "again.csv"
    again.write_text(
        "at,steps\n2026-07-01 23:30,1\n2026-07-01 08:00,2\n2026-07-02 23:45,3\n", encoding="utf-8"
    )
    words = ("--same-people", "walks", "--zone", "Europe/Berlin")
    refused = run(today.paths, "import", again, "--collection", "again", *words)
    assert_refused(
        refused, 4, "walks holds the same people and counts by day (America/New_York)", secrets_of(today)
    )


IN_DOUBT = "c: what a point means in it is not certain; say it: --decimal , or --decimal ."


@pytest.mark.parametrize(
    "cells", [["1.234"], ["1.234", "2.000", "7", ""], ["-1.234 €", "5 €"], ["1.234.567"]]
)
def test_a_point_that_may_stand_between_thousands_is_decided_by_nobody(parse, cells):
    """Between semicolons 1.234 is one number or another one, a thousand times as large."""
    content = "c;n\n" + "".join(f"{one};x\n" for one in cells)
    guessed, given = parse(content), parse(content, types={"c": FieldType.FLOAT})

    assert (column(guessed), guessed.refused) == ([one or None for one in cells], ())
    assert guessed.notes[1] == (
        "The column c looks like numbers, but is kept as text: what a point means in them is not certain; say it: "
        "--decimal , or --decimal ."
    )
    grouped = [place + 2 for place, one in enumerate(cells) if "." in one]
    assert [(row.line, row.reason) for row in given.refused] == [(line, IN_DOUBT) for line in grouped]


def test_what_a_point_means_is_said_or_decided_by_the_column_itself(parse):
    content = "c;n\n1.234;x\n2.000;x\n"
    assert column(parse(content, form=CellWishes(decimal=","))) == [1234, 2000]
    assert column(parse(content, form=CellWishes(decimal="."))) == [1.234, 2.0]
    for cells, values in (("1.234;x\n0.5;x", [1.234, 0.5]), ("1.234;x\n0,5;x", [1234.0, 0.5])):
        for types in ({}, {"c": FieldType.FLOAT}):
            assert column(parse(f"c;n\n{cells}\n", types=types)) == values
    assert column(parse("c,n\n1.234,x\n")) == [1.234]


def test_a_decimal_comma_in_another_column_puts_a_point_in_doubt(parse):
    content = "c\tn\n1.234\t1,5\n2.000\t2,25\n"
    guessed, given = parse(content), parse(content, types={"c": FieldType.FLOAT})

    assert (column(guessed), column(guessed, "n")) == (["1.234", "2.000"], [1.5, 2.25])
    assert [row.reason for row in given.refused] == [IN_DOUBT, IN_DOUBT]


def test_among_odd_cells_a_given_type_reads_no_number_as_another_one(parse):
    """The cells that are numbers decide it, whatever the others are."""
    decided = parse("c;n\n1.234,5;x\nk.A.;x\n1.234;x\n", types={"c": FieldType.FLOAT})
    assert (column(decided), [row.line for row in decided.refused]) == ([1234.5, 1234.0], [3])
    doubtful = parse('c,n\n"1,234",x\nk.A.,x\n1.234,x\n', types={"c": FieldType.FLOAT})
    assert (column(doubtful), [row.line for row in doubtful.refused]) == ([], [2, 3, 4])


@pytest.mark.parametrize("cell", sweep(["1.234", "1.234.567"]))
def test_a_file_behind_one_with_a_decimal_comma_changes_no_number(today: World, cell: str) -> None:
    first, second = today.folder / "first.csv", today.folder / "second.csv"
    first.write_text('d;p\n13.01.2026;"1.234,5"\n', encoding="utf-8")
    second.write_text(f"d;p\n14.01.2026;{cell}\n", encoding="utf-8")
    assert run(today.paths, "import", first, "--collection", "AB", "--unit", "record").code == 0
    refused = run(today.paths, "import", second, "--collection", "AB", "--no-plan", "--json")
    assert (refused.code, "--decimal ," in " ".join(refused.err.split())) == (1, True)
    assert run(today.paths, "import", second, "--collection", "AB", "--decimal", ",").code == 0
    page = json.loads(run(today.paths, "data", "browse", "AB", "--json").out)

    assert [float(row[1]) for row in page["rows"]] == [1234.5, float(cell.replace(".", ""))]
