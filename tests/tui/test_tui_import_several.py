"""Several files, every part of an export, and a saved plan: the dialog does what the command does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Select

from tests.importers.catalogue import made_exports as made
from tests.worlds.screens import on_page, play, press, sees, served, until, words_in
from tests.worlds.vaults import new_world
from tests.worlds.world import World
from tui.dialogs.choose_file import ChooseFileDialog
from tui.dialogs.import_file import ImportDialog
from tui.dialogs.import_several import ImportSeveralDialog, look_at_all, seal_all
from tui.text.parse import names_text, parse_names, parse_paths
from tui.widgets.choice import Choice
from tui.widgets.file_form import FileForm
from vault.errors.families import Invalid
from vault.owner.interface.session import OwnerSession
from vault.views.records import FileChoice


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[World, OwnerSession]]:
    """An empty vault."""
    world = new_world(tmp_path, now=datetime.now(UTC))
    with served(world) as vault:
        yield world, vault


async def look_at(pilot: Pilot[int], typed: str) -> None:
    pilot.app.push_screen(ChooseFileDialog())
    await until(pilot, lambda: isinstance(pilot.app.screen, ChooseFileDialog))
    await pilot.pause()
    pilot.app.screen.query_one("#path", Input).value = typed
    await press(pilot, "enter")


def dialog(pilot: Pilot[int]) -> ImportSeveralDialog:
    found = pilot.app.screen
    assert isinstance(found, ImportSeveralDialog)
    return found


async def press_seal(pilot: Pilot[int]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, ImportSeveralDialog))
    await pilot.pause()
    seal = pilot.app.screen.query_one("#seal", Button)
    pilot.app.screen.query_one("#details").scroll_end(animate=False)
    await until(pilot, lambda: not seal.disabled)
    seal.press()
    dialogs = ImportSeveralDialog | ImportDialog | ChooseFileDialog
    await until(pilot, lambda: not isinstance(pilot.app.screen, dialogs))


def written(folder: Path, name: str, factor: int) -> Path:
    path = folder / name
    path.write_text("day,n\n" + "".join(f"2026-01-{d:02},{d * factor}\n" for d in range(1, 29)))
    return path


@pytest.mark.slow
def test_several_files_are_looked_at_and_sealed_in_one_dialog(
    both: tuple[World, OwnerSession], tmp_path: Path
) -> None:
    world, owner = both
    (tmp_path / "my files").mkdir()
    paths = [written(tmp_path / "my files", "steps.csv", 7), written(tmp_path, "hours.csv", 11)]

    async def story() -> None:
        async with on_page(owner, world, "data", size=(80, 24)) as pilot:
            await look_at(pilot, " ".join(f"'{path}'" for path in paths))
            await sees(pilot, "Seal these 2 files into your vault?")
            await sees(pilot, "56 rows of 2 files")
            await press_seal(pilot)

    play(story())
    assert {one.name: one.rows for one in owner.collections()} == {"steps": 28, "hours": 28}


@pytest.mark.slow
def test_every_part_of_an_export_becomes_a_collection(
    both: tuple[World, OwnerSession], tmp_path: Path
) -> None:
    world, owner = both
    path = tmp_path / "watch.csv"
    path.write_bytes(made.FITBIT)

    async def story() -> None:
        async with on_page(owner, world, "data", size=(120, 40)) as pilot:
            await look_at(pilot, str(path))
            await until(pilot, lambda: isinstance(pilot.app.screen, ImportDialog))
            await until(pilot, lambda: bool(pilot.app.screen.query("#part")))
            pilot.app.screen.query_one("#part", Select).value = "all"
            await sees(pilot, "The tables of one export share one lifetime budget, for good.")
            await press_seal(pilot)

    play(story())
    made_of_it = {one.name for one in owner.collections()}
    assert made_of_it == {"watch-activities", "watch-sleep", "watch-body"}
    assert {len(line.members) for line in owner.budget()} == {3}


@pytest.mark.slow
def test_a_saved_plan_holds_in_the_dialog(both: tuple[World, OwnerSession], tmp_path: Path) -> None:
    world, owner = both
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"v": 1, "types": {"n": "text"}, "rename": {"day": "when"}, "unit": "record"}))

    async def story() -> None:
        async with on_page(owner, world, "data", size=(120, 40)) as pilot:
            pilot.app.push_screen(ChooseFileDialog())
            await until(pilot, lambda: isinstance(pilot.app.screen, ChooseFileDialog))
            await until(pilot, lambda: bool(pilot.app.screen.query("#plan")))
            screen = pilot.app.screen
            assert isinstance(screen, ChooseFileDialog)
            await until(pilot, lambda: not screen.query_one(FileForm).display)
            screen.chosen("how")
            screen.query_one("#plan", Input).value = str(plan)
            screen.query_one("#path", Input).value = str(written(tmp_path, "steps.csv", 7))
            screen.chosen("look")
            await until(pilot, lambda: isinstance(pilot.app.screen, ImportDialog))
            await until(pilot, lambda: bool(pilot.app.screen.query("#seal")))
            seal = pilot.app.screen.query_one("#seal", Button)
            await until(pilot, lambda: not seal.disabled)
            seal.press()
            await until(pilot, lambda: not isinstance(pilot.app.screen, ImportDialog | ChooseFileDialog))

    play(story())
    (one,) = owner.collections()
    assert ({field.name: field.type for field in one.fields}, one.unit) == (
        {"when": "timestamp", "n": "text"},
        "record",
    )


def test_paths_are_several_where_one_is_there_and_the_whole_is_not(tmp_path: Path) -> None:
    one, other = written(tmp_path, "a b.csv", 1), written(tmp_path, "c.csv", 1)

    assert parse_paths(f"{one}") == [one]
    assert parse_paths(f"'{one}' {other}") == [one, other]
    assert len(parse_paths(f"'{one}' {other} nowhere")) == 3
    assert parse_paths(f"{tmp_path}/no/where at all.csv") == [tmp_path / "no/where at all.csv"]


def test_a_file_that_those_before_it_change_is_not_sealed_as_it_was_shown(
    both: tuple[World, OwnerSession], tmp_path: Path
) -> None:
    """Both hold the same people, which nobody sees before the first is stored."""
    _, owner = both
    choices = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.csv"
        rows = "".join(f"p{n},{n % 60 + 20},{n * 7 % 101}\n" for n in range(120))
        path.write_text(f"patient_id,age,score_{name}\n{rows}")
        choices.append(FileChoice(path=path, name=name, unit="patient_id"))
    found = look_at_all(owner, choices, lambda _done, _of: None)

    with pytest.raises(Invalid, match=r"two\.csv would be kept otherwise than was shown"):
        seal_all(owner, found, lambda _done, _of: None)
    assert [one.name for one in owner.collections()] == ["one"]


def patients(folder: Path) -> Path:
    path = folder / "patients.csv"
    path.write_text("patient_id,age\n" + "".join(f"p{n % 9},{n + 20}\n" for n in range(27)))
    return path


@pytest.mark.slow
def test_of_several_files_the_one_that_is_missing_is_named_until_the_path_is_another(
    both: tuple[World, OwnerSession], tmp_path: Path
) -> None:
    world, owner = both
    there, folder = written(tmp_path, "h25.csv", 7), tmp_path / "many"
    folder.mkdir()
    written(folder, "a.csv", 3), written(folder, "b.csv", 5)
    (folder / "notes.txt").write_text("a word")

    async def story() -> None:
        async with on_page(owner, world, "data", size=(120, 40)) as pilot:
            await look_at(pilot, f"{there} {tmp_path / 'nofile.csv'}")
            await until(pilot, lambda: "nofile.csv" in words_in(pilot.app, "#word"))
            assert words_in(pilot.app, "#word") == f"There is no file {tmp_path / 'nofile.csv'}."
            pilot.app.screen.query_one("#path", Input).value = str(folder)
            await until(pilot, lambda: not words_in(pilot.app, "#word"))
            screen = pilot.app.screen
            assert isinstance(screen, ChooseFileDialog)
            screen.chosen("how")
            screen.chosen("look")
            await sees(pilot, "Seal these 2 files into your vault?")
            await sees(pilot, "Passed over in many: notes.txt.")

    play(story())


def test_what_counts_as_one_is_asked_of_each_of_several_files_with_people_in_several_rows(
    both: tuple[World, OwnerSession], tmp_path: Path
) -> None:
    world, owner = both
    files = [written(tmp_path, "steps.csv", 7), patients(tmp_path)]

    async def story() -> None:
        async with on_page(owner, world, "data", size=(80, 24)) as pilot:
            await look_at(pilot, " ".join(map(str, files)))
            await until(pilot, lambda: isinstance(pilot.app.screen, ImportSeveralDialog))
            await until(pilot, lambda: bool(pilot.app.screen.query("#unit-1 Choice")))
            await pilot.pause()  # until the choices are listened to
            units = {str(one.name): one for one in pilot.app.screen.query(Choice)}
            assert units["column:patient_id"].value
            units["record"].value = True
            await until(pilot, lambda: "27 records" in words_in(pilot.app, "#file-1"))
            units["column:patient_id"].value = True
            await until(pilot, lambda: "9 patients" in words_in(pilot.app, "#file-1"))
            units["record"].value = True
            await until(pilot, lambda: dialog(pilot)._is_busy)
            units["column:patient_id"].value = True  # before the vault has answered
            await pilot.pause()
            await until(pilot, lambda: not dialog(pilot)._is_busy)
            await until(pilot, lambda: "9 patients" in words_in(pilot.app, "#file-1"))
            await press_seal(pilot)

    play(story())
    assert {one.name: one.unit_field for one in owner.collections()} == {
        "steps": None,
        "patients": "patient_id",
    }


def test_names_with_commas_are_quoted_as_in_csv_and_read_as_they_are_shown() -> None:
    assert parse_names(' steps, "note, free" ,, good') == ["steps", "note, free", "good"]
    names = ["note, free", 'the "best", they say', "steps", "#3"]
    assert parse_names(names_text(names)) == names
    assert names_text(["a", "b=c"]) == "a, b=c"
    assert parse_names('5" pipe, steps') == ['5" pipe', "steps"]
    assert parse_names("") == parse_names(" , ") == []
    assert parse_names('"a" , "b, c" ') == ["a", "b, c"]
    for odd in ('"note, free', 'steps, "note', '"', "steps\ngood", '"a"b,c'):
        with pytest.raises(Invalid, match="no list of names"):
            parse_names(odd)
