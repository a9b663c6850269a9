"""A column that names people in several rows is what counts as one, and nothing is stored before its owner says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.worlds.commands import run
from tests.worlds.world import World
from vault.importers.read import parse, read_file
from vault.records.people_column import people_column

ROWS = "1.10,3\n1.1,4\n1.1,5\n7,6\n"


def table(folder: Path, header: str, rows: str = ROWS) -> Path:
    path = folder / "people.csv"
    path.write_text(f"{header}\n{rows}")
    return path


@pytest.mark.parametrize(
    "name", ["patient_id", "Patient", "subject#", "userId", "id", "ID", "customer no", "pid"]
)
def test_what_names_people_is_the_unit(tmp_path: Path, name: str) -> None:
    assert name == people_column(parse(read_file(table(tmp_path, f"{name},x"))))


@pytest.mark.parametrize(
    "name",
    ["subject", "client", "order_id", "device id", "visit_id", "user agent", "idea", "patient age", "x1"],
)
def test_what_names_something_else_is_not(tmp_path: Path, name: str) -> None:
    assert people_column(parse(read_file(table(tmp_path, f"{name},x")))) is None


@pytest.mark.parametrize("rows", ["a,1\nb,2\nc,3\n", "a,1\na,2\n", "a,1\na,2\n,3\nb,4\n"])
def test_who_is_named_once_or_alone_or_not_always_is_no_unit(tmp_path: Path, rows: str) -> None:
    assert people_column(parse(read_file(table(tmp_path, "patient_id,x", rows)))) is None


def test_nothing_is_stored_before_the_unit_is_said(today: World, tmp_path: Path) -> None:
    path = table(tmp_path, "patient_id,x")
    refused = run(today.paths, "import", path)
    assert refused.code != 0
    assert (
        "patient_id names people in several rows of people.csv: say first what counts as one" in refused.err
    )
    assert "--unit" in refused.err
    looked = run(today.paths, "import", path, "--dry-run", "--json")
    plan = json.loads(looked.out)
    assert (plan["unit"], plan["units"], looked.code) == (
        {"kind": "column", "field": "patient_id", "zone": None}, 3, refused.code,
    )  # fmt: skip
    assert run(today.paths, "import", path, "--unit", "record").code == 0
