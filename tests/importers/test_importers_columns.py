"""Columns are left out and renamed by wishes, by their names or by their numbers."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.worlds.commands import run
from tests.worlds.world import World
from vault.errors.families import Invalid
from vault.errors.records import Unreadable
from vault.importers.column_wishes import ColumnWishes
from vault.views.field_types import FieldType


def read_with(parse, content, name="rows.csv", *, drop=(), **rename):
    return parse(content, name, wishes=ColumnWishes(drop=tuple(drop), rename=rename)).table.to_pylist()


def test_an_index_without_a_name_is_left_out_or_gets_one(parse):
    """What pandas and R write first."""
    content = ",a\n0,x\n1,y\n"

    assert read_with(parse, content, drop=["#1"]) == [{"a": "x"}, {"a": "y"}]
    assert read_with(parse, content, **{"#1": "row"}) == [{"row": 0, "a": "x"}, {"row": 1, "a": "y"}]
    with pytest.raises(
        Unreadable, match="the name of column 1 is empty; give it one with --rename '#1=NAME', or"
    ):
        parse(content)


def test_one_of_two_columns_of_a_name_is_renamed_or_left_out(parse):
    assert read_with(parse, "a,a\n1,2\n", **{"#2": "b"}) == [{"a": 1, "b": 2}]
    assert read_with(parse, "a,a\n1,2\n", drop=["#1"]) == [{"a": 2}]


def test_a_trailing_comma_and_a_name_of_the_vaults_own_are_no_end(parse):
    assert read_with(parse, "_id,a,\n1,2,\n", drop=["#3"], _id="id") == [{"id": 1, "a": 2}]


def test_other_formats_know_the_same_wishes(parse):
    lines = '{"n":{"deep":1},"_id":7,"b":true}\n'
    assert read_with(parse, lines, "rows.jsonl", drop=["n"], _id="id") == [{"id": 7, "b": True}]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"n": [["a"]], "__index_level_0__": [7], "b": [True]}), sink)
    packed = sink.getvalue().to_pybytes()
    assert read_with(parse, packed, "rows.parquet", drop=["n", "#2"]) == [{"b": True}]
    with pytest.raises(Unreadable, match="leave it out with --drop"):
        parse(packed, "rows.parquet", wishes=ColumnWishes(drop=("#2",)))


def test_another_name_makes_no_column_harmless(parse):
    wishes = ColumnWishes(rename={"diagnosis": "x", "n": "email"})
    found = parse("diagnosis,n\na,1\nb,2\n", wishes=wishes)
    assert {one.name: one.sensitivity.value for one in found.fields} == {
        "x": "special",
        "email": "identifying",
    }


@pytest.mark.parametrize(
    "wish", [{"types": {"amuont": FieldType.FLOAT}}, {"wishes": ColumnWishes(drop=("amuont",))}]
)
def test_a_column_whose_name_was_mistyped_is_told_the_nearest(parse, wish):
    with pytest.raises(Invalid, match=r"the file has no column amuont; did you mean amount\?"):
        parse("day,amount\na,1\n", **wish)


@pytest.mark.parametrize("wish", [{"drop": ["c"]}, {"c": "d"}, {"drop": ["#3"]}])
def test_a_wish_about_a_column_that_is_not_there_is_refused(parse, wish):
    with pytest.raises(Invalid, match="the file has no column"):
        read_with(parse, "a,b\n1,2\n", **wish)


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"drop": ["a"]}, "a fits more than one column: #1 and #2"),
        ({"drop": ["#2"]}, "#2 fits more than one column: #2 and #3"),
        ({"drop": ["#3"], "#2": "x"}, "#2 fits more than one column"),
        ({"drop": ["#1"], "#1": "x"}, "two wishes are about one column: #1 is column 1"),
        ({"é": "x", "#4": "y"}, "two wishes are about one column: #4 is column 4"),
        ({"é": "x", "e\u0301": "y"}, "two wishes are about one column: e\u0301 is column 4"),
    ],
)
def test_a_wish_that_fits_two_columns_and_two_wishes_for_one_are_refused(parse, wish, says):
    with pytest.raises(Invalid, match=says):
        read_with(parse, "a,a,#2,é\n1,2,3,4\n", **wish)


def test_new_names_are_read_as_those_of_a_file_are(parse):
    assert read_with(parse, "a,b\n1,2\n", **{" a ": " e\u0301 "}) == [{"é": 1, "b": 2}]
    with pytest.raises(Unreadable, match="the name of column 1 is empty"):
        read_with(parse, "a,b\n1,2\n", a=" ")


def test_a_file_of_which_everything_is_left_out_has_no_columns(parse):
    with pytest.raises(Unreadable, match="it has no columns"):
        read_with(parse, "a\n1\n", drop=["a"])


def test_the_command_leaves_out_and_renames(today: World) -> None:
    path = today.folder / "walks.csv"
    path.write_text(",steps,steps,who\n0,1,2,a\n1,3,4,b\n", encoding="utf-8")
    words = ("import", path, "--drop", "#1", "--drop", "who", "--rename", "#3=goal")
    assert run(today.paths, *words).code == 0
    shown = json.loads(run(today.paths, "data", "browse", "walks", "--json").out)
    assert shown["columns"] == ["steps", "goal"]
    path.write_text("steps\n1\n", encoding="utf-8")
    refused = run(today.paths, "import", path, "--collection", "b", "--drop", "nothing")
    assert (refused.code, "the file has no column nothing" in refused.err) == (1, True)
