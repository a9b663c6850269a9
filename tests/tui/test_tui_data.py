"""Collections and columns: what is said without a look at a value, what a look records, taking out and erasing."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from tests.worlds.asking import MARKUP, served_copy
from tests.worlds.importing import import_file
from tests.worlds.screens import SIZES, on_page, play, press, sees, served, text_of, until, words_in, words_of
from tests.worlds.vaults import new_world
from tests.worlds.world import NAME, World
from tui.dialogs.choose_file import ChooseFileDialog
from tui.dialogs.data_card import READ, DataCardDialog
from tui.dialogs.erase import EraseDialog
from tui.dialogs.export_data import DataExportDialog
from tui.screens.columns import HIDDEN, Columns
from tui.screens.data import EMPTY, NOBODY, Data
from tui.text import wording
from tui.text.erasure_facts import erase_sentences
from tui.widgets.table import ListTable
from tui.widgets.toggle import Toggle
from vault.owner.interface.session import OwnerSession
from vault.views.records import Erasure, FileChoice

Shared = tuple[World, OwnerSession]
LOOK = "access.view"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two collections: nights, from which somebody may learn, and notes with hostile names and texts."""
    world = new_world(tmp_path_factory.mktemp("data"), now=datetime.now(UTC))
    with world.vault() as vault:
        labels = {"good": "special", "coffee": "ordinary"}
        table = world.table(rows=100)
        import_file(
            vault, FileChoice(path=table, name="nights", unit="day", time_field="day", sensitivities=labels)
        )
        world.introduced(vault)
        vault.grant(
            requester=NAME,
            collection="nights",
            fields=["steps"],
            purpose="AcademicResearch",
            not_after=world.clock.now + timedelta(days=90),
            uses=3,
        )
        notes = world.folder / "notes.csv"
        with notes.open("w", newline="") as file:
            csv.writer(file).writerows([["number", MARKUP[:40]], ["1", f"{MARKUP}\x1b[31m"], ["2", "plain"]])
        import_file(vault, FileChoice(path=notes, name="[b]notes[/b]"))
    return world


@pytest.fixture(scope="module")
def shared(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """For stories that change nothing but the trail."""
    with served_copy(template, tmp_path_factory.mktemp("shared")) as both:
        yield both


@pytest.fixture
def own(template: World, tmp_path: Path) -> Iterator[Shared]:
    """For a story that changes something."""
    with served_copy(template, tmp_path) as both:
        yield both


def looks(vault: OwnerSession) -> int:
    return sum(line.type == LOOK for line in vault.audit_lines())


async def loaded(pilot: Pilot[int]) -> None:
    await until(pilot, lambda: pilot.app.screen.query_one(ListTable).row_count > 0)
    await pilot.pause()


async def on_line(pilot: Pilot[int], key: str) -> None:
    await loaded(pilot)
    pilot.app.screen.query_one(ListTable).point_at(key)
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
def test_the_list_and_the_details_say_what_the_facade_says_without_a_look(
    shared: Shared, size: tuple[int, int]
) -> None:
    world, vault = shared
    before = looks(vault)

    async def story() -> None:
        async with on_page(vault, world, "data", size=size) as pilot:
            await on_line(pilot, "nights")
            (found,) = [one for one in vault.collections() if one.name == "nights"]
            listed = words_in(pilot.app, "#data-list")
            assert f"nights {found.rows:,} 4" in listed
            assert "1 consent" in listed
            details = words_in(pilot.app, "#data-facts")
            assert "All rows of one day count as one unit. Habits over many days are not hidden." in details
            assert f"● {NAME}: 1 column, for academic research, until" in details
            assert "3 jobs left" in details
            assert (
                f"{wording.percent(vault.budget()[0].used_percent)} used of a lifetime cap of ε 8 per day"
                in details
            )
            assert "[b]notes[/b]" in text_of(pilot.app)

    play(story())
    assert before == looks(vault)


def test_a_collection_nobody_may_learn_from_says_nobody(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "data", size=(140, 40)) as pilot:
            await on_line(pilot, "[b]notes[/b]")
            await sees(pilot, NOBODY.split(".")[0])
            assert "[b]notes[/b] 2 2" in words_in(pilot.app, "#data-list")
            assert MARKUP[:20] in text_of(pilot.app)

    play(story())


def test_values_are_hidden_until_v_and_each_look_is_recorded_once(shared: Shared) -> None:
    world, vault = shared
    before = looks(vault)
    summary = {one.name: one for one in vault.show_collection("nights")}["steps"]
    assert summary.mean is not None

    async def story() -> None:
        async with on_page(vault, world, "data", size=(140, 40)) as pilot:
            await on_line(pilot, "nights")
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Columns))
            await on_line(pilot, "steps")
            await sees(pilot, HIDDEN)
            assert "whole numbers" in words_of(pilot.app)
            assert "mean" not in words_in(pilot.app, "#columns-details")
            assert before + 1 == looks(vault)  # the one of this test itself
            await press(pilot, "v")
            await sees(pilot, f"100 values, {summary.distinct} different")
            assert f"mean {wording.number(float(summary.mean or 0))}" in words_of(pilot.app)
            await sees(pilot, "Mean ● and range │ by")
            await press(pilot, "down", "down", "v")
            await sees(pilot, "true in")
            await pilot.pause(
                1.5
            )  # the trail has grown by the look: the page loads again, and looks no second time
            assert before + 2 == looks(vault)
            await press(pilot, "escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, Data))
            await until(pilot, lambda: pilot.app.screen.query_one(ListTable).chosen == "nights")

    play(story())


@pytest.mark.slow
def test_calm_means_tables_of_numbers_and_no_braille(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "data", size=(140, 50), calm=True) as pilot:
            await on_line(pilot, "nights")
            await press(pilot, "v")
            await until(pilot, lambda: isinstance(pilot.app.screen, Columns))
            await on_line(pilot, "coffee")
            await sees(pilot, "value how many")
            await sees(pilot, "mean least most")
            text = text_of(pilot.app)
            assert not [sign for sign in text if "\u2800" <= sign <= "\u28ff"]
            assert "█" not in words_in(pilot.app, "#column-drawing")

    play(story())


def test_the_curtain_hides_names_and_drawings(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "data", size=(140, 40)) as pilot:
            await on_line(pilot, "nights")
            await press(pilot, "v")
            await on_line(pilot, "steps")
            await sees(pilot, "Mean ● and range │ by")
            await press(pilot, "ctrl+k")
            await until(pilot, lambda: "and range │ by" not in words_of(pilot.app))
            assert NAME not in words_of(pilot.app)

    play(story())


def test_an_empty_vault_says_what_to_do_next_and_i_imports(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    with served(world) as vault:

        async def story() -> None:
            async with on_page(vault, world, "data", size=(60, 20)) as pilot:
                await sees(pilot, EMPTY.partition("{key}")[0])
                await press(pilot, "enter", "v", "b", "D", "e", "a")
                assert isinstance(pilot.app.screen, Data)
                await press(pilot, "i")
                await until(pilot, lambda: isinstance(pilot.app.screen, ChooseFileDialog))

        play(story())


async def answer(pilot: Pilot[int], button: str) -> None:
    await pilot.pause(0.3)  # a button that was pressed takes no second press for a moment
    pilot.app.screen.set_focus(pilot.app.screen.query_one(button))
    await press(pilot, "enter")


# taking out -----------------------------------------------------------------------------------------------


async def dialog(pilot: Pilot[int], key: str, kind: type) -> None:
    await on_line(pilot, "nights")
    await press(pilot, key)
    await until(pilot, lambda: isinstance(pilot.app.screen, kind))
    await pilot.pause()


def test_a_card_is_written_only_as_it_was_read(own: Shared, tmp_path: Path) -> None:
    world, vault = own
    target = tmp_path / "nights.card"

    async def story() -> None:
        async with on_page(vault, world, "data", size=(80, 24)) as pilot:
            await dialog(pilot, "c", DataCardDialog)
            screen = pilot.app.screen
            assert pilot.app.focused is screen.query_one("#safe")
            assert not any(one.is_on for one in screen.query(Toggle))
            await answer(pilot, "#show")
            await sees(pilot, "nothing of nights would be told")
            for place in (0, 1):
                screen.query_one(f"#tell-{place}", Toggle).set_on(True)
            screen.query_one("#labels", Input).value = "good=yes, no"
            screen.query_one("#types", Input).value = "good"
            await answer(pilot, "#show")
            await sees(pilot, "“Types” is written steps=int; mood=text")
            screen.query_one("#types", Input).value = "steps=text"
            await answer(pilot, "#show")
            await sees(pilot, "steps is int in nights, and not text")
            screen.query_one("#types", Input).value = "steps=int"
            await answer(pilot, "#write")
            await sees(pilot, READ[:40])
            await answer(pilot, "#show")
            await until(pilot, lambda: "good: yes, no" in words_in(pilot.app, "#card"))
            screen.query_one("#path", Input).value = str(target)
            await answer(pilot, "#write")
            await until(pilot, lambda: not isinstance(pilot.app.screen, DataCardDialog))

    play(story())
    told = json.loads(target.read_bytes())["card"]["columns"]
    assert [(one["name"], one["type"], one["labels"]) for one in told] == [
        ("day", None, None), ("steps", "int", None), ("good", None, ["yes", "no"]),
    ]  # fmt: skip


@pytest.mark.slow
def test_a_copy_is_written_readable_after_the_dialog_has_said_so(own: Shared, tmp_path: Path) -> None:
    world, vault = own
    target = tmp_path / "[b]out.csv"

    async def story() -> None:
        async with on_page(vault, world, "data", size=(60, 20)) as pilot:
            await dialog(pilot, "e", DataExportDialog)
            words = words_of(pilot.app)
            assert "will be readable by anyone who gets that file: it is not encrypted" in words
            assert pilot.app.focused is pilot.app.screen.query_one("#safe")
            await answer(pilot, "#export")
            await sees(pilot, "Name the file it goes to.")
            field = pilot.app.screen.query_one("#path", Input)
            field.value = str(tmp_path / "out.txt")
            await answer(pilot, "#export")
            await sees(pilot, "has to end in .csv, .jsonl or .html")
            field.value = str(target)
            await press(pilot, "enter")
            assert isinstance(pilot.app.screen, DataExportDialog)
            await answer(pilot, "#export")
            await until(
                pilot,
                lambda: any(
                    f"100 rows in {target}, readable by anyone who gets that file." in one.message
                    for one in pilot.app._notifications
                ),
            )
            await dialog(pilot, "e", DataExportDialog)
            pilot.app.screen.query_one("#path", Input).value = str(target)
            await answer(pilot, "#export")
            await until(pilot, lambda: bool(words_in(pilot.app, "#problem")))
            assert str(target) == pilot.app.screen.query_one("#path", Input).value
            pilot.app.screen.query_one("#path", Input).value = str(tmp_path / "out.html")
            await answer(pilot, "#export")
            await until(pilot, lambda: isinstance(pilot.app.screen, Data))

    play(story())
    assert len(target.read_text().splitlines()) == 101
    assert "<svg" in (tmp_path / "out.html").read_text()
    assert "export" in [line.type for line in vault.audit_lines()]


# erasing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_erase_dialog_says_everything_before_the_name_can_be_typed(
    shared: Shared, size: tuple[int, int]
) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "data", size=size) as pilot:
            await dialog(pilot, "D", EraseDialog)
            words = words_of(pilot.app).replace("│ ", "").replace(" │", "")
            for sentence in erase_sentences(vault.preview_erase("nights")):
                assert " ".join(sentence.split()) in " ".join(words.split())
            assert "This cannot be undone." in words
            assert pilot.app.focused is pilot.app.screen.query_one("#safe")
            assert pilot.app.screen.query_one("#erase", Button).disabled
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Data))

    play(story())


@pytest.mark.slow
def test_only_the_whole_name_erases_and_the_consents_on_it_end(own: Shared) -> None:
    world, vault = own

    async def story() -> None:
        async with on_page(vault, world, "data") as pilot:
            await dialog(pilot, "D", EraseDialog)
            screen = pilot.app.screen
            button = screen.query_one("#erase", Button)
            screen.query_one("#word").focus()
            await press(pilot, *"night")
            assert button.disabled
            await press(pilot, "s", "enter")
            assert not button.disabled
            assert isinstance(pilot.app.screen, EraseDialog)
            assert sorted((one.name for one in vault.collections()), reverse=True) == [
                "nights",
                "[b]notes[/b]",
            ]
            await answer(pilot, "#erase")
            await sees(pilot, "Erased: 100 rows of nights.")
            await until(pilot, lambda: pilot.app.screen.query_one(ListTable).row_count == 1)

    play(story())
    assert [one.state for one in vault.grants()] == ["withdrawn"]


@pytest.mark.slow
def test_what_is_spent_and_what_left_is_said_to_stay(held_world: World) -> None:
    with served(held_world) as vault:
        planned: Erasure = vault.preview_erase("nights")
        assert planned.updates_destroyed

        async def story() -> None:
            async with on_page(vault, held_world, "data", size=(60, 20)) as pilot:
                await dialog(pilot, "D", EraseDialog)
                words = words_of(pilot.app)
                used = wording.percent(planned.budget_used_percent)
                assert (
                    f"The {used} of its budget that is used never comes back, and its name stays taken."
                    in words
                )
                assert "1 held update on it: destroyed." in words
                pilot.app.screen.query_one("#word", Input).value = "nights"
                await pilot.pause()
                if "Scroll to the end first" in words_of(pilot.app):
                    await press(pilot, "tab", "pagedown", "pagedown")
                await answer(pilot, "#erase")
                await sees(pilot, "Erased: 100 rows of nights.")

        play(story())
        assert [one.state for one in vault.releases()] == ["destroyed"]
