"""The same people bring no fresh budget with them: not under another name, not after erasing, not with other bytes."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.sweeps import sweep_of_many
from tests.worlds.commands import Outcome, assert_refused, run, secrets_of
from tests.worlds.importing import import_file
from tests.worlds.world import World
from tui.text.erasure_facts import erase_sentences
from vault.errors.budget import JoinNotProven, UnitsDiffer
from vault.errors.records import AnswerForHalf, PlanUnknown
from vault.store.tables import Collection, ImportedFile
from vault.views.records import FileChoice, OverlapReason

Rows = list[list[str]]


def rows_of(world: World) -> Rows:
    with (world.folder / "nights.csv").open(newline="") as file:
        return list(csv.reader(file))


def written(world: World, rows: Rows, name: str = "again.csv") -> Path:
    path = world.folder / name
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def column(rows: Rows, name: str, change: Callable[[str], str]) -> Rows:
    place = rows[0].index(name)
    return [rows[0], *([*row[:place], change(row[place]), *row[place + 1 :]] for row in rows[1:])]


def a_line_feed_more(world: World) -> Path:
    path = world.folder / "again.csv"
    path.write_bytes((world.folder / "nights.csv").read_bytes() + b"\n")
    return path


def other_order(world: World) -> Path:
    head, *rows = rows_of(world)
    return written(world, [head, *rows[::-1]])


def one_renamed(world: World) -> Path:
    head, *rows = rows_of(world)
    return written(world, [["walked" if name == "steps" else name for name in head], *rows])


def one_dropped(world: World) -> Path:
    return written(world, [[row[0], *row[2:]] for row in rows_of(world)])


def one_added(world: World) -> Path:
    head, *rows = rows_of(world)
    return written(
        world, [[*head, "added"], *([*row, str(number * 7 % 53)] for number, row in enumerate(rows))]
    )


def a_tenth_changed(world: World) -> Path:
    draw = random.Random(4)
    return written(
        world,
        column(
            rows_of(world), "steps", lambda old: str(draw.randrange(9000)) if draw.random() < 0.1 else old
        ),
    )


def shifted(world: World) -> Path:
    return written(world, column(rows_of(world), "steps", lambda old: f"{float(old) + 1e-7:.9f}"))


def bool_as_number(world: World) -> Path:
    return written(world, column(rows_of(world), "good", lambda old: str(int(old == "yes"))))


def half_of_the_days(world: World) -> Path:
    head, *rows = rows_of(world)
    return written(world, [head, *rows[: len(rows) // 2]])


def as_json_lines(world: World) -> Path:
    head, *rows = rows_of(world)
    path = world.folder / "again.jsonl"
    lines = (
        {"day": row[0], "steps": int(row[1]), "coffee": int(row[2]), "good": row[3] == "yes"} for row in rows
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert head == ["day", "steps", "coffee", "good"]
    return path


def as_parquet(world: World) -> Path:
    head, *rows = rows_of(world)
    path = world.folder / "again.parquet"
    columns = dict(zip(head, map(list, zip(*rows, strict=True)), strict=True))
    typed = {
        **{name: [int(cell) for cell in columns[name]] for name in ("steps", "coffee")},
        "good": [cell == "yes" for cell in columns["good"]],
    }
    parquet.write_table(pa.table({**columns, **typed}), path)
    return path


CHANGES = (
    *(a_line_feed_more, one_renamed, half_of_the_days, other_order, one_dropped, one_added, a_tenth_changed),
    *(shifted, bool_as_number, as_json_lines, as_parquet),
)


def imported(world: World, path: Path, name: str, *words: str) -> Outcome:
    return run(world.paths, "import", path, "--collection", name, "--unit", "day", "--time", "day", *words)


def used(world: World, name: str) -> Decimal:
    """What is used of the budget that a collection falls under."""
    lines = map(json.loads, run(world.paths, "budget", "--json").out.splitlines())
    return next(
        Decimal(line["used_percent"])
        for line in lines
        if "jobs" in line and line["requester"] is None and name in line.get("members", [line["collection"]])
    )


def strangers(world: World) -> Path:
    """Another person's same days."""
    return world.table("theirs.csv", seed=99)


# found and joined -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("is_erased", "change"),
    sweep_of_many([(erased, one) for one in CHANGES for erased in (True, False)], default=3),
)
def test_the_same_people_bring_no_fresh_budget(
    today: World, is_erased: bool, change: Callable[[World], Path]
) -> None:
    before = used(today, "nights")
    if is_erased:
        run(today.paths, "data", "erase", "nights", "--confirm", "nights")
    assert imported(today, change(today), "others").code == 0

    assert used(today, "others") == before > 0


def test_other_people_have_a_budget_of_their_own(today: World) -> None:
    assert imported(today, strangers(today), "others").code == 0

    assert used(today, "others") == 0 < used(today, "nights")


def test_what_is_found_is_said_before_anything_is_stored(today: World) -> None:
    path = a_line_feed_more(today)
    plan = json.loads(imported(today, path, "others", "--dry-run", "--json").out)
    shown = imported(today, path, "others", "--dry-run")

    assert plan["overlaps"] == [
        {
            "collection": "nights",
            "reason": "same-people",
            "is_erased": False,
            "joins": True,
            "other_unit": "",
            "way_out": "",
        }
    ]
    assert plan["shared"]["members"] == ["nights"]
    assert Decimal(plan["shared"]["used_percent"]) == used(today, "nights")
    for words in (
        "is in nights too",
        "one lifetime budget from now on",
        "--other-people nights",
        "Nothing was stored",
    ):
        assert words in " ".join(shown.err.split())


def test_a_joined_budget_is_one_line_with_its_members(today: World) -> None:
    done = imported(today, a_line_feed_more(today), "others")
    shown = run(today.paths, "budget")

    assert "others has one lifetime budget with nights now." in done.err
    assert "nights + others: " in shown.out
    assert shown.all.count("Lifetime cap of") == 1


# what the person says ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_the_person_says_is_on_the_trail(today: World) -> None:
    path = a_line_feed_more(today)
    assert imported(today, path, "others", "--other-people", "nights").code == 0
    assert used(today, "others") == 0
    trail = run(today.paths, "audit", "show").out
    assert "you said that it holds other people than nights" in " ".join(trail.split())

    strange = imported(today, strangers(today), "theirs", "--same-people", "nights")
    assert strange.code == 0
    assert used(today, "theirs") == used(today, "nights") > 0
    trail = run(today.paths, "audit", "show").out
    assert "its lifetime budget is one with nights" in " ".join(trail.split())


def test_the_answer_stays_on_the_trail_when_the_collection_is_erased(today: World) -> None:
    imported(today, a_line_feed_more(today), "others")
    run(today.paths, "data", "erase", "others", "--confirm", "others")
    trail = " ".join(run(today.paths, "audit", "show").out.split())

    assert "its lifetime budget is one with nights" in trail
    assert "again.csv" not in trail


def test_both_answers_or_an_unknown_name_are_refused(today: World) -> None:
    path = strangers(today)
    both = imported(today, path, "others", "--same-people", "nights", "--other-people", "nights")
    assert_refused(both, 1, "the same people or other ones, not both", secrets_of(today))
    unknown = imported(today, path, "others", "--other-people", "nigths")
    assert_refused(unknown, 1, "there is no collection nigths", secrets_of(today))


# the fingerprint --------------------------------------------------------------------------------------------


def test_erasing_says_that_a_fingerprint_stays(today: World) -> None:
    kept = run(today.paths, "data", "erase", "nights", "--dry-run")
    destroyed = run(today.paths, "data", "erase", "nights", "--dry-run", "--destroy-fingerprint")

    assert "Erased, except a fingerprint that limits re-use" in " ".join(kept.out.split())
    assert "it can be destroyed too" in " ".join(kept.out.split())
    assert "The fingerprint that limits re-use is destroyed too." in " ".join(destroyed.out.split())


def test_erasing_one_of_several_undoes_no_budget_that_was_spent(held_world: World) -> None:
    """Not its cap, not the join, and not the word of the owner on whose people it holds."""
    world = held_world
    with world.vault() as vault:
        import_file(vault, choice(world, a_line_feed_more(world), "careful", lifetime="2"))
        theirs = choice(world, strangers(world), "theirs", people={"nights": "same"})
        import_file(vault, theirs)
        before = vault.budget()[0]
        theirs.path.write_bytes(theirs.path.read_bytes() + b"\n")
        planned = vault.preview_erase("theirs")
        assert [vault.erase_collection(name).name_reserved for name in ("careful", "theirs")] == [True, True]

        assert vault.budget()[0] == before
        assert (before.members, before.lifetime_epsilon) == (("careful", "nights", "theirs"), "2")
        (again,) = vault.plan_import(replace(theirs, name="again", people={})).overlaps
        assert (again.collection, again.joins) == ("theirs", True)
    told = " ".join(erase_sentences(planned))
    assert "of the lifetime privacy budget that it shares with nights, careful stays used" in told


@pytest.mark.slow
def test_with_its_fingerprint_destroyed_the_columns_stay_closed(today: World) -> None:
    before = used(today, "nights")
    run(today.paths, "data", "erase", "nights", "--confirm", "nights", "--destroy-fingerprint")
    path = strangers(today)
    assert_refused(imported(today, path, "nights"), 1, "its name stays taken", secrets_of(today))
    refused = imported(today, path, "others", "--other-people", "nights")
    assert_refused(refused, 4, "they stay closed", secrets_of(today))
    assert imported(today, path, "others").code == 0

    assert used(today, "others") == before > 0


def test_what_nobody_learned_from_leaves_no_fingerprint(known_world: World) -> None:
    with known_world.vault() as vault:
        known_world.imported(vault)
        assert vault.erase_collection("nights").keeps_fingerprint is False
        with vault._opened.read() as uow:
            assert (uow.count(Collection), uow.count(ImportedFile)) == (0, 0)


# in the process ---------------------------------------------------------------------------------------------


def choice(world: World, path: Path, name: str, **more: Any) -> FileChoice:
    return FileChoice(path=path, name=name, unit="day", time_field="day", **more)


def test_a_month_of_years_is_found_in_the_records(world: World) -> None:
    """Fingerprints of sizes so unlike tell nothing; the records do."""
    head, *rows = (world.table("years.csv", rows=1400)).read_text().splitlines()
    month = world.folder / "month.csv"
    month.write_text("\n".join([head, *rows[700:740]]) + "\n")
    with world.vault() as vault:
        import_file(vault, choice(world, world.folder / "years.csv", "years"))
        (found,) = vault.plan_import(choice(world, month, "month")).overlaps

    assert (found.collection, found.reason) == ("years", OverlapReason.SAME_PEOPLE)


@pytest.mark.slow
def test_years_are_found_in_many_months(world: World) -> None:
    head, *rows = (world.table("years.csv", rows=1200)).read_text().splitlines()
    with world.vault() as vault:
        for at in range(0, 400, 40):
            month = world.folder / f"month-{at}.csv"
            month.write_text("\n".join([head, *rows[at : at + 40]]) + "\n")
            import_file(vault, choice(world, month, "months"))
        (found,) = vault.plan_import(choice(world, world.folder / "years.csv", "years")).overlaps

    assert (found.collection, found.joins) == ("months", True)


def test_records_from_before_there_were_fingerprints_are_compared_too(held_world: World) -> None:
    world = held_world
    with world.vault() as vault:
        before = vault.budget()[0].used_percent
        with vault._opened.store.write() as uow:
            for file in uow.find(ImportedFile):
                file.fingerprint = None
            uow.commit()
        assert vault.plan_import(choice(world, half_of_the_days(world), "others")).overlaps[0].joins
        vault.erase_collection("nights")
        import_file(vault, choice(world, a_line_feed_more(world), "others"))
        (line, *_) = vault.budget()

    assert (line.members, line.used_percent) == (("nights", "others"), before)


def test_a_join_needs_the_passphrase_and_is_one_act_with_the_import(held_world: World) -> None:
    world = held_world
    with world.vault() as vault:
        plan = vault.plan_import(choice(world, a_line_feed_more(world), "others"))
        assert plan.needs_passphrase
        with pytest.raises(JoinNotProven):
            vault.import_planned(plan.id)
        assert [one.name for one in vault.collections()] == ["nights"]
        before = len(vault.audit_lines())
        report = vault.import_under_consent(plan.id)

        assert report.joined == ("nights",)
        assert [line.type for line in vault.audit_lines()[before:]] == ["record.import"]
        assert [line.members for line in vault.budget() if line.requester is None] == [("nights", "others")]
    with world.vault() as vault:
        assert vault.rollback_reason == ""


def test_one_budget_has_one_unit(today: World) -> None:
    """A day of twenty rows would cost many times what a job on single rows is charged."""
    path = a_line_feed_more(today)
    words = ("import", path, "--collection", "rows", "--time", "day", "--unit", "record")
    refused = run(today.paths, *words)
    assert "Its budget counts by another unit, day" in " ".join(refused.err.split())
    assert_refused(
        refused, 4, "counts by day (UTC), and one lifetime budget needs one unit", secrets_of(today)
    )

    less = written(today, rows_of(today)[:-2], "less.csv")
    others = replace(choice(today, path, "rows", people={"nights": "other"}), unit="record")
    with today.vault() as vault:
        import_file(vault, others)
        with pytest.raises(UnitsDiffer, match="rows holds the same people and counts by record"):
            import_file(vault, choice(today, less, "days", people={"rows": "same"}))
        vault.erase_collection("nights")
        with pytest.raises(UnitsDiffer, match="nights holds the same people and counts by day"):
            import_file(vault, replace(others, path=less, name="more", people={"rows": "other"}))


def test_a_plan_that_was_made_before_the_same_people_came_in_is_refused(world: World) -> None:
    with world.vault() as vault:
        world.table()
        late = vault.plan_import(choice(world, a_line_feed_more(world), "others"))
        world.imported(vault)
        with pytest.raises(PlanUnknown):
            vault.import_planned(late.id)


def test_a_file_without_a_row_that_can_be_used_is_like_nobody_and_fails_in_a_dry_run_too(
    today: World,
) -> None:
    path = written(today, [row[:2] for row in rows_of(today)])
    for more in ([], ["--dry-run"], ["--dry-run", "--json"]):
        tried = run(today.paths, "import", path, "--type", "day=float", "--unit", "record", *more)
        assert tried.code == 1
        assert " could be imported: line" in " ".join(tried.err.split())
        assert "is in nights too" not in f"{tried.out}{tried.err}"
        assert "same-people" not in tried.out


@pytest.mark.parametrize("into", ["new", "again"])
def test_an_answer_for_one_collection_of_a_budget_alone_is_refused(held_world: World, into: str) -> None:
    """Joined they are of the same people: rows of one's people cannot be of other people than the other's."""
    with held_world.vault() as vault:
        import_file(
            vault, FileChoice(path=a_line_feed_more(held_world), name="again", unit="day", time_field="day")
        )
        third = FileChoice(path=other_order(held_world), name=into, unit="day", time_field="day")
        with pytest.raises(AnswerForHalf, match="nights has one lifetime budget with again"):
            vault.plan_import(replace(third, people={"nights": "other"}))
        if into == "new":
            both = vault.plan_import(replace(third, people={"nights": "other", "again": "other"}))
            assert both.shared is None
