"""The last import of a collection is taken out again, whole, where nobody learned from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sweeps import sweep
from tests.worlds.approving import approve
from tests.worlds.commands import Outcome, run
from tests.worlds.importing import import_file
from tests.worlds.world import JOB, World
from vault.errors.records import LearnedFrom, PlanUnknown
from vault.views.records import FileChoice


def exported(world: World, name: str) -> str:
    to = world.folder / f"{name}.csv"
    done = run(world.paths, "data", "export", "nights", to)
    assert done.code == 0, done.err
    return to.read_text()


def added(world: World, rows: int, seed: int = 3) -> Path:
    more = world.table(f"more-{seed}.csv", rows=rows, seed=seed)
    with world.vault() as vault:
        import_file(vault, FileChoice(path=more, name="nights", unit="day", time_field="day"))
    return more


def undo(world: World, *words: str) -> Outcome:
    return run(world.paths, "data", "undo", "nights", *words)


@pytest.mark.slow
@pytest.mark.parametrize("rows", sweep([5000, 10, 4096 - 100]))
def test_what_was_there_before_comes_back_and_the_file_can_come_again(known_world: World, rows: int) -> None:
    """Within a stripe, to its end, and over several; the trail says it, and what was sealed anew opens."""
    world = known_world
    with world.vault() as vault:
        world.imported(vault)
    before = exported(world, "before")
    more = added(world, rows)
    looked = undo(world, "--dry-run", "--json")
    planned = json.loads(looked.out)
    assert (looked.code, planned["rows"], planned["rows_left"]) == (0, rows, 100)
    assert undo(world).code == 1, "without a terminal its name is asked for"
    assert undo(world, "--confirm", "days").code != 0
    done = undo(world, "--confirm", "nights")
    assert done.code == 0, done.err
    assert exported(world, "after") == before
    assert run(world.paths, "audit", "verify").code == 0
    with world.vault() as vault:
        said = [line.sentence for line in vault.audit_lines() if line.type == "record.erase"]
        assert said == [
            f"You erased {rows:,} records of nights, its last import, of {planned['imported_at']}."
        ]
        again = import_file(vault, FileChoice(path=more, name="nights", unit="day", time_field="day"))
    assert (again.rows, again.total_rows) == (rows, 100 + rows)
    assert undo(world, "--confirm", "nights").code == 0
    only = undo(world, "--confirm", "nights")
    assert (only.code, "nothing in nights but its first import" in " ".join(only.err.split())) == (1, True), (
        only.err
    )


def learned(world: World, name: str = "nights") -> None:
    job = world.job("asked", epsilon="0.5", text=JOB.replace('"nights"', f'"{name}"'))
    with world.vault() as vault:
        request = vault.submit(job).line.id
        approve(vault, request, draft=True)
        vault.train(request, progress=lambda _step, _of: None)


def test_nothing_is_taken_out_of_what_was_learned_from(known_world: World) -> None:
    """Not by any time: a date that is put right may set the charge before the import that it read."""
    world = known_world
    with world.vault() as vault:
        world.imported(vault)
    world.clock.forward(days=20)
    added(world, 10)
    world.clock.forward(days=-20)
    with world.vault() as vault:
        vault.confirm_date(world.clock.now.date().isoformat())
    learned(world)
    added(world, 20, seed=5)
    refused = undo(world, "--confirm", "nights")
    assert (refused.code, "learned from nights" in " ".join(refused.err.split())) == (4, True), refused.err


def test_nor_out_of_what_shares_its_budget(known_world: World) -> None:
    """By the owner's word these are the same people, and a part of what may be told of them was told."""
    world = known_world
    with world.vault() as vault:
        world.imported(vault)
        first = world.table("first.csv", rows=10, seed=7)
        same = FileChoice(path=first, name="other", unit="day", time_field="day", people={"nights": "same"})
        import_file(vault, same)
        more = world.table("more.csv", rows=10, seed=8)
        import_file(vault, FileChoice(path=more, name="other", unit="day", time_field="day"))
        assert vault.preview_undo_import("other").shares_budget_with == ("nights",)
    learned(world)
    with world.vault() as vault, pytest.raises(LearnedFrom):
        vault.undo_import("other")


def test_a_plan_that_knows_rows_which_go_is_none_any_more(known_world: World) -> None:
    """And how the undone file was read is not how the next one is."""
    world = known_world
    with world.vault() as vault:
        world.imported(vault)
    added(world, 10)
    with world.vault() as vault:
        planned = vault.plan_import(FileChoice(path=world.table("third.csv", rows=5, seed=9), name="nights"))
        assert planned.follows_last
        vault.undo_import("nights")
        with pytest.raises(PlanUnknown):
            vault.import_planned(planned.id)
        again = vault.plan_import(FileChoice(path=world.table("third.csv", rows=5, seed=9), name="nights"))
        assert not again.follows_last


def test_an_undo_that_fails_on_the_way_leaves_all_as_it_was(
    known_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = known_world
    with world.vault() as vault:
        world.imported(vault)
    added(world, 5000)
    before = exported(world, "before")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with world.vault() as vault, monkeypatch.context() as patch:
        patch.setattr("vault.records.removing.reseal", full)
        with pytest.raises(OSError, match="No space"):
            vault.undo_import("nights")
    assert exported(world, "after") == before
