"""A collection with a column of vectors: in from every format, looked at, out again, and asked for by a job."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.worlds.commands import Outcome, run
from tests.worlds.world import World

ROWS = [
    {"day": f"2026-01-{day + 1:02}", "window": [day / 8, -1.5, 1e300], "good": day % 2 == 0}
    for day in range(30)
]


def as_lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def command(world: World, *words: str | Path) -> Outcome:
    done = run(world.paths, *words)
    assert done.code == 0, done.err
    return done


def exported(world: World, name: str, ending: str) -> Path:
    to = world.folder / f"{name} out.{ending}"
    command(world, "data", "export", name, to)
    return to


@pytest.mark.slow
def test_vectors_come_back_from_every_format_value_by_value(world: World) -> None:
    lines, table, cells = (world.folder / f"lists.{ending}" for ending in ("jsonl", "parquet", "csv"))
    lines.write_text(as_lines([*ROWS, {"day": "2026-02-01", "window": None, "good": True}]))
    said = " ".join(command(world, "import", lines, "--collection", "lines").err.split())
    assert "Each value of window is a list of 3 numbers: it is kept as a vector." in said
    found = [json.loads(line) for line in exported(world, "lines", "jsonl").read_text().splitlines()]
    assert [row["window"] for row in found] == [*(row["window"] for row in ROWS), None]

    pq.write_table(pa.Table.from_pylist(ROWS), table)
    command(world, "import", table, "--collection", "table", "--other-people", "lines")
    cells.write_text(exported(world, "table", "csv").read_text())
    words = ("import", cells, "--collection", "cells", "--type", "window=vector(3)")
    command(world, *words, "--other-people", "lines", "--other-people", "table")
    kept = [exported(world, name, "jsonl").read_text() for name in ("table", "cells")]
    assert kept[0] == kept[1]
    assert [json.loads(line)["window"] for line in kept[0].splitlines()] == [row["window"] for row in ROWS]


@pytest.mark.slow
def test_vectors_are_looked_at_searched_and_added_to(world: World) -> None:
    file, more, other = (world.folder / f"{name}.jsonl" for name in ("nights", "more", "other"))
    file.write_text(as_lines(ROWS))
    command(world, "import", file)
    shown = json.loads(command(world, "data", "show", "nights", "--json").out.splitlines()[1])
    assert (shown["type"], shown["distinct"], shown["minimum"], shown["maximum"]) == (
        "vector(3)",
        30,
        -1.5,
        1e300,
    )
    assert "vector(3)" in command(world, "data", "show", "nights").out
    page = json.loads(command(world, "data", "search", "nights", "3.625, -1.5", "--json").out)
    assert (page["matches"], page["row_numbers"]) == (1, [30])

    more.write_text(as_lines([{"day": "2026-03-01", "window": [1, 2, 3], "good": None}]))
    command(world, "import", more, "--collection", "nights")
    other.write_text(as_lines([{"day": "2026-03-02", "window": [1, 2], "good": None}]))
    refused = run(world.paths, "import", other, "--collection", "nights")
    assert (refused.code, "not a list of 3 finite numbers" in " ".join(refused.all.split())) == (1, True), (
        refused.all
    )
    again = world.folder / "again.jsonl"
    again.write_text(as_lines(ROWS[::-1]))
    same = " ".join(run(world.paths, "import", again, "--dry-run").all.split())
    assert "nights" in same, same
