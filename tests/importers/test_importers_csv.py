"""CSV files, friendly and hostile."""

from __future__ import annotations

import codecs

import pytest

from vault.errors.records import Unreadable
from vault.views.field_types import FieldType


def refusals(parsed):
    return [(row.line, row.reason) for row in parsed.refused]


def test_every_type_is_recognised(parse):
    """A plain export gives the type a person would give."""
    parsed = parse(
        "when,steps,weight,well,mood,note\n"
        "2026-01-01T08:00:00Z,12,70.5,yes,good,a\n"
        "2026-01-02T08:00:00Z,13,71,no,good,b\n"
        "2026-01-03T08:00:00Z,-4,.5e1,YES,bad,c\n"
        "2026-01-04T08:00:00Z,0,1e3,no,bad,d\n"
    )

    assert {field.name: field.type for field in parsed.fields} == {
        "when": FieldType.TIMESTAMP,
        "steps": FieldType.INT,
        "weight": FieldType.FLOAT,
        "well": FieldType.BOOL,
        "mood": FieldType.CATEGORY,
        "note": FieldType.TEXT,
    }
    assert parsed.table["steps"].to_pylist() == [12, 13, -4, 0]
    assert parsed.table["weight"].to_pylist() == [70.5, 71.0, 5.0, 1000.0]
    assert parsed.table["well"].to_pylist() == [True, False, True, False]


def test_an_empty_cell_is_a_null_in_every_type(parse):
    parsed = parse("n,x,b,t,s\n1,1.5,yes,2026-01-01,a\n,,,,\n2,2.5,no,2026-01-02,b\n")

    assert list(parsed.table.to_pylist()[1].values()) == [None] * 5
    assert parsed.refused == ()


def test_a_blank_cell_is_a_null_among_numbers_and_itself_among_texts(parse):
    parsed = parse("n,s\n1,a\n  ,  \n3,c\n")

    assert parsed.table["n"].to_pylist() == [1, None, 3]
    assert parsed.table["s"].to_pylist() == ["a", "  ", "c"]


def test_misfits_are_refused_with_the_line_their_row_starts_on(parse):
    """Quoted cells over several lines and blank lines do not shift the numbers."""
    good = "".join(f'{number},"two\nlines"\n' for number in range(60))
    parsed = parse(f'n,s\n{good}\nx,"a\nb"\n60,c\ny,d\n', types={"n": FieldType.INT})

    # a header, 60 rows of two lines each up to line 121, a blank one, a bad row on 123 and 124, two more
    assert refusals(parsed) == [
        (123, "n: not a whole number of 64 bits"),
        (126, "n: not a whole number of 64 bits"),
    ]
    assert parsed.lines.to_pylist()[:2] == [2, 4]
    assert parsed.lines.to_pylist()[-1] == 125
    assert parsed.table.num_rows == 61


def test_a_row_with_two_misfits_is_refused_once_for_the_first(parse):
    good = "1,1.5\n" * 40
    parsed = parse(f"n,x\n{good}a,b\n", types={"n": FieldType.INT, "x": FieldType.FLOAT})

    assert refusals(parsed) == [(42, "n: not a whole number of 64 bits")]


def test_reasons_never_repeat_the_value(parse):
    parsed = parse("n\n" + "1\n" * 40 + "hunter2\n", types={"n": FieldType.INT})

    assert "hunter2" not in refusals(parsed)[0][1]


@pytest.mark.parametrize("cell", ["-nan", "inf", "-Infinity", "1e999"])
def test_a_number_that_is_not_finite_refuses_its_row_where_the_type_is_given(parse, cell):
    parsed = parse("x\n" + "1.5\n" * 40 + f"{cell}\n", types={"x": FieldType.FLOAT})

    assert refusals(parsed) == [(42, "x: not a finite number of 64 bits")]


def test_ragged_rows_are_refused_with_their_widths(parse):
    parsed = parse("a,b\n1,2\n3\n4,5,6\n7,8\n")

    assert refusals(parsed) == [(3, "1 cell where the header has 2"), (4, "3 cells where the header has 2")]
    assert parsed.table["a"].to_pylist() == [1, 7]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read(parse, end):
    parsed = parse(end.join(["a,b", "1,x", "2,y", ""]))

    assert parsed.table.to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    assert parsed.lines.to_pylist() == [2, 3]


def test_line_ends_inside_cells_are_kept(parse):
    parsed = parse('s,t\n"a\r\nb","c\rd"\n')

    assert parsed.table.to_pylist() == [{"s": "a\r\nb", "t": "c\rd"}]


def test_a_byte_order_mark_is_no_part_of_the_first_name(parse):
    assert parse(b"\xef\xbb\xbfa\n1\n").table.column_names == ["a"]


@pytest.mark.parametrize(("separator", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_other_separators_are_found_and_told(parse, separator, word):
    parsed = parse(separator.join("ab") + "\n" + separator.join(["1,5", "x"]) + "\n")

    assert parsed.table.column_names == ["a", "b"]
    assert f"The cells are taken to be separated by {word}." in parsed.notes


def test_commas_win_where_they_fit_every_row(parse):
    assert parse('a,b;c\n1,2\n"3;3",4\n').table.column_names == ["a", "b;c"]


def test_formulas_stay_text(parse):
    cells = ["=1+1", "+SUM(A1)", "@x", '=HYPERLINK("a")']
    parsed = parse("s\n" + "\n".join('"{}"'.format(cell.replace('"', '""')) for cell in cells) + "\n")

    assert cells == parsed.table["s"].to_pylist()
    assert parsed.fields[0].type == FieldType.TEXT


@pytest.mark.parametrize(
    "cells", [["00123", "04567"], ["+491701234567", "+491701234568"], ["9" * 24, "8" * 24]]
)
def test_post_codes_phone_numbers_and_long_ids_keep_every_digit(parse, cells):
    parsed = parse("code\n" + "\n".join(cells) + "\n")

    assert cells == parsed.table["code"].to_pylist()


def test_a_header_alone_is_a_table_without_rows(parse):
    parsed = parse("a,b\n")

    assert (parsed.table.num_rows, parsed.table.column_names, len(parsed.lines)) == (0, ["a", "b"], 0)


def test_names_are_trimmed_and_composed(parse):
    assert parse("a , e\u0301\n1,2\n").table.column_names == ["a", "\u00e9"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it has no columns"),
        (b"a,a\n1,2\n", "two columns have the name a"),
        (b"a, a\n1,2\n", "two columns have the name a"),
        (b"a,\n1,2\n", "the name of column 2 is empty"),
        (b"a,_unit\n1,2\n", "the name of column 2 begins with an underscore"),
        (b"a,b\x1b[31m\n1,2\n", "the name of column 2 holds a control character"),
        ("a,b\u202e\n1,2\n".encode(), "the name of column 2 holds a control character"),
        (b"a," + b"n" * 81 + b"\n1,2\n", "the name of column 2 is longer than 80 characters"),
        (",".join(f"c{n}" for n in range(513)).encode() + b"\n", "it has more than 512 columns"),
        (b"a,b\n1,\0\n", "it holds NUL bytes"),
        ("a,b\n1,\0\n".encode("utf-16"), "it holds NUL characters"),
        (codecs.BOM_UTF16_LE + b"a\0,\0b", "line 1 is not UTF-16; save it as UTF-8, or say its --encoding"),
        (
            b"a,b\n1,x\n2," + b"z" * 10_000_000 + b"\n",
            "in the row of line 3 a quote is not closed or a cell is too long",
        ),
        (b'a,b\n1,x\n2,"y\n3,z\n', "in the row of line 3 a quote is not closed or a cell is too long"),
        (b'a,b\n1,"x"y\n', "in the row of line 2 a quote is not closed or a cell is too long"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(parse, content, reason):
    with pytest.raises(Unreadable) as caught:
        parse(content)

    assert str(caught.value).startswith(f"rows.csv cannot be read as csv: {reason}")


CITIES = "Ort;Größe\nMünchen;groß\nKöln;mittelgroß\nDüsseldorf;größer\nLübeck;schön\n"
WORDS = "miasto;opis\nŁódź;duże\nGdańsk;piękny\nKraków;żółty\nWrocław;świetny\n"


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        (CITIES, "utf-16", "The text is read as UTF-16."),
        (CITIES, "utf-16-le", "The text is read as UTF-16."),
        (CITIES, "utf-16-be", "The text is read as UTF-16."),
        (CITIES, "latin-1", "Line 1 is not UTF-8: the text is read as Windows-1252."),
        (CITIES, "cp1252", "Line 1 is not UTF-8: the text is read as Windows-1252."),
        (WORDS, "cp1250", "Line 2 is not UTF-8: the text is read as Windows-1250."),
    ],
)
def test_other_encodings_are_read_and_said(parse, text, encoding, said):
    parsed, plain = parse(text.encode(encoding)), parse(text)

    assert parsed.table == plain.table
    assert parsed.notes[0].startswith(said)


@pytest.mark.parametrize(
    "content",
    [
        "Ort\nKöln\nLübeck\n".encode() + b"Gr\xfcn\n",
        "\ufeffOrt\na\nb\n".encode() + b"Gr\xfcn\n",
        b"Ort\n" + "Größe\n".encode() * 2 + b"Gr\xfcn\n" + b"\xe9t\xe9\n" * 9,
    ],
)
def test_a_bad_byte_makes_no_other_encoding_of_utf_8(parse, content):
    with pytest.raises(
        Unreadable, match=r"line 4 holds the byte 0xFC, which is not UTF-8 as the rest of it is"
    ):
        parse(content)


def test_what_looks_like_utf_8_by_chance_is_none(parse):
    """In Windows-1251 the first two letters of this name are a valid sequence."""
    words = "Фёдор\n" + "Мария Ивановна Соколова\n" * 9

    assert parse(f"имя\n{words}".encode("cp1251")).table["имя"].to_pylist()[0] == "Фёдор"


def test_times_without_a_zone_are_utc_and_told(parse):
    parsed = parse("when\n2026-01-01 08:00\n2026-01-01T09:00:00+01:00\n2026-01-01 09:00:00 +0100\n")

    assert {"2026-01-01T08:00:00+00:00"} == {value.isoformat() for value in parsed.table["when"].to_pylist()}
    assert parsed.notes == ("The times in when carry no zone: they are taken as UTC.",)


def test_dates_alone_raise_no_question_of_zones(parse):
    assert parse("when\n2026-01-01\n2026-01-02\n").notes == ()


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        (
            ["1,5", "2,75"],
            "The column c looks like numbers, but is kept as text: what a comma or a space means in them is not "
            "certain; say it: --decimal , or --decimal .",
        ),
        (
            ["1.2.2025", "1.1.2026"],
            "The column c looks like dates, but is kept as text: which number is the day is not certain; say it: "
            "--date-format c=dmy or c=mdy",
        ),
        (
            ["01.01.2024", "2024-01-02", "01/03/2024"],
            "The column c looks like dates, but is kept as text: no one form reads them all; --type c=text keeps "
            "them as they are",
        ),
        (
            ["13/01/2024", "01/13/2024"],
            "The column c looks like dates, but is kept as text: no one form reads them all; --type c=text keeps "
            "them as they are",
        ),
        (
            ["13/01/24", "12/13/24"],
            "The column c looks like dates, but is kept as text: no one form reads them all; --type c=text keeps "
            "them as they are",
        ),
        (
            ["12/13/24", "1/2/24"],
            "The column c looks like dates, but is kept as text: say their form, such as --date-format c=mdy",
        ),
        (
            [*(f"{day}.0{month}.2024" for day in range(10, 29) for month in (1, 2)), "31.02.2024"],
            "The column c looks like dates, but is kept as text: say their form, such as --date-format c=dmy",
        ),
        (["", ""], "The column c is empty."),
    ],
)
def test_columns_that_a_person_would_read_differently_are_told(parse, cells, note):
    parsed = parse("c,d\n" + "".join(f'"{cell}",x{place}\n' for place, cell in enumerate(cells)))

    assert parsed.fields[0].type == FieldType.TEXT
    assert (note,) == parsed.notes
