"""Lists of numbers: what stands against vectors is said by line, and they take no more room than they need."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.worlds.commands import run
from tests.worlds.world import World
from vault.importers.wishes import CellWishes
from vault.views.field_types import VectorType


def lines_of(values: list[object]) -> str:
    return "".join(json.dumps({"n": place, "x": value}) + "\n" for place, value in enumerate(values))


def written(world: World, ending: str, values: list[object]) -> Path:
    path = world.folder / f"odd.{ending}"
    if ending == "parquet":
        pq.write_table(pa.table({"n": range(len(values)), "x": values}), path)
    else:
        text = lines_of(values)
        path.write_text(text if ending == "jsonl" else f"[{','.join(text.splitlines())}]")
    return path


WAY_OUT = "with --type 'x=vector(2)' only the rows without such a list are refused"
MOST = "most are lists of 2 numbers"
BEYOND = "a whole number beyond 2^53, which a vector does not keep exactly"
FOUR: list[object] = [[1, 2]] * 4


@pytest.mark.parametrize(
    ("ending", "values", "says"),
    [
        ("jsonl", [*FOUR, [1, 2, 3]], f"line 5 holds a list of 3 numbers, where {MOST}; {WAY_OUT}"),
        ("parquet", [*FOUR, [1, 2**53 + 1]], "the column x holds lists with whole numbers beyond 2^53"),
        ("parquet", [[0] * 4097] * 2, "x: lists of 4,097 numbers, and a vector has 2 to 4,096"),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (
                ("parquet", [*FOUR, [1, 2, 3]], f"line 5 holds a list of 3 numbers, where {MOST}; {WAY_OUT}"),
                ("jsonl", [*FOUR, [1, 2**53 + 1]], f"line 5 holds {BEYOND}, where {MOST}; {WAY_OUT}"),
                ("jsonl", [*FOUR, [1, "a"]], "line 5 holds a list with what is no finite number"),
                ("jsonl", [*FOUR, "n/a"], f"line 5 holds no list, where {MOST}; {WAY_OUT}"),
                ("jsonl", [[1], [2], [3]], "x: lists of 1 number, and a vector has 2 to 4,096"),
                ("jsonl", [[1, 2], [3], [4, 5, 6]], "line 2 holds a list of 1 number, where others are"),
            )
        ),
    ],
)  # fmt: skip
def test_what_stands_against_vectors_is_said(
    today: World, ending: str, values: list[object], says: str
) -> None:
    path = written(today, ending, values)
    outcome = run(today.paths, "import", path, "--unit", "record", "--dry-run")

    assert (outcome.code, says in " ".join(outcome.err.split())) == (1, True), outcome.err


@pytest.mark.parametrize("ending", ["jsonl", "json", "parquet"])
def test_the_way_out_keeps_the_others(today: World, ending: str) -> None:
    path = written(today, ending, [*FOUR, [1, 2, 3]])
    words = ("--type", "x=vector(2)", "--unit", "record", "--allow-refused", "--dry-run", "--json")
    plan = json.loads(run(today.paths, "import", path, *words).out)

    assert [(row["line"], row["reason"]) for row in plan["first_refused"]][:1] == [
        (5, "x: not a list of 2 finite numbers")
    ]
    assert plan["rows"] == 4


def test_a_missing_token_among_lists_is_missing(parse, tmp_path: Path) -> None:
    parsed = parse(lines_of([*FOUR, "n/a"]), "rows.jsonl", form=CellWishes(nulls=("n/a",)))
    table = tmp_path / "lists.parquet"
    pq.write_table(pa.table({"x": FOUR}), table)
    other = parse(table.read_bytes(), "rows.parquet", form=CellWishes(nulls=("n/a",)))

    assert parsed.fields[1].type == other.fields[0].type == VectorType(2)
    assert (parsed.table["x"].null_count, len(parsed.refused)) == (1, 0)


def test_a_vector_is_no_obstacle_beside_an_object(today: World) -> None:
    path = today.folder / "odd.jsonl"
    path.write_text('{"x":[1,2],"where":{"city":"Ulm"}}\n' * 2)
    outcome = run(today.paths, "import", path, "--unit", "record", "--dry-run")

    assert "where: a nested value; take it apart with --flatten" in " ".join(outcome.err.split())
    assert "x holds lists" not in outcome.err


@pytest.mark.slow
@pytest.mark.parametrize("is_list", [False, True])
def test_lists_take_little_more_than_their_numbers(parse, *, is_list: bool) -> None:
    text = lines_of([[place / 7 + one for one in range(64)] for place in range(12_000)])
    if is_list:
        text = f"[{text.rstrip().replace(chr(10), ',')}]"
    tracemalloc.start()
    try:
        parsed = parse(text, "rows.json")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert parsed.fields[1].type == VectorType(64)
    assert most < 4 * len(text)
