"""The plan of a collection's last import holds for the next file of its shape, is said, and can be left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.importers.catalogue import apple_export as apple
from tests.worlds.commands import run
from tests.worlds.importing import import_file
from tests.worlds.world import World
from vault.store.tables import VaultFact
from vault.vault import Vault
from vault.views.records import FileChoice

JANUARY = "Auszug\n;tag;um;preis\n0;31.01.2026;2026-01-31 08:00;1,5\n1;30.01.2026;2026-01-30 08:00;k.A.\n"
FEBRUARY = "Auszug\n;tag;um;preis\n0;2.1.2026;2026-02-01 08:00;1.234\n1;3.1.2026;2026-02-02 08:00;k.A.\n"
SAID = (
    "--drop",
    "#1",
    "--rename",
    "tag=day",
    "--null",
    "k.A.",
    "--skip-lines",
    "1",
    "--zone",
    "Europe/Berlin",
)
READ = (
    "Read as the last file into bank (separator semicolon; 1 line skipped; without #1; renamed tag; missing k.A.; "
    "decimal comma in preis; day as day, month, year; zone Europe/Berlin); otherwise: --no-plan"
)


def _written(world: World, name: str, content: str) -> Path:
    path = world.folder / name
    path.write_text(content, encoding="utf-8")
    return path


def _january(world: World) -> None:
    path = _written(world, "jan.csv", JANUARY)
    done = run(world.paths, "import", path, "--collection", "bank", "--unit", "record", *SAID)
    assert done.code == 0, done.err


def _rows(world: World, name: str) -> list[list[str]]:
    rows: list[list[str]] = json.loads(run(world.paths, "data", "browse", name, "--json").out)["rows"]
    return rows


def test_next_months_file_is_read_as_the_last_one_and_that_is_said(today: World) -> None:
    _january(today)
    path = _written(today, "feb.csv", FEBRUARY)
    shown = run(today.paths, "import", path, "--collection", "bank", "--dry-run")
    assert (shown.code, READ in " ".join(shown.err.split())) == (0, True), shown.err
    done = run(today.paths, "import", path, "--collection", "bank")
    assert done.code == 0, done.err

    assert _rows(today, "bank")[2:] == [
        ["2026-01-02T00:00:00Z", "2026-02-01T07:00:00Z", "1234.0"],
        ["2026-01-03T00:00:00Z", "2026-02-02T07:00:00Z", ""],
    ]


def test_a_plan_that_is_saved_while_the_last_one_holds_reads_the_file_alone(today: World) -> None:
    """With everything that was left out, renamed or missing, whoever said it."""
    _january(today)
    path, plan = _written(today, "feb.csv", FEBRUARY), today.folder / "plan.json"
    saved = run(today.paths, "import", path, "--collection", "bank", "--dry-run", "--save-plan", plan)
    assert saved.code == 0, saved.err
    words = ("--plan", plan, "--collection", "fresh", "--other-people", "bank")
    done = run(today.paths, "import", path, *words)
    assert done.code == 0, done.err
    assert _rows(today, "fresh") == [
        ["2026-01-02T00:00:00Z", "2026-02-01T07:00:00Z", "1234.0"],
        ["2026-01-03T00:00:00Z", "2026-02-02T07:00:00Z", ""],
    ]


def test_the_classes_of_a_collection_stay_and_what_it_lacks_is_said_so(today: World) -> None:
    done = run(
        today.paths, "import", _written(today, "jan.csv", JANUARY), "--collection", "bank", "--unit", "record", *SAID,
        "--sensitivity", "preis=special",
    )  # fmt: skip
    assert done.code == 0, done.err
    path = _written(today, "feb.csv", FEBRUARY)
    shown = json.loads(run(today.paths, "import", path, "--collection", "bank", "--dry-run", "--json").out)
    assert {one["name"]: one["sensitivity"] for one in shown["columns"]}["preis"] == "special"
    for words, says in (
        (
            ("--sensitivity", "preis=ordinary"),
            "preis is special in bank, and another file does not change that",
        ),
        (("--drop", "preis"), "the column preis is missing"),
    ):
        refused = run(today.paths, "import", path, "--collection", "bank", *words)
        assert (refused.code, says in " ".join(refused.err.split())) == (1, True), refused.err


def test_what_is_said_counts_before_the_plan_which_can_be_left_alone(today: World) -> None:
    _january(today)
    path = _written(today, "feb.csv", FEBRUARY)
    words = ("import", path, "--collection", "bank", "--dry-run", "--json")
    other = run(today.paths, *words, "--zone", "UTC", "--date-format", "day=mdy", "--decimal", ".")
    assert [one["samples"][0] for one in json.loads(other.out)["columns"]] == [
        *("2026-02-01T00:00:00Z", "2026-02-01T08:00:00Z", "1.234"),
    ]
    alone = run(today.paths, *words, "--no-plan")
    assert (alone.code, "--skip-lines 1" in " ".join(alone.err.split())) == (1, True)


@pytest.mark.parametrize(
    ("header", "row"),
    [("tag;um;preis", "2.1.2026;2026-02-01 08:00;1,5"), (";um;tag;preis", "0;2026-02-01 08:00;2.1.2026;1,5")],
)
def test_nothing_of_it_holds_for_a_file_of_another_shape(today: World, header: str, row: str) -> None:
    """The third column of one file is no column of another: nothing is left out by its number."""
    _january(today)
    path = _written(today, "feb.csv", f"Auszug\n{header}\n{row}\n{row}\n")
    words = ("--skip-lines", "1", "--rename", "tag=day", "--date-format", "day=dmy", "--null", "k.A.")
    drop = ("--drop", "#1") if header.startswith(";") else ()
    shown = run(today.paths, "import", path, "--collection", "bank", *words, *drop, "--dry-run")

    assert shown.code == 0, shown.err
    assert "The last file into bank had another shape" in " ".join(shown.err.split())


@pytest.mark.slow
def test_a_text_that_is_utf_8_is_not_read_in_the_encoding_of_the_last(today: World) -> None:
    first = today.folder / "first.csv"
    first.write_bytes("wo,n\nKöln,1\n".encode("cp1252"))
    assert run(today.paths, "import", first, "--collection", "towns", "--unit", "record").code == 0
    second = _written(today, "second.csv", "wo,n\nWörth,2\n")
    assert run(today.paths, "import", second, "--collection", "towns").code == 0

    assert [row[0] for row in _rows(today, "towns")] == ["Köln", "Wörth"]


def test_the_order_of_names_in_json_says_nothing(today: World) -> None:
    first = _written(today, "a.jsonl", '{"d":"31.1.2026","x":"a"}\n')
    second = _written(today, "b.jsonl", '{"x":"b","d":"2.1.2026"}\n')
    with today.vault() as vault:
        import_file(vault, FileChoice(path=first, name="notes", unit="record"))
        shown = vault.plan_import(FileChoice(path=second, name="notes"))

    assert (shown.follows_last, shown.columns[1].samples) == (True, ("2026-01-02T00:00:00Z",))


def test_the_part_of_a_known_export_and_what_is_left_out_of_it_hold(today: World) -> None:
    first, later = today.folder / "first.xml", today.folder / "later.xml"
    first.write_bytes(apple.export(3))
    later.write_bytes(apple.export(5))
    choice = FileChoice(path=first, name="rings", part="rings", drop=("stand_hours",))
    with today.vault() as vault:
        import_file(vault, choice)
        more = import_file(vault, FileChoice(path=later, name="rings"))

    assert (more.rows, more.known_rows, more.total_rows) == (2, 3, 5)


def test_erasing_a_collection_forgets_its_plan(today: World) -> None:
    path = _written(today, "a.csv", "n,m\n1,2\n")
    with today.vault() as vault:
        import_file(vault, FileChoice(path=path, name="rows", unit="record"))
        before = _plans(vault)
        vault.erase_collection("rows")

        assert len(before - _plans(vault)) == 1


def _plans(vault: Vault) -> set[str]:
    with vault._opened.store.read() as uow:
        return {row.key for row in uow.find(VaultFact) if row.key.startswith("import.plan.")}


def test_another_sign_of_money_or_percent_than_in_the_last_file_is_said(today: World) -> None:
    """Nothing else would tell euros from dollars in one column."""
    first = _written(
        today, "jan.csv", "n,price,share\n" + "".join(f"{n},${n}.50,{n}%\n" for n in range(1, 9))
    )
    assert run(today.paths, "import", first, "--collection", "shop", "--unit", "record").code == 0
    for name, sign, says in (
        ("feb.csv", "€", "price carried the sign $ in the last file, and carry the sign € in this one."),
        ("mar.csv", "", "price carried the sign $ in the last file, and carry no sign in this one."),
        ("apr.csv", "$", ""),
    ):
        rows = "".join(f"{n},{sign}{n}.25,{n}%\n" for n in range(1, 9))
        path = _written(today, name, f"n,price,share\n{rows}")
        shown = run(today.paths, "import", path, "--collection", "shop", "--dry-run")
        said = " ".join(shown.err.split())
        assert (shown.code, says in said, "share carried" in said) == (0, True, False), said
        assert ("in the last file, and carry" in said) is bool(says)
