"""What an import found out and decided is said, all at once, and holds for the next file of its kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sweeps import sweep_of_many
from tests.worlds.commands import assert_refused, run, secrets_of
from tests.worlds.world import World
from vault.errors.records import Unreadable
from vault.importers.wishes import CellWishes
from vault.views.field_types import FieldType

FORMS = {
    "as_format": "csv", "encoding": "cp1252", "separator": ";", "skip_lines": 1, "zone": "UTC",
    "dates": {"tag": "dmy", "um": "iso"}, "decimals": {"preis": ",", "grad": "."},
}  # fmt: skip


def _written(world: World, name: str, content: str | bytes) -> Path:
    path = world.folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _plain(text: str) -> str:
    return " ".join(text.split())


def test_a_saved_plan_reads_the_next_file_as_the_first_was_read(today: World) -> None:
    """The second file alone would be read otherwise: its days, its points, its separator, its letters."""
    first = _written(
        today,
        "jan.csv",
        "Auszug\ntag;um;preis;grad;wo\n31.01.2026;2026-01-31 08:00;1,5;20.5;Köln\n".encode("cp1252"),
    )
    second = _written(
        today,
        "feb.csv",
        "Auszug\ntag;um;preis;grad;wo\n2.1.2026;2026-01-02 08:00;1.234;7.250;a|b|c\n".encode("cp1252")
        + "3.1.2026;2026-01-03 08:00;2;8.125;Ń|b|c\n".encode("cp1250"),
    )
    plan = today.folder / "plan.json"
    saved = run(
        today.paths,
        "import",
        first,
        "--skip-lines",
        "1",
        "--unit",
        "record",
        "--save-plan",
        plan,
        "--dry-run",
    )
    assert saved.code == 0, saved.err
    kept = json.loads(plan.read_text(encoding="utf-8"))
    assert {name: kept[name] for name in FORMS} == FORMS
    shown = run(today.paths, "import", second, "--plan", plan, "--collection", "jan", "--json")
    assert shown.code == 0, shown.err
    page = json.loads(run(today.paths, "data", "browse", "jan", "--json").out)

    assert [row[:4] for row in page["rows"]] == [
        ["2026-01-02T00:00:00Z", "2026-01-02T08:00:00Z", "1234.0", "7.25"],
        ["2026-01-03T00:00:00Z", "2026-01-03T08:00:00Z", "2.0", "8.125"],
    ]
    other = _written(today, "mar.csv", "Auszug\ntag;um;preis;grad;wo\n31.1.2026;31.1.2026 8:00;2;8.5;x\n")
    refused = run(today.paths, "import", other, "--plan", plan, "--collection", "jan")
    assert_refused(refused, 1, "line 3: um: not a date or time such as 2026-01-31", secrets_of(today))


def test_a_preview_says_what_was_taken_for_what(today: World) -> None:
    rows = ["2026-10-25 02:30,2026-10-20,-,a", "2026-10-25 02:45,2026-10-20,NA,a"]
    more = ["2026-10-25 05:00,2026-10-20,5,a", "2026-10-26 00:30,2026-10-20,-,b"]
    path = _written(today, "walks.csv", "\n".join(["at,made,steps,shoe", *rows, *more]) + "\n")
    outcome = run(today.paths, "import", path, "--zone", "Europe/Berlin", "--null", "b", "--dry-run")
    said = _plain(outcome.err)

    for sentence in (
        "The column at decides the day of a row, in Europe/Berlin; other times are in made, see --time.",
        "In steps, - (2 times) and NA (once) count as missing.",
        "In shoe, b (once) counts as missing, as you said.",
        "The column shoe holds few texts, often repeated: it is kept as a category. As text: --type shoe=text",
        "2 of the times in at were shown twice when clocks went back in Europe/Berlin (lines 2 and 3): the first is "
        "meant.",
    ):
        assert sentence in said


@pytest.mark.parametrize(("types", "dates"), [({}, {}), ({"c": FieldType.TIMESTAMP}, {}), ({}, {"c": "dmy"})])
def test_a_time_that_no_clock_showed_is_named_by_its_line(parse, types, dates) -> None:
    cells = (
        ["29.03.2026 01:30", "29.03.2026 02:30", "29.03.2026 04:00"]
        if dates
        else [*("2026-03-29 01:30", "2026-03-29 02:30", "2026-03-29 04:00")]
    )
    parsed = parse(
        "c,n\n" + "".join(f"{one},1\n" for one in cells),
        types=types,
        form=CellWishes(zone="Europe/Berlin", dates=dates),
    )
    why = "c: a time that no clock of Europe/Berlin ever showed, because it went forward then"
    note = (
        "No clock of Europe/Berlin ever showed the time in c of line 3, where it went forward: the column is kept as "
        "text. As times, with the rows refused that hold none: --type c=timestamp"
    )

    assert [(row.line, row.reason) for row in parsed.refused] == ([(3, why)] if types or dates else [])
    assert (note in parsed.notes) is not bool(types or dates)
    assert parsed.has_local_times
    assert not any("Not every value" in said for said in parsed.notes)


def test_days_that_there_are_not_are_told_with_the_way_to_the_others(parse) -> None:
    parsed = parse("t o,n\n2026-02-28,1\n2026-02-30,2\n")
    assert parsed.notes[:1] == (
        "Not every value of t o is a day and a time that there are: it is kept as text. As times, with the rows "
        "refused that hold none: --type 't o=timestamp'",
    )
    given = parse("t o,n\n2026-02-28,1\n2026-02-30,2\n", types={"t o": FieldType.TIMESTAMP})
    assert [row.line for row in given.refused] == [3]


def test_the_zone_of_a_collection_holds_and_the_way_to_it_is_said(today: World) -> None:
    names = ("walks.csv", "more.csv", "again.csv")
    path, more, again = (
        _written(today, name, f"at,steps\n2026-07-0{n} 23:30,{n}\n") for n, name in enumerate(names, 1)
    )
    zone = ("--zone", "America/New_York")
    assert run(today.paths, "import", path, *zone).code == 0
    noted = run(today.paths, "import", more, "--collection", "walks", "--zone", "Europe/Berlin", "--dry-run")
    assert (
        "--zone Europe/Berlin holds for the times of this file that name no zone; days go on beginning in "
        "America/New_York, the zone of the collection, for good."
    ) in _plain(noted.err)
    refused = run(today.paths, "import", again, "--collection", "again", "--same-people", "walks")
    assert "As its unit: --unit day --zone America/New_York." in _plain(refused.err)
    assert_refused(refused, 4, "import these rows with --unit day --zone America/New_York", secrets_of(today))
    unused = run(
        today.paths, "import", today.table("more.csv", seed=5), "--unit", "record", *zone, "--dry-run"
    )
    assert "--zone America/New_York changes nothing" in _plain(unused.err)


@pytest.mark.parametrize(
    ("content", "says"),
    sweep_of_many(
        [
            (b"n,m\n1,\xc3\xa4\n2,\xff\xc3\xa4\n", "line 3 holds the byte 0xFF"),
            (
                b"x,m\n1,2\n",
                "the columns of this file do not fit the collection both: the column x is not in it",
            ),
            (b"n\n1.5\n", "line 2: n: not a whole number"),
            (b"%PDF", "it is a PDF"),
        ],
        default=2,
    ),
)
def test_of_several_files_the_one_that_cannot_be_taken_is_named(
    today: World, content: bytes, says: str
) -> None:
    folder = today.folder / "several"
    folder.mkdir()
    (folder / "a.csv").write_bytes(b"n,m\n1,2\n" if b"," in content else b"n\n1\n")
    first = run(today.paths, "import", folder / "a.csv", "--collection", "both")
    assert first.code == 0, first.err
    (folder / "a.csv").write_bytes(
        (folder / "a.csv").read_bytes() + (b"3,4\n" if b"," in content else b"2\n")
    )
    (folder / "b.csv").write_bytes(content)
    outcome = run(today.paths, "import", folder, "--collection", "both")

    assert outcome.code == 1
    assert "b.csv" in outcome.err
    assert says in _plain(outcome.err)
    assert "a.csv" not in outcome.err


def test_an_empty_name_of_a_collection_is_refused(today: World) -> None:
    outcome = run(today.paths, "import", today.table("more.csv", seed=5), "--collection", "", "--dry-run")

    assert_refused(outcome, 1, "an empty text names nothing", secrets_of(today))


@pytest.mark.parametrize("name", ["odd.jsonl", "odd.json", "odd.csv"])
def test_a_number_that_is_too_large_becomes_no_infinity(today: World, name: str) -> None:
    rows = ['{"n":1.5}', '{"n":1e400}']
    content = {
        "odd.jsonl": "\n".join(rows),
        "odd.json": f"[{','.join(rows)}]",
        "odd.csv": "n,m\n1.5,2\n1e400,2\n",
    }[name]
    path = _written(today, name, content + "\n")
    given = ("--type", "n=float") if name == "odd.csv" else ()
    outcome = run(today.paths, "import", path, *given, "--unit", "record", "--dry-run")

    assert_refused(outcome, 1, "not a finite number of 64 bits", secrets_of(today))
    assert "inf" not in outcome.out


@pytest.mark.parametrize("word", ["inf", "-Infinity", "INF"])
def test_infinities_make_a_text_and_that_is_said(parse, word) -> None:
    parsed = parse(f"c,n\n1.5,1\n{word},2\n")

    assert parsed.table["c"].to_pylist() == ["1.5", word]
    assert parsed.notes == (
        "The column c holds infinities, which no number that is kept can be: it is kept as text.",
    )


def test_all_that_is_nested_is_said_at_once_with_what_helps(today: World) -> None:
    row = {"id": 1, "tags": ["a"], "where": {"city": "Ulm", "points": [1, 2]}, "who": {"name": "x"}}
    path = _written(today, "nested.jsonl", json.dumps(row) + "\n")
    refused = run(today.paths, "import", path, "--unit", "record")
    for sentence in (
        "where holds objects: take them apart with --flatten",
        "who holds objects: take them apart with --flatten",
        "tags holds lists: leave it out with --drop tags",
        "where.points holds lists: leave it out with --drop where.points",
    ):
        assert sentence in _plain(refused.err)
    assert refused.code == 1
    words = ("--flatten", "--drop", "tags", "--drop", "where.points", "--unit", "record")
    assert run(today.paths, "import", path, *words, "--dry-run").code == 0


def test_all_names_that_cannot_be_kept_are_said_at_once(parse) -> None:
    with pytest.raises(Unreadable) as caught:
        parse('{"_id":1,"":2,"tags":[1]}\n', "rows.jsonl")

    for sentence in (
        "the name of column 1 begins with an underscore",
        "the name of column 2 is empty",
        "tags holds lists: leave it out with --drop tags",
    ):
        assert sentence in str(caught.value)
