"""Several files in one import: the unit is said or asked of each of them that has its column."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.worlds.commands import Terminal, assert_refused, run, secrets_of
from tests.worlds.world import PASSPHRASE, World


def two_files(world: World) -> tuple[Path, Path]:
    """One whose rows are of people, several of each, and one without people in it."""
    people, hours = world.folder / "patients.csv", world.folder / "hours.csv"
    people.write_text("patient_id,age\n" + "".join(f"p{n % 9},{n + 20}\n" for n in range(27)))
    hours.write_text("n,at\n" + "".join(f"{n * 3},2026-01-{n + 1:02}\n" for n in range(20)))
    return hours, people


def units(world: World) -> dict[str, str | None]:
    lines = run(world.paths, "data", "list", "--json").out.splitlines()
    return {one["name"]: one["unit_field"] for one in map(json.loads, lines) if one["name"] != "nights"}


@pytest.mark.slow
def test_a_unit_counts_in_each_of_several_files_that_has_its_column(today: World) -> None:
    files = two_files(today)
    says = "patient_id names people in several rows of patients.csv: say first what counts as one"
    assert_refused(run(today.paths, "import", *files, "--unit", "patientid"), 1, says, secrets_of(today))
    says = "no file has a column who"
    assert_refused(
        run(today.paths, "import", files[0], files[0], "--unit", "who"), 1, says, secrets_of(today)
    )
    outcome = run(today.paths, "import", *files, "--unit", "patient_id")

    assert (outcome.code, outcome.err.count("It has no column patient_id")) == (0, 1), outcome.err
    assert units(today) == {"patients": "patient_id", "hours": None}


@pytest.mark.slow
def test_at_a_terminal_the_unit_of_each_of_several_files_is_asked(today: World) -> None:
    with Terminal(today.paths, "import", *two_files(today)) as terminal:
        terminal.wait_for("passphrase: ")
        terminal.type(PASSPHRASE)
        terminal.wait_for("Does each patient_id count as one?")
        terminal.type("y")
        terminal.wait_for("Seal the rows of these 2 files?")
        terminal.type("y")
        assert terminal.end() == 0, terminal.screen()
    assert units(today) == {"patients": "patient_id", "hours": None}
