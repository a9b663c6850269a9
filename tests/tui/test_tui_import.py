"""The import dialog says all that the command can say, and shows what each word changes on the examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Select

import vault
from tests.worlds.screens import SIZES, on_page, play, press, sees, served, until, words_in, words_of
from tests.worlds.vaults import new_world
from tests.worlds.world import World
from tui.cli import import_options
from tui.dialogs import column_choices
from tui.dialogs.choose_file import ChooseFileDialog
from tui.dialogs.import_file import LOSES, ImportDialog
from tui.text.field_words import FIELDS, TICKS, in_fields
from tui.text.time_left import TimeLeft
from tui.widgets.choice import Choice
from tui.widgets.file_form import FileForm
from tui.widgets.how_far import how_far
from tui.widgets.plain import Plain
from tui.widgets.table import ListTable
from vault.importers.vector_values import size_of
from vault.owner.interface.session import OwnerSession
from vault.views.records import FileChoice

OPTION = re.compile(r"--[a-z]+(?:-[a-z]+)*")


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[World, OwnerSession]]:
    """An empty vault."""
    world = new_world(tmp_path, now=datetime.now(UTC))
    with served(world) as vault:
        yield world, vault


def odd_file(folder: Path) -> Path:
    """Two lines before the header, a column without a name, and a word of its own for what is missing."""
    lines = ["exported by my watch", "in 2026", "who;when;kilos;note;"]
    lines += [
        f"p{n % 3};{n + 1:02}.11.2025;{'gone' if n == 4 else f'{70 + n},5'};hello {n};{n}" for n in range(20)
    ]
    path = folder / "watch.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


async def look_at(pilot: Pilot[int], path: Path) -> None:
    pilot.app.push_screen(ChooseFileDialog())
    await until(pilot, lambda: isinstance(pilot.app.screen, ChooseFileDialog))
    await pilot.pause()
    pilot.app.screen.query_one("#path", Input).value = str(path)
    await press(pilot, "enter")


async def say(pilot: Pilot[int], field: str, word: str) -> None:
    """Type into a field and leave it by enter."""
    one = pilot.app.screen.query_one(field, Input)
    one.focus()
    one.value = word
    await press(pilot, "enter")


async def mark(pilot: Pilot[int], column: str) -> None:
    table = pilot.app.screen.query_one("#columns", ListTable)
    table.focus()
    table.point_at(column)
    await pilot.pause()


def columns_of(pilot: Pilot[int]) -> dict[str, list[str]]:
    tables = pilot.app.screen.query("#columns").results(ListTable)
    return {line.key: [cell.strip() for cell in line.cells] for table in tables for line in table._lines}


@pytest.mark.slow
def test_a_file_nobody_can_read_as_it_is_becomes_a_collection_without_the_command(
    both: tuple[World, OwnerSession], tmp_path: Path
) -> None:
    world, owner = both

    async def story() -> None:
        async with on_page(owner, world, "data", size=(80, 24)) as pilot:
            await look_at(pilot, odd_file(tmp_path))
            await sees(pilot, "leave them out with “Lines to skip”: 2")
            assert pilot.app.screen.query_one(FileForm).display
            pilot.app.screen.query_one("#skip-lines", Input).value = "2"
            await say(pilot, "#path", str(tmp_path / "watch.csv"))
            await sees(pilot, "the name of column 5 is empty; give it one with “Name” of #5")
            pilot.app.screen.query_one("#rename", Input).value = "#5=count"
            await say(pilot, "#path", str(tmp_path / "watch.csv"))
            await until(pilot, lambda: isinstance(pilot.app.screen, ImportDialog))
            await until(pilot, lambda: len(columns_of(pilot)) == 5)
            assert columns_of(pilot)["kilos"][2] == "text"
            await say(pilot, "#nulls", "gone")
            await until(pilot, lambda: columns_of(pilot)["kilos"][2:5:2] == ["float", "1"])
            await mark(pilot, "note")
            await press(pilot, "space")
            await until(pilot, lambda: columns_of(pilot)["note"][3] == "left out")
            await mark(pilot, "who")
            await say(pilot, "#name-of", "person_id")
            await until(pilot, lambda: "person_id" in columns_of(pilot))
            await mark(pilot, "count")
            pilot.app.screen.query_one("#types", Select).value = "float"
            await until(pilot, lambda: columns_of(pilot)["count"][2] == "float")
            units = {str(one.name): one for one in pilot.app.screen.query(Choice)}
            assert next(iter(units)) == "column:person_id"
            assert units["column:person_id"].value
            assert "p0 is one person." in str(units["column:person_id"].label)
            assert pilot.app.screen.query_one("#seal", Button).disabled  # it was proposed out of sight
            units["day"].value = True
            await until(pilot, lambda: "20 days" in words_in(pilot.app, "#consequence"))
            assert "(recommended)" in str(pilot.app.screen.query(Choice).first().label)
            next(one for one in pilot.app.screen.query(Choice) if one.name == "column:person_id").value = True
            await until(pilot, lambda: "3 people" in words_in(pilot.app, "#consequence"))
            await press_seal(pilot)

    play(story())
    (made,) = owner.collections()
    assert {one.name: one.type for one in made.fields} == {
        "person_id": "text", "when": "timestamp", "kilos": "float", "count": "float",
    }  # fmt: skip
    assert (made.rows, made.unit_field) == (20, "person_id")


async def press_seal(pilot: Pilot[int]) -> None:
    seal = pilot.app.screen.query_one("#seal", Button)
    await until(pilot, lambda: not seal.disabled)
    seal.press()
    await until(pilot, lambda: not isinstance(pilot.app.screen, ImportDialog | ChooseFileDialog))


def test_rows_are_lost_only_once_a_tick_in_sight_accepts_it(
    both: tuple[World, OwnerSession], tmp_path: Path
) -> None:
    world, owner = both
    path = tmp_path / "short.csv"
    path.write_text("a,b\n" + "".join(f"{n},{n}\n" for n in range(9)) + "1,2,3\n")

    async def story() -> None:
        async with on_page(owner, world, "data", size=(60, 20)) as pilot:
            await look_at(pilot, path)
            await sees(pilot, LOSES[:40])
            assert pilot.app.screen.query_one("#seal", Button).disabled
            assert "Seal 9 rows, lose 1" in words_of(pilot.app)
            accept = pilot.app.screen.query_one("#accept")
            accept.focus()
            await press(pilot, "space")
            await press_seal(pilot)

    play(story())
    assert [one.rows for one in owner.collections()] == [9]


@pytest.mark.slow
def test_a_dialog_that_seals_is_not_left_as_if_nothing_was_stored(
    both: tuple[World, OwnerSession], tmp_path: Path
) -> None:
    world, owner = both
    path = tmp_path / "few.csv"
    path.write_text("day,n\n" + "".join(f"2026-01-{day:02},{day}\n" for day in range(1, 29)))

    async def story() -> None:
        async with on_page(owner, world, "data", size=(80, 24)) as pilot:
            await look_at(pilot, path)
            await until(pilot, lambda: isinstance(pilot.app.screen, ImportDialog))
            screen = pilot.app.screen
            assert isinstance(screen, ImportDialog)
            screen._is_sealing = True
            await press(pilot, "escape")
            await sees(pilot, "all of them or none")
            screen._is_sealing = False
            await press(pilot, "escape")
            await until(pilot, lambda: pilot.app.screen is not screen)

    play(story())


@pytest.mark.slow
@pytest.mark.parametrize("size", [*SIZES, (160, 50)])
def test_at_any_size_what_happens_and_the_buttons_stand_there_and_a_refusal_names_fields_alone(
    both: tuple[World, OwnerSession], tmp_path: Path, size: tuple[int, int]
) -> None:
    world, owner = both
    path = tmp_path / "dates.csv"
    path.write_text("day,kind\n" + "".join(f"{n % 9 + 1}/{n % 7 + 1}/2026,1.234\n" for n in range(30)))

    async def story() -> None:
        async with on_page(owner, world, "data", size=size) as pilot:
            await look_at(pilot, path)
            await until(pilot, lambda: isinstance(pilot.app.screen, ImportDialog))
            screen = pilot.app.screen
            assert isinstance(screen, ImportDialog)
            await sees(pilot, "Seal 30 rows")
            assert "30 rows, into a new collection." in words_of(pilot.app)
            assert "“Dates” of day: dmy" in str(screen.query_one("#warnings", Plain).content)
            await mark(pilot, "day")
            screen.query_one("#dates", Select).value = "mdy"
            await until(pilot, lambda: columns_of(pilot)["day"][2] == "timestamp")
            await say(pilot, "#zone", "Middle/Earth")
            await sees(pilot, "there is no zone Middle/Earth")
            await say(pilot, "#zone", "Europe/Berlin")
            await until(pilot, lambda: screen._choice.zone == "Europe/Berlin")
            await sees(pilot, "Seal 30 rows")
            assert not OPTION.search(words_of(pilot.app))

    play(story())


@pytest.mark.slow
def test_columns_side_by_side_become_a_vector_and_are_columns_again(
    both: tuple[World, OwnerSession], tmp_path: Path
) -> None:
    world, owner = both
    path = tmp_path / "digits.csv"
    names = [f"pixel_{place}" for place in range(16)]
    path.write_text("\n".join([",".join([*names, "label"]), *[",".join("0123456789012345a")] * 3]) + "\n")

    async def story() -> None:
        async with on_page(owner, world, "data", size=(100, 30)) as pilot:
            await look_at(pilot, path)
            await until(pilot, lambda: isinstance(pilot.app.screen, ImportDialog))
            await sees(pilot, "Seal 3 rows")
            warnings = pilot.app.screen.query_one("#warnings", Plain)
            await until(pilot, lambda: "“Vectors”: pixel=16" in str(warnings.content))
            await say(pilot, "#vectors", "pixel=15")
            await sees(pilot, "pixel with a number are 16 columns")
            await say(pilot, "#vectors", "pixel")
            await sees(pilot, "“Vectors” is written pixel=64")
            await say(pilot, "#vectors", "pixel=16")
            await until(pilot, lambda: list(columns_of(pilot)) == ["pixel", "label"])
            await say(pilot, "#vectors", "")
            await until(pilot, lambda: len(columns_of(pilot)) == 17)

    play(story())


# words --------------------------------------------------------------------------------------------------------


def test_every_option_that_the_vault_advises_of_a_file_has_a_field() -> None:
    rooms = [
        Path(str(vault.__file__)).parent / name for name in ("importers", "records", "errors/records.py")
    ]
    sources = [one for room in rooms for one in (room.rglob("*.py") if room.is_dir() else [room])]
    known = set(OPTION.findall(Path(import_options.__file__).read_text()))
    advised = {word for one in sources for word in OPTION.findall(one.read_text()) if word in known}
    assert len(advised) > 8
    assert advised <= {f"--{one}" for one in (*FIELDS, *TICKS)}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("leave it out with --drop '#3'", "leave it out with “Leave out”: #3"),
        ("say it: --decimal , or --decimal .", "say it: “Decimal sign”: , or “Decimal sign”: ."),
        ("As times: --date-format ts=epoch", "As times: “Dates” of ts: epoch"),
        ("taken with --part NAME: sleep (3)", "taken with “Part”: sleep (3)"),
        ("another type (--type), or", "another type (“Kind”), or"),
        ("see: lockbox data list --json", "see: lockbox data list --json"),
    ],
)
def test_an_option_is_said_as_the_field_that_stands_for_it(said: str, shown: str) -> None:
    assert shown == in_fields(said)


def test_what_is_said_of_a_column_follows_its_name_and_goes_with_it() -> None:
    choice = FileChoice(path=Path("x"), name="x", unit="column:a", types={"a": "text"}, time_field="a")
    other = column_choices.renamed(choice, "a", "b")
    assert (other.rename, other.types, other.unit, other.time_field) == (
        {"a": "b"},
        {"b": "text"},
        "column:b",
        "b",
    )
    gone = column_choices.left_out(other, "b")
    assert (gone.drop, gone.rename, gone.types, gone.unit, gone.time_field) == (("a",), {}, {}, None, None)
    assert column_choices.taken_back(gone, "a", "b").rename == {"a": "b"}
    assert column_choices.renamed(other, "b", "a").rename == {}
    assert column_choices.cut_anew(other, {"separator": ";"}).types == {}


def test_how_long_the_rest_takes_is_told_from_how_long_the_first_part_took() -> None:
    now = [0.0]
    left = TimeLeft(clock=lambda: now[0])
    said = []
    for now[0], done, of in (
        (1.0, 10, 100),
        (4.0, 20, 100),
        (90.0, 50, 100),
        (91.0, 5, 9000),
        (101.0, 105, 9000),
    ):
        said.append(left.words(done, of))
    assert said == ["", "about 15 seconds left", "about 2 minutes left", "", "about 15 minutes left"]
    assert how_far("Reading", 50, 100, said[2]) == f"Reading {'█' * 10}{'░' * 10} 50 %, about 2 minutes left"


def test_a_list_of_numbers_may_become_a_vector() -> None:
    assert [size_of(one) for one in ("[1, 2.5]", "1 -2e3 .5", "1", "a b", "[1, x]", "", "[1, [2]]")] == [
        2, 3, 0, 0, 0, 0, 0,
    ]  # fmt: skip
