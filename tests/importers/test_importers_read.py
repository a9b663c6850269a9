"""Finding the file and its format, and what the owner may decide."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vault.errors.families import Invalid
from vault.errors.records import FileMissing, Unreadable
from vault.importers import read, source
from vault.importers.read import read_file
from vault.views.field_types import FieldType, Sensitivity


@pytest.mark.parametrize(
    ("name", "content", "known"),
    [
        ("a.csv", "a\n1\n", "csv"),
        ("a.TSV", "a\n1\n", "csv"),
        ("a.jsonl", '{"a":1}\n', "jsonl"),
        ("a.txt", '\n {"a":1}\n', "jsonl"),
        ("a", "a\n1\n", "csv"),
    ],
)
def test_the_format_shows_in_the_ending_or_the_first_bytes(parse, name, content, known):
    parsed = parse(content, name)

    assert (known, name, [1]) == (parsed.format, parsed.source, parsed.table["a"].to_pylist())


def test_the_owner_names_the_format(parse):
    assert parse('{"a":1}\n', "a.csv", as_format="jsonl").format == "jsonl"
    with pytest.raises(Invalid, match="there is no format xml, only csv, jsonl, parquet"):
        parse("a\n", as_format="xml")


def test_the_digest_is_that_of_the_bytes_that_were_parsed(parse):
    assert hashlib.sha256(b"a\n1\n").digest() == parse("a\n1\n").digest_input


def test_a_missing_file_is_told_by_its_path(tmp_path):
    with pytest.raises(FileMissing, match=r"There is no file .*none.csv"):
        read_file(tmp_path / "none.csv")


def test_folders_and_pipes_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for path, reason in ((tmp_path, "it is a folder"), (tmp_path / "pipe.csv", "it is not a file")):
        with pytest.raises(Unreadable, match=f"^{path.name} cannot be read as csv: {reason}"):
            read_file(path)


@pytest.mark.parametrize("path", [".", "..", "/"])
def test_a_folder_that_is_written_as_dots_is_called_what_it_is(path, tmp_path, monkeypatch):
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    name = {".": "inner", "..": tmp_path.name, "/": "/"}[path]
    with pytest.raises(Unreadable, match=f"^{name} cannot be read as csv: it is a folder"):
        read_file(Path(path))


def test_a_file_that_may_not_be_read_is_told(parse, monkeypatch):
    """Told by its name alone; other signs in the name are spelled."""

    def forbid(_path):
        raise PermissionError

    monkeypatch.setattr("pathlib.Path.read_bytes", forbid)
    with pytest.raises(Unreadable, match=r"^a\\x1bb\.csv cannot be read as csv: this user cannot read it"):
        parse("a\n1\n", "a\x1bb.csv")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(b"a\n1\n", mtime=0), "packed with gzip"),
        (b"PK\x03\x04sheet" + b"PK\x05\x06" + bytes(18), "a zip or spreadsheet file"),
        (b"%PDF-1", "a PDF"),
    ],
)
def test_packed_files_are_told_apart_from_damage(parse, content, reason):
    with pytest.raises(Unreadable, match=f"it is {reason}; export it as"):
        parse(content)


def test_a_file_beyond_the_bounds_is_not_taken(parse, monkeypatch):
    monkeypatch.setattr(read, "MOST_ROWS", 3)
    assert parse("a\n1\n2\n3\n").table.num_rows == 3
    with pytest.raises(Unreadable, match="it has more than 3 rows"):
        parse("a\n1\n2\n3\n4\n")
    monkeypatch.setattr(read, "LARGEST_FILE", 7)
    with pytest.raises(Unreadable, match="it is larger than 1 GiB"):
        parse("a\n1\n2\n3\n")


def test_given_types_and_labels_win(parse):
    parsed = parse(
        "zip,note\n12345,a\n1234x,b\n",
        types={"zip": FieldType.INT},
        sensitivities={"note": Sensitivity.SPECIAL},
    )

    assert [field.type for field in parsed.fields] == [FieldType.INT, FieldType.TEXT]
    assert [field.sensitivity for field in parsed.fields] == [Sensitivity.IDENTIFYING, Sensitivity.SPECIAL]
    assert [row.line for row in parsed.refused] == [3]


def test_a_given_category_is_one_whatever_it_holds(parse):
    assert parse("s\na\nb\n", types={"s": FieldType.CATEGORY}).fields[0].type == FieldType.CATEGORY


@pytest.mark.parametrize(
    "options", [{"types": {"b": FieldType.INT}}, {"sensitivities": {"b": Sensitivity.SPECIAL}}]
)
def test_a_wish_for_a_column_that_is_not_there_is_refused(parse, options):
    with pytest.raises(Invalid, match="the file has no column b"):
        parse("a\n1\n", **options)


def test_refused_rows_come_in_the_order_of_the_file_across_batches(parse, monkeypatch):
    monkeypatch.setattr("vault.importers.csv_blocks.BATCH_ROWS", 10)
    lines = ["1"] * 200
    lines[7], lines[8], lines[150] = "x", "1,2", "y"
    parsed = parse("n\n" + "\n".join(lines) + "\n", types={"n": FieldType.INT})

    assert [row.line for row in parsed.refused] == [9, 10, 152]
    assert sorted({*range(2, 202)} - {9, 10, 152}) == parsed.lines.to_pylist()
    assert source.BATCH_ROWS == 8192


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode(errors="ignore")),
    known=st.sampled_from(["csv", "jsonl", "parquet"]),
)
@example(content=b'{"a":1e400}\n', known="jsonl")
@example(content=b'"a"\n"\n', known="csv")
def test_any_bytes_are_read_or_refused_and_never_anything_else(parse, content, known):
    """Whatever a file holds, the answer is a table whose lines fit its rows, or Unreadable."""
    try:
        parsed = parse(content, "rows", as_format=known)
    except Unreadable:
        return
    assert parsed.table.num_rows == len(parsed.lines)
    assert [field.name for field in parsed.fields] == parsed.table.column_names
