"""Numbered columns side by side become one of vectors: which ones, in which order, and what is said otherwise."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.worlds.commands import run
from tests.worlds.world import World
from vault.errors.families import Invalid
from vault.errors.records import Unreadable
from vault.importers.column_wishes import ColumnWishes
from vault.importers.read import read_file
from vault.importers.remembered import kept_of, with_kept
from vault.importers.wishes import CellWishes
from vault.records.vectors import numbers_of
from vault.views.field_types import Sensitivity, VectorType
from vault.views.records import FileChoice

PIXELS = ["id", "pixel_0", "pixel_1", "pixel_10", "pixel_2", "label"]


def table_of(names: Sequence[str], *rows: Sequence[object], sign: str = ",") -> str:
    return "".join(sign.join(map(str, row)) + "\n" for row in (names, *rows))


def vectors(**said: str) -> ColumnWishes:
    return ColumnWishes(vectors=said)


def rows_of(parsed, name: str) -> list[list[float] | None]:
    return [None if one is None else numbers_of(one) for one in parsed.table[name].to_pylist()]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_they_stand_in_the_order_of_their_numbers(parse, tmp_path: Path, ending: str) -> None:
    """Where the first of them stood, and each format says the same."""
    rows = [(7, 0.5, 1, 10, 2, "a"), (8, 0, -1, 0, 3e9, "b"), (9, 1, 1, 1, 1, "b")]
    if ending == "csv":
        content: str | bytes = table_of(PIXELS, *rows)
    elif ending == "jsonl":
        content = "".join(json.dumps(dict(zip(PIXELS, row, strict=True))) + "\n" for row in rows)
    else:
        columns = dict(zip(PIXELS, map(list, zip(*rows, strict=True)), strict=True))
        pq.write_table(pa.table(columns), tmp_path / "made.parquet")
        content = (tmp_path / "made.parquet").read_bytes()
    parsed = parse(content, f"rows.{ending}", wishes=vectors(pixel="4"))

    assert [(one.name, str(one.type)) for one in parsed.fields][:2] == [("id", "int"), ("pixel", "vector(4)")]
    assert rows_of(parsed, "pixel") == [[0.5, 1, 2, 10], [0, -1, 3e9, 0], [1, 1, 1, 1]]
    assert "4 columns pixel_0 … pixel_10 become pixel, a vector of 4." in parsed.notes
    assert (len(parsed.table.column_names), parsed.called) == (3, tuple(PIXELS))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["s0", "s1", "s2"], {"s": "3"}),
        (["s 3", "s 2", "s 1"], {"s": "3"}),
        (["s-1", "s-2", "s-30"], {"s": "3"}),
        (["s.01", "s.02", "s.03"], {"s": "3"}),
        (["1x1", "1x2", "2x1", "2x2"], {"image": "1x1..2x2"}),
        (["p_0_0", "p_0_1", "p_1_0", "p_1_1"], {"p": "4"}),
        (["t9", "t10", "t11", "t12"], {"window": "t10..t12"}),
    ],
)  # fmt: skip
def test_names_are_read_as_they_are_met(parse, names: list[str], said: Mapping[str, str]) -> None:
    parsed = parse(table_of(names, range(len(names))), wishes=vectors(**said))
    (name,), wanted = said, [place for place, one in enumerate(names) if one != "t9"]

    found = next(one for one in rows_of(parsed, name))
    assert found == [2, 1, 0] if names[0] == "s 3" else wanted


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"pixel": "5"}, "pixel with a number are 4 columns pixel_0 … pixel_10, and not 5: say --vector pixel=4"),
        ({"dot": "4"}, "the file has no columns dot with a number, such as dot_0; name the first and the last"),
        ({"pixel": "pixel_0..pixel_10"}, "from pixel_0 to pixel_10 are 11 columns, and 4 of them are in the file"),
        ({"pixel": "pixel_0..label"}, "pixel_0 and label are no names that differ by their numbers alone"),
        ({"pixel": "pixel_2..pixel_0"}, "the lower one first"),
        ({"s": "3"}, "two of the columns s1 … s02 have one number"),
        ({"s": "s1..s2"}, "from s1 to s2 are 2 columns, and 3 of them are in the file"),
        ({"pixel": "four"}, "a vector is said as NAME=N or NAME=FIRST..LAST, and not as pixel=four"),
        ({"label": "pixel_0..pixel_1"}, "the file has a column label besides those that become the vector label"),
        ({"x": "pixel_0..pixel_2", "y": "pixel_1..pixel_2"}, "pixel_1 stands twice among what becomes vectors"),
        ({"x": "pixel_0..pixel_0"}, "a vector has 2 to 4,096 numbers, and x would have 1"),
        ({"x": "pixel_0..pixel_2"}, "do not stand side by side: pixel_10 is between them"),
    ],
)  # fmt: skip
def test_others_than_were_said_are_refused_by_name(parse, said: Mapping[str, str], says: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(table_of([*PIXELS, "s1", "s2", "s02"], range(9)), wishes=vectors(**said))
    assert says in str(refused.value)


def test_two_ways_of_numbering_are_told_apart(parse) -> None:
    with pytest.raises(
        Invalid, match="more than one row of columns is called s with a number: s1 … s2 and s_1 … s_2"
    ):
        parse(table_of(["s1", "s2", "s_1", "s_2"], range(4)), wishes=vectors(s="2"))


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"drop": ("pixel_1",)}, "pixel_1 is left out, and a part of the vector pixel"),
        ({"rename": {"pixel_1": "one"}}, "pixel_1 is renamed to one, and a part of the vector pixel"),
    ],
)
def test_a_part_of_a_vector_has_no_wish_of_its_own(parse, wishes: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        parse(table_of(PIXELS, range(6)), wishes=ColumnWishes(vectors={"pixel": "4"}, **wishes))


def test_what_is_said_of_a_part_is_to_be_said_of_the_vector(parse) -> None:
    content, wishes = table_of(PIXELS, range(6)), vectors(pixel="4")
    with pytest.raises(Invalid, match="pixel_1 becomes a part of the vector pixel: say it of pixel"):
        parse(content, wishes=wishes, sensitivities={"pixel_1": Sensitivity.SPECIAL})
    with pytest.raises(Invalid, match=r"pixel is given as vector\(3\)"):
        parse(content, wishes=wishes, types={"pixel": VectorType(3)})

    said = parse(
        content, wishes=wishes, types={"pixel": VectorType(4)}, sensitivities={"pixel": Sensitivity.SPECIAL}
    )
    assert said.fields[1].sensitivity is Sensitivity.SPECIAL


def test_the_strictest_class_of_them_holds(parse) -> None:
    parsed = parse(table_of(["heart_1", "heart_2"], (1, 2)), wishes=vectors(wave="heart_1..heart_2"))
    assert [one.sensitivity for one in parsed.fields] == [Sensitivity.SPECIAL]


def test_a_vector_that_lacks_a_number_refuses_its_row(parse) -> None:
    """One that lacks all of them is missing."""
    content = table_of(
        ["s1", "s2", "s3"], (1, 2, 3), (1, "", 3), ("NA", "NA", ""), (1, "x", 3), ("x", "NA", 3)
    )
    parsed = parse(content, wishes=vectors(s="3"))

    assert rows_of(parsed, "s") == [[1, 2, 3], None]
    assert [(one.line, one.reason) for one in parsed.refused] == [
        (3, "s2: missing, and s is a vector of 3 numbers"),
        (5, "s2: not a number"),
        (6, "s1: not a number"),
    ]
    assert "In s, NA (3 times) counts as missing." in parsed.notes


def test_all_of_them_are_numbers_of_one_notation(parse) -> None:
    """A point stands between thousands where a comma of another of them begins decimals."""
    content = table_of(["s1", "s2"], ("1.234", "0,5"), ("5.678", "1.000,25"), sign=";")
    parsed = parse(content, wishes=vectors(s="2"))

    assert rows_of(parsed, "s") == [[1234, 0.5], [5678, 1000.25]]
    assert parsed.form
    assert parsed.form.decimals == {"s": ","}
    doubtful = parse(table_of(["s1", "s2"], ("1.234", "2"), (1, 2), sign=";"), wishes=vectors(s="2"))
    assert [(one.line, "--decimal" in one.reason) for one in doubtful.refused] == [(2, True)]
    said = parse(content, wishes=vectors(s="2"), form=CellWishes(decimals={"s": ","}))
    assert rows_of(said, "s") == rows_of(parsed, "s")


def test_a_column_without_numbers_is_named(parse) -> None:
    with pytest.raises(Invalid, match="s2 holds no numbers, so the columns s1 … s3 are no vector"):
        parse(table_of(["s1", "s2", "s3"], (1, "a", 2), (1, "b", 2)), wishes=vectors(s="3"))
    with pytest.raises(Invalid, match=r"s2 holds a whole number beyond 2\^53"):
        parse('{"s1": 1, "s2": 9007199254740993}\n', "rows.jsonl", wishes=vectors(s="2"))


def test_json_has_no_order_of_columns(parse) -> None:
    parsed = parse(
        '{"s1": 1, "label": "a"}\n{"s2": 2, "s1": 1, "label": "b"}\n', "r.jsonl", wishes=vectors(s="2")
    )
    assert (rows_of(parsed, "s"), [one.line for one in parsed.refused]) == ([[1, 2]], [1])


def test_it_is_proposed_and_not_done(parse) -> None:
    names = [
        "id",
        *(f"pixel{place}" for place in range(16)),
        *(f"{row}x{place}" for row in (1, 2) for place in range(8)),
    ]
    parsed = parse(table_of(names, range(33), range(33)))
    said = [note for note in parsed.notes if "--vector" in note]

    assert len(parsed.fields) == 33
    assert said == [
        "16 columns of numbers stand side by side, pixel0 … pixel15. As one column of vectors: --vector pixel=16",
        "16 columns of numbers stand side by side, 1x0 … 2x7. As one column of vectors: --vector vector=1x0..2x7",
    ]
    texts = parse(table_of(names[:17], ["a"] * 17, range(17)))
    assert not [note for note in texts.notes if "--vector" in note]


@pytest.mark.parametrize("ending", ["csv", pytest.param("json", marks=pytest.mark.slow)])
def test_more_columns_than_are_read_may_become_one(parse, ending: str) -> None:
    names = ["label", *(f"pixel{place}" for place in range(784))]
    content = table_of(names, range(785)) if ending == "csv" else json.dumps([dict.fromkeys(names, 1)])
    with pytest.raises(
        Unreadable, match="784 columns pixel0 … pixel783 become one of vectors with --vector pixel=784"
    ):
        parse(content, f"rows.{ending}")

    assert str(parse(content, f"rows.{ending}", wishes=vectors(pixel="784")).fields[1].type) == "vector(784)"


def sensor_files(folder: Path) -> list[Path]:
    """Of two months, three numbers a row."""
    paths = [folder / f"{month}.csv" for month in (1, 2)]
    for month, path in enumerate(paths, start=1):
        rows = [(f"2026-0{month}-0{day}", day / 4, month, 3) for day in (1, 2)]
        path.write_text(table_of(["day", "s0", "s1", "s2"], *rows))
    return paths


def test_next_months_file_needs_no_word(parse, tmp_path: Path) -> None:
    first, second = sensor_files(tmp_path)
    kept = kept_of(
        FileChoice(path=first, name="sensor", vectors={"s": "3"}),
        parse(first.read_bytes(), "first.csv", wishes=vectors(s="3")),
    )
    assert kept is not None
    next_one = FileChoice(path=second, name="sensor")
    found, _, told = with_kept(next_one, kept, read_file(second))
    assert (found.vectors, "(vectors s)" in told[0]) == ({"s": "3"}, True), told

    second.write_text(second.read_text().replace("s2", "s9"))
    _, _, told = with_kept(next_one, kept, read_file(second))
    assert "had another shape" in told[0]


@pytest.mark.slow
def test_it_is_stored_remembered_saved_and_comes_out(today: World) -> None:
    """A saved plan reads the same file without another word."""
    first, second = sensor_files(today.folder)
    plan, out = today.folder / "plan.json", today.folder / "out.jsonl"
    words = ("--collection", "sensor", "--unit", "record", "--dry-run", "--json")
    shown = run(today.paths, "import", first, *words, "--vector", "s=3", "--save-plan", plan)
    planned = run(today.paths, "import", first, *words, "--plan", plan)
    done = run(today.paths, "import", first, *words[:2], "--plan", plan)
    next_one = run(today.paths, "import", second, *words[:2])
    run(today.paths, "data", "export", "sensor", out, "--as", "jsonl")

    told = json.loads(shown.out)
    assert (told["form"]["vectors"], told["columns"][1]["type"]) == ({"s": "3"}, "vector(3)")
    assert [json.loads(planned.out)[part] for part in ("form", "columns")] == [told["form"], told["columns"]]
    assert (done.code, next_one.code) == (0, 0), done.err + next_one.err
    assert "(vectors s" in " ".join(next_one.err.split())
    assert [json.loads(line)["s"] for line in out.read_text().splitlines()] == [
        [0.25, 1, 3], [0.5, 1, 3], [0.25, 2, 3], [0.5, 2, 3],
    ]  # fmt: skip


def test_a_known_export_has_no_use_for_it(parse) -> None:
    track = (
        '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg><trkpt lat="48" lon="9">'
        "<time>2026-01-01T00:00:00Z</time></trkpt></trkseg></trk></gpx>"
    )
    with pytest.raises(Invalid, match="a known export has no use for --vector"):
        parse(track, "place.gpx", wishes=vectors(x="2"))


@pytest.mark.slow
def test_images_take_little_more_than_their_numbers(parse) -> None:
    names = [f"pixel{place}" for place in range(784)]
    text = table_of(names, *(((row * place) % 256 for place in range(784)) for row in range(3_000)))
    tracemalloc.start()
    try:
        parsed = parse(text, wishes=vectors(pixel="784"))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert str(parsed.fields[0].type) == "vector(784)"
    assert most < 4 * 8 * 784 * 3_000
