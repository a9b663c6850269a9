"""What was decided about a file is saved, edited and given back; several files are looked at before any is stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.importers.catalogue import apple_export as apple
from tests.importers.catalogue import people_exports as people
from tests.worlds.commands import assert_refused, run, secrets_of
from tests.worlds.world import World
from tui.cli.import_plan import read_plan
from vault.errors.families import LockboxError


def names(world: World) -> list[str]:
    return [json.loads(line)["name"] for line in run(world.paths, "data", "list", "--json").out.splitlines()]


def test_a_plan_is_saved_and_holds_for_the_next_file(today: World) -> None:
    first, second, plan = (today.folder / name for name in ("jan.csv", "feb.csv", "plan.json"))
    first.write_text(";tag;wert\n0;31.01.2026;1,5\n1;30.01.2026;k.A.\n", encoding="utf-8")
    second.write_text(";tag;wert\n0;01.02.2026;2,5\n1;k.A.;3,5\n", encoding="utf-8")
    said = (
        *("--drop", "#1", "--rename", "wert=value", "--null", "k.A."),
        *("--date-format", "tag=dmy", "--zone", "Europe/Berlin"),
    )
    assert run(today.paths, "import", first, *said, "--save-plan", plan, "--dry-run").code == 0
    kept = json.loads(plan.read_text(encoding="utf-8"))

    assert (kept["types"], kept["unit"], kept["time_field"]) == (
        *({"tag": "timestamp", "value": "float"}, "day", "tag"),
    )
    shown = json.loads(
        run(today.paths, "import", second, "--plan", plan, "--dry-run", "--json", "--allow-refused").out
    )
    assert [(one["name"], one["samples"]) for one in shown["columns"]] == [
        *(("tag", ["2026-02-01T00:00:00Z"]), ("value", ["2.5"])),
    ]
    kept["unit"] = "record"
    plan.write_text(json.dumps(kept), encoding="utf-8")
    edited = json.loads(run(today.paths, "import", first, "--plan", plan, "--dry-run", "--json").out)
    assert (edited["unit"]["kind"], edited["rows"]) == ("record", 2)
    besides = run(today.paths, "import", first, "--plan", plan, "--unit", "day", "--dry-run", "--json")
    assert json.loads(besides.out)["unit"] == {"kind": "day", "field": None, "zone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]", "is no plan of an import"),
        ('{"v":2}', "is no plan of an import"),
        ('{"v":1,"v":1}', "is no plan of an import"),
        ('{"v":1,"path":"/etc/passwd"}', "a plan of an import has no path"),
        ('{"v":1,"types":["a"]}', "types in a plan of an import is not written so"),
        ('{"v":1,"skip_lines":true}', "skip_lines in a plan of an import is not written so"),
        (None, "There is no file"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, content: str | None, says: str) -> None:
    plan = tmp_path / "plan.json"
    if content is not None:
        plan.write_text(content, encoding="utf-8")
    with pytest.raises(LockboxError, match=says):
        read_plan(plan)


@pytest.mark.slow
def test_a_saved_plan_takes_no_other_files_place(today: World) -> None:
    table = today.table("more.csv", seed=5)
    before = table.read_bytes()
    outcome = run(today.paths, "import", table, "--save-plan", table, "--dry-run")

    assert_refused(outcome, 1, "something is already there", secrets_of(today))
    assert table.read_bytes() == before


def test_a_folder_is_looked_at_whole_before_anything_is_stored(today: World) -> None:
    folder = today.folder / "export"
    folder.mkdir()
    (folder / "a.csv").write_text("n\n1\n2\n", encoding="utf-8")
    (folder / "b.jsonl").write_text('{"x":1.5}\n', encoding="utf-8")
    (folder / "notes.txt").write_text("none of it", encoding="utf-8")
    (folder / "c.csv").write_text("n,m\n1\n", encoding="utf-8")
    assert_refused(
        *(run(today.paths, "import", folder), 1),
        *("no row of c.csv could be imported: line 2: 1 cell where the header has 2", secrets_of(today)),
    )
    assert names(today) == ["nights"]
    (folder / "c.csv").unlink()
    outcome = run(today.paths, "import", folder, "--json")

    assert [(one["collection"], one["rows"]) for one in json.loads(outcome.out)["files"]] == [
        ("a", 2),
        ("b", 1),
    ]
    assert names(today) == ["a", "b", "nights"]


@pytest.mark.slow
def test_several_files_go_into_one_collection(today: World) -> None:
    for number in range(5):
        (today.folder / f"walk{number}.csv").write_text(
            f"at,n\n2026-01-0{number + 1},{number}\n", encoding="utf-8"
        )
    files = [today.folder / f"walk{number}.csv" for number in range(5)]
    outcome = run(today.paths, "import", *files, "--collection", "walks")

    assert outcome.code == 0, outcome.err
    page = json.loads(run(today.paths, "data", "browse", "walks", "--json").out)
    assert [row[1] for row in page["rows"]] == [str(number) for number in range(5)]


def test_an_empty_folder_is_refused(today: World) -> None:
    folder = today.folder / "none"
    folder.mkdir()

    assert_refused(run(today.paths, "import", folder), 1, "holds no file that ends with", secrets_of(today))


def test_of_a_folder_known_exports_are_taken_by_their_content_and_the_rest_is_named(today: World) -> None:
    folder = today.folder / "ex"
    folder.mkdir()
    apple.write_zip(folder / "export.zip", apple.zipped(apple.export(3)))
    (folder / "All mail.mbox").write_text(people.takeout())
    (folder / "n.csv").write_text("day,n\n2026-01-01,1\n")
    (folder / "inner").mkdir()
    for name, content in (("notes.txt", b"a word"), ("torn.zip", b"PK\x03\x04"), (".DS_Store", b"x")):
        (folder / name).write_bytes(content)
    outcome = run(today.paths, "import", folder, "--dry-run", "--json")

    assert outcome.code == 0, outcome.err
    found = json.loads(outcome.out)["files"]
    assert [one["source"] for one in found] == ["All mail.mbox", "export.zip", "n.csv"]
    assert "Passed over in ex: inner, notes.txt, torn.zip." in outcome.err
    plain = run(today.paths, "import", folder, "--as", "csv", "--dry-run")
    assert plain.code == 0, plain.err
    assert "Passed over in ex: All mail.mbox, export.zip, inner, notes.txt, torn.zip." in plain.err
