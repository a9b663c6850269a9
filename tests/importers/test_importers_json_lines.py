"""JSON Lines, friendly and hostile."""

from __future__ import annotations

import pytest

from vault.errors.records import Unreadable
from vault.views.field_types import FieldType


def test_values_keep_their_types(parse):
    """A number spelled as text stays text, 1.0 stays a number with a point, times are recognised."""
    parsed = parse(
        '{"n":1,"x":1.0,"b":true,"s":"12","t":"2026-01-01T00:00:00Z"}\n'
        '{"n":2,"x":2,"b":false,"s":"13","t":"2026-01-02"}\n',
        "rows.jsonl",
    )

    assert [field.type for field in parsed.fields] == [
        FieldType.INT,
        FieldType.FLOAT,
        FieldType.BOOL,
        FieldType.TEXT,
        FieldType.TIMESTAMP,
    ]
    assert parsed.table["s"].to_pylist() == ["12", "13"]


def test_a_missing_name_and_a_null_are_the_same_and_an_empty_text_is_not(parse):
    parsed = parse('{"s":"","n":1}\n{"s":null}\n{"n":2}\n', "rows.jsonl")

    assert parsed.table["s"].to_pylist() == ["", None, None]
    assert parsed.table["n"].to_pylist() == [1, None, 2]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            '{"n":{"deep":1}}',
            "n: a nested value; take it apart with --flatten, or leave the column out with --drop",
        ),
        (
            '{"n":[1]}',
            "n: a list, neither a single value nor as many numbers in every row; leave the column out with --drop",
        ),
        ('{"n":NaN}', "not a finite number of 64 bits"),
        ('{"n":-1e400}', "not a finite number of 64 bits"),
        ('{"n":1,"n":2}', "a name stands there twice"),
        ('{"n":1', "not a JSON object"),
        ("[1]", "not a JSON object"),
        ("7", "not a JSON object"),
        ('{"n":' + "9" * 5000 + "}", "not a JSON object"),
        ("[" * 100_000, "not a JSON object"),
    ],
)
def test_one_bad_line_among_many_is_refused_with_its_number(parse, line, reason):
    parsed = parse('{"n":7}\n\n' * 40 + line + "\n", "rows.jsonl")

    assert [(81, reason)] == [(row.line, row.reason) for row in parsed.refused]


@pytest.mark.parametrize("odd", ['"x"', "true", "9223372036854775808"])
def test_what_does_not_fit_a_given_type_is_refused(parse, odd):
    parsed = parse('{"n":7}\n\n' * 40 + f'{{"n":{odd}}}\n', "rows.jsonl", types={"n": FieldType.INT})

    assert [(row.line, row.reason) for row in parsed.refused] == [(81, "n: not a whole number of 64 bits")]


@pytest.mark.parametrize(
    ("odd", "kept", "said"),
    [
        ('"x"', "x", "values of several kinds"),
        ("true", "true", "values of several kinds"),
        ("9223372036854775808", "9223372036854775808", "numbers of more than 64 bits"),
        ("0.5", "0.5", ""),
    ],
)
def test_where_no_type_is_given_every_value_is_kept(parse, odd, kept, said):
    parsed = parse('{"n":7}\n' * 40 + f'{{"n":{odd}}}\n', "rows.jsonl")

    assert [str(value) for value in parsed.table["n"].to_pylist()[-2:]] == [
        "7" if said else "7.0",
        kept,
    ]
    assert [said in note for note in parsed.notes] == [True] * bool(said)
    assert parsed.refused == ()


def test_a_line_of_other_bytes_is_refused(parse):
    parsed = parse(b'{"s":"x"}\n{"s":"\xff"}\n', "rows.jsonl")

    assert [(row.line, row.reason) for row in parsed.refused] == [(2, "not UTF-8")]


@pytest.mark.parametrize("text", [r"\u0000", r"\ud800", "z" * 131_073])
def test_texts_that_cannot_be_kept_are_refused(parse, text):
    """NUL, half a surrogate pair, and texts longer than CSV may hold."""
    parsed = parse('{"s":"x"}\n{"s":"' + text + '"}\n', "rows.jsonl")

    assert [(row.line, row.reason) for row in parsed.refused] == [
        (2, "s: not a text of at most 131,072 characters")
    ]


@pytest.mark.parametrize("name", ["rows.json", "rows.jsonl", "rows"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_list_of_objects_is_read_as_its_objects_one_a_line_are(parse, name, mark):
    parsed = parse(mark + b' [{"a":1,"b":"x"},\n {"a":2}, 7, {"b":"y"}]\n', name if not mark else "rows.json")

    assert parsed.table.to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": None}, {"a": None, "b": "y"}]
    assert [(row.line, row.reason) for row in parsed.refused] == [(3, "not a JSON object")]


def test_a_byte_order_mark_and_windows_line_ends_are_read(parse):
    assert parse(b'\xef\xbb\xbf{"a":1}\r\n{"a":2}\r\n', "rows.ndjson").table["a"].to_pylist() == [1, 2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[]", "no line holds a JSON object"),
        ("[1, 2]", "no line holds a JSON object"),
        ('[{"a":1}', "it is no JSON list, or a name stands twice in an object of it"),
        ('[{"a":1,"a":2}]', "it is no JSON list, or a name stands twice in an object of it"),
        ("[" * 100_000, "it is no JSON list, or a name stands twice in an object of it"),
        (
            '[{"a":NaN}]',
            "no line holds a JSON object that can be kept; line 1: not a finite number of 64 bits",
        ),
        ("{}\n", "no line holds a JSON object"),
        ('{"":1}\n', "the name of column 1 is empty"),
        ('{"_time":1}\n', "the name of column 1 begins with an underscore"),
        ('{"a":1," a":2}\n', "two columns have the name a"),
        ("".join(f'{{"c{number}":1}}\n' for number in range(513)), "it has more than 512 columns"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(parse, content, reason):
    with pytest.raises(Unreadable) as caught:
        parse(content, "rows.jsonl")

    assert str(caught.value).startswith(f"rows.jsonl cannot be read as jsonl: {reason}")


def test_numbers_and_truth_values_become_text_when_the_owner_says_so(parse):
    parsed = parse('{"code":7}\n{"code":true}\n{"code":0.5}\n', "rows.jsonl", types={"code": FieldType.TEXT})

    assert parsed.table["code"].to_pylist() == ["7", "true", "0.5"]


@pytest.mark.parametrize("wanted", [FieldType.TEXT, FieldType.CATEGORY])
def test_one_fraction_changes_no_whole_number_that_is_kept_as_text(parse, wanted):
    parsed = parse('{"id":7}\n{"id":100}\n{"id":100.5}\n', "rows.jsonl", types={"id": wanted})

    assert parsed.table["id"].to_pylist() == ["7", "100", "100.5"]


@pytest.mark.parametrize("first", ["1", str(-(2**63))])
def test_one_fraction_in_a_later_batch_refuses_its_own_row_alone(parse, monkeypatch, first):
    monkeypatch.setattr("vault.importers.json_lines.BATCH_ROWS", 2)
    content = f'{{"n":{first}}}\n' * 4 + '{"n":1.5}\n'

    assert [row.line for row in parse(content, "rows.jsonl", types={"n": FieldType.INT}).refused] == [5]
    assert parse(content, "rows.jsonl").table.num_rows == 5
