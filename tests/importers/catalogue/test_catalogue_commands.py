"""What `lockbox import` says of a known export and stores of it, and what `lockbox formats` lists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.importers.catalogue import apple_export as apple
from tests.importers.catalogue import timeline_export as timeline
from tests.worlds.commands import assert_refused, run, secrets_of
from tests.worlds.importing import import_file
from tests.worlds.world import World
from vault.errors.families import Invalid
from vault.errors.records import AllStored, AlreadyImported, PlanUnknown, Unreadable
from vault.importers.catalogue.formats import FORMATS
from vault.importers.catalogue.read_known import READERS
from vault.importers.catalogue.recognise import SIGNS
from vault.views.field_types import Sensitivity
from vault.views.records import FileChoice, OverlapReason

EXPORTS = (("first.xml", 30), ("later.xml", 33), ("same.xml", 32))


def put(world: World, name: str, content: bytes) -> Path:
    path = world.folder / name
    path.write_bytes(content)
    return path


def test_next_months_export_adds_what_is_new_and_each_table_shares_one_budget(today: World) -> None:
    first, later, same = (put(today, name, apple.export(days)) for name, days in EXPORTS)
    with today.vault() as vault:
        days = import_file(vault, FileChoice(path=first, name="days"))
        more = import_file(vault, FileChoice(path=later, name="days"))
        rings = vault.plan_import(FileChoice(path=later, name="rings", part="rings"))
        others = {"days": "other"}
        apart = import_file(vault, FileChoice(path=later, name="other", part="rings", people=others))
        with pytest.raises(
            AllStored, match=r"^Every row of same\.xml is in days already; nothing was stored\.$"
        ):
            vault.plan_import(FileChoice(path=same, name="days"))

    assert (days.rows, more.rows, more.total_rows) == (30, 3, 33)
    assert (days.known_rows, more.known_rows) == (0, 30)
    assert [(one.collection, one.reason, one.joins) for one in rings.overlaps] == [
        ("days", OverlapReason.SAME_EXPORT, True)
    ]
    assert (rings.rows, rings.needs_passphrase, apart.joined) == (33, True, ())


def test_rows_that_came_in_meanwhile_are_not_stored_twice(today: World) -> None:
    first, later, _ = (put(today, name, apple.export(days)) for name, days in EXPORTS)
    with today.vault() as vault:
        waiting = vault.plan_import(FileChoice(path=first, name="days"))
        import_file(vault, FileChoice(path=later, name="days"))
        with pytest.raises(PlanUnknown):
            vault.import_planned(waiting.id)


def test_the_look_says_what_it_is_what_else_it_holds_and_what_is_never_taken(today: World) -> None:
    outcome = run(today.paths, "import", put(today, "steps.csv", apple.export(5)), "--dry-run")
    said = " ".join(outcome.err.split())

    assert "This is an export of Apple Health; its part days is read: one row a day" in said
    assert "It holds other parts too, taken with --part NAME: steps (120)" in said
    assert "Never taken: date of birth, sex and blood type" in said
    of_steps = run(
        today.paths, "import", put(today, "again.csv", apple.export(5)), "--part", "steps", "--dry-run"
    )
    assert "It holds other parts too, taken with --part NAME: days" in " ".join(of_steps.err.split())


def test_no_column_of_a_known_export_takes_the_name_of_another(today: World) -> None:
    """A data card would tell of it what the format says of the other."""
    path = put(today, "export.xml", apple.export(5))
    wishes: dict[str, Any] = {"drop": ("vo2max",), "rename": {"steps": "vo2max"}}
    with today.vault() as vault, pytest.raises(Invalid, match="vo2max is another column of every export"):
        vault.plan_import(FileChoice(path=path, name="days", **wishes))


def test_a_column_of_a_known_export_keeps_its_type_and_can_be_left_out_or_renamed(today: World) -> None:
    path = put(today, "export.xml", apple.export(5))
    wishes: dict[str, Any] = {"drop": ("vo2max",), "rename": {"steps": "walked"}}
    with today.vault() as vault:
        columns = {
            one.name for one in vault.plan_import(FileChoice(path=path, name="days", **wishes)).columns
        }
        with pytest.raises(Invalid, match="steps is int in every export of this kind"):
            vault.plan_import(FileChoice(path=path, name="days", types={"steps": "text"}))
        with pytest.raises(Unreadable, match="it is no known export, so it has no parts"):
            vault.plan_import(FileChoice(path=today.folder / "nights.csv", name="x", part="days"))

    assert ("walked" in columns, "steps" in columns, "vo2max" in columns) == (True, False, False)


def test_every_known_export_has_signs_a_reader_and_a_place_to_get_it(today: World) -> None:
    listed = [json.loads(line) for line in run(today.paths, "formats", "--json").out.splitlines()]

    assert [one["name"] for one in listed] == list(FORMATS) == list(READERS) == [name for name, _ in SIGNS]
    assert all(one["download"] and one["needs"] and one["parts"] for one in listed)


@pytest.mark.parametrize("name", FORMATS)
def test_a_known_export_is_described_column_by_column(name: str) -> None:
    for part in FORMATS[name].parts:
        times = [column.name for column in part.columns if column.type == "timestamp"]
        assert part.columns[0].name in times or not times, part.name
        assert len(set(part.names)) == len(part.names)
        assert set(part.key) <= set(part.names)
        for column in part.columns:
            assert column.meaning, column.name
            assert column.category.startswith("https://w3id.org/dpv/pd#")
            if column.constants:
                assert column.constants.low < column.constants.high
                assert column.constants.low <= column.constants.centre <= column.constants.high
                assert column.constants.scale > 0


def test_formats_shows_one_and_one_part_of_it(today: World) -> None:
    one = run(today.paths, "formats", "apple-health")
    part = run(today.paths, "formats", "apple-health", "--part", "heart-rate")

    assert ("Export All Health Data" in one.out, "60000" in one.out) == (True, True)
    assert "30 to 220 count/min" in part.out
    assert_refused(run(today.paths, "formats", "x"), 1, "there is no known export x", secrets_of(today))


def test_every_part_becomes_a_collection_under_one_budget(today: World) -> None:
    path = put(today, "mine.json", timeline.android(9))
    outcome = run(today.paths, "import", path, "--part", "all")
    assert outcome.code == 0, outcome.err
    assert "The tables of one export share one lifetime budget, for good." in " ".join(outcome.err.split())
    with today.vault() as vault:
        names = [one.name for one in vault.collections()]
        lines = vault.budget()
    assert names == ["mine-points", "mine-trips", "mine-visits", "nights"]
    assert ("mine-points", "mine-trips", "mine-visits") in {one.members for one in lines}


def test_a_history_of_points_alone_needs_no_word_of_parts(today: World) -> None:
    path = put(today, "Records.json", timeline.records(40))
    visits = put(today, "Timeline.json", timeline.android(2))
    with today.vault() as vault:
        said = {"accuracy_m": Sensitivity.IDENTIFYING}
        choice = FileChoice(path=path, name="Records", sensitivities=said, allow_refused=True)
        report = import_file(vault, choice)
        with pytest.raises(AlreadyImported):
            vault.plan_import(FileChoice(path=path, name="others", part="points"))
        plan = vault.plan_import(FileChoice(path=visits, name="Records"))
        only = put(today, "only.json", timeline.android(2).replace(b"timelinePath", b"somethingElse"))
        with pytest.raises(Unreadable, match="nothing in it belongs to the part points"):
            vault.plan_import(FileChoice(path=only, name="Records"))

    assert report.rows == 40
    assert plan.form is not None
    assert (plan.form.part, plan.rows) == ("points", 4)


@pytest.mark.slow
def test_files_are_looked_at_together_though_one_has_nothing_of_the_first_part(today: World) -> None:
    path = put(today, "Records.json", timeline.records(40))
    card = put(today, "a.vcf", b"BEGIN:VCARD\nVERSION:3.0\nUID:1\nFN:A\nEND:VCARD\n")
    rows = put(today, "b.csv", b"day,n\n2026-01-01,1\n")
    together = run(today.paths, "import", card, path, rows, "--dry-run")
    each = run(today.paths, "import", path, "--part", "all", "--dry-run", "--json")

    assert (together.code, each.code) == (0, 0), together.err + each.err
    assert "it holds nothing of the part visits: points is the first that it has." in " ".join(
        together.err.split()
    )
    assert [one["collection"] for one in json.loads(each.out)["files"]] == ["Records-points"]
