"""The import dialog says whose people are in a file already, and joins their budgets unless that is unticked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from tests.worlds.commands import run
from tests.worlds.screens import on_page, play, press, sees, served, text_of, until, words_of
from tests.worlds.world import World
from tui.dialogs.choose_file import ChooseFileDialog
from tui.dialogs.import_file import ImportDialog
from tui.dialogs.import_questions import PeopleToggle, PlanToggle
from tui.screens.data import Data
from tui.text import wording
from tui.widgets.toggle import Toggle
from vault.owner.interface.session import OwnerSession


@pytest.fixture
def again(held_world: World) -> Iterator[tuple[World, OwnerSession, Path]]:
    """A vault that learned from nights, and the same file with a line feed more."""
    path = held_world.folder / "again.csv"
    path.write_bytes((held_world.folder / "nights.csv").read_bytes() + b"\n")
    with served(held_world) as vault:
        yield held_world, vault, path


async def looked_at(pilot: Pilot[int], path: Path, shows: type[Toggle] = PeopleToggle) -> ImportDialog:
    await until(pilot, lambda: isinstance(pilot.app.screen, Data))
    await press(pilot, "i")
    await until(pilot, lambda: isinstance(pilot.app.screen, ChooseFileDialog))
    pilot.app.screen.query_one("#path", Input).value = str(path)
    pilot.app.screen.query_one("#path").focus()
    await press(pilot, "enter")
    await until(
        pilot,
        lambda: (
            isinstance(pilot.app.screen, ImportDialog)
            and bool(pilot.app.screen.query(shows))
            and bool(pilot.app.screen.query("#warnings"))
        ),
    )
    screen = pilot.app.screen
    assert isinstance(screen, ImportDialog)
    return screen


@pytest.mark.slow
def test_a_file_is_read_as_the_last_one_into_its_collection_unless_that_is_unticked(today: World) -> None:
    first, second = today.folder / "bank.csv", today.folder / "later" / "bank.csv"
    second.parent.mkdir()
    first.write_text('d;p\n31.1.2026;"1,5"\n', encoding="utf-8")
    second.write_text("d;p\n2.1.2026;1.234\n", encoding="utf-8")
    assert run(today.paths, "import", first, "--unit", "record").code == 0

    async def story() -> None:
        with served(today) as vault:
            async with on_page(vault, today, "data") as pilot:
                screen = await looked_at(pilot, second, shows=PlanToggle)
                await until(pilot, lambda: "Read as the last" in words_of(screen.query_one("#warnings")))
                toggle = screen.query_one(PlanToggle)
                toggle.focus()
                await press(pilot, "space")
                await until(
                    pilot,
                    lambda: (
                        "which number is the day is not certain" in words_of(screen.query_one("#refused"))
                    ),
                )
                await press(pilot, "space")
                await until(pilot, lambda: "Read as the last" in words_of(screen.query_one("#warnings")))
                await seal(pilot, screen)
                assert vault.browse("bank").rows[1] == ("2026-01-02T00:00:00Z", "1234.0")

    play(story())


async def seal(pilot: Pilot[int], screen: ImportDialog) -> None:
    await until(pilot, lambda: not screen.query_one("#seal", Button).disabled)
    screen.query_one("#seal").focus()
    await press(pilot, "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, Data))


@pytest.mark.slow
def test_the_join_is_preset_and_the_budget_page_shows_one_budget_with_its_members(
    again: tuple[World, OwnerSession, Path],
) -> None:
    world, vault, path = again

    async def story() -> None:
        async with on_page(vault, world, "data") as pilot:
            screen = await looked_at(pilot, path)
            assert screen.query_one(PeopleToggle).is_on
            assert "One lifetime budget with nights, for good: ε 8 for all of them" in words_of(
                screen.query_one("#consequence")
            )
            await seal(pilot, screen)
        async with on_page(vault, world, "budget") as pilot:
            await sees(pilot, "shared by again")
            await sees(pilot, "shared by nights")
        used = wording.percent(vault.budget()[0].used_percent)
        async with on_page(vault, world, "home") as pilot:
            await sees(pilot, "nights in the same budget")
        async with on_page(vault, world, "data", size=(160, 50)) as pilot:
            await sees(pilot, "one budget with nights")
            await sees(pilot, f"{used} used of a lifetime cap of ε 8")

    play(story())
    assert [line.members for line in vault.budget() if line.requester is None] == [("again", "nights")]


@pytest.mark.slow
def test_who_unticks_it_says_that_these_are_other_people(again: tuple[World, OwnerSession, Path]) -> None:
    world, vault, path = again

    async def story() -> None:
        async with on_page(vault, world, "data") as pilot:
            screen = await looked_at(pilot, path)
            screen.query_one(PeopleToggle).focus()
            await press(pilot, "space")
            await until(pilot, lambda: "a lifetime cap of ε 8" in words_of(screen.app))
            assert not screen.query_one(PeopleToggle).is_on
            await seal(pilot, screen)

    play(story())
    assert [line.members for line in vault.budget() if line.requester is None] == [("again",), ("nights",)]
    assert "you said that it holds other people than nights" in vault.audit_lines()[-1].sentence


@pytest.mark.slow
def test_at_any_size_what_joins_for_good_was_in_sight_before_it_is_sealed(
    again: tuple[World, OwnerSession, Path],
) -> None:
    world, vault, path = again

    async def story() -> None:
        async with on_page(vault, world, "data", size=(80, 24)) as pilot:
            screen = await looked_at(pilot, path)
            await until(pilot, lambda: not screen.query_one("#seal", Button).disabled)
            details, toggle = screen.query_one("#details"), screen.query_one(PeopleToggle)
            assert details.region.contains_region(toggle.region)
            await until(pilot, lambda: "One budget for good with nights" in text_of(pilot.app))

    play(story())
