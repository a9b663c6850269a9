"""Rows in pages, a search that the vault does, one row whole; a big collection is never here as a whole."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.sweeps import sweep
from tests.worlds.asking import MARKUP
from tests.worlds.importing import import_file
from tests.worlds.screens import (
    on_page,
    play,
    press,
    really,
    sees,
    served,
    text_of,
    until,
    words_in,
    words_of,
)
from tests.worlds.vaults import new_world
from tests.worlds.world import World
from tui.app.page import SearchBar
from tui.dialogs.row import RowDialog
from tui.screens.browse import PAGE_ROWS, Browse, where
from tui.screens.data import Data
from tui.widgets.table import ListTable
from vault.client.client import Client
from vault.owner.interface.session import OwnerSession
from vault.views.records import FileChoice, Page

Shared = tuple[World, OwnerSession]
ROWS = 50_000
MIDDLE = 31_234
LONG = "long " * 50


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """Fifty thousand rows behind a process."""
    world = new_world(tmp_path_factory.mktemp("many"), now=datetime.now(UTC))
    path = world.folder / "many.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "text", "[b]note[/b]"])
        for index in range(1, ROWS + 1):
            text = "Needle" if index % 10_000 == 7 else f"straw {index % 97}"
            writer.writerow([index, text, f"{MARKUP} \x1b[31m{LONG}" if index == 1 else ""])
    with served(world) as vault:
        import_file(vault, FileChoice(path=path, name="many", types={"text": "text", "[b]note[/b]": "text"}))
        yield world, vault


async def open_rows(pilot: Pilot[int]) -> Browse:
    await until(
        pilot,
        lambda: isinstance(pilot.app.screen, Data) and pilot.app.screen.query_one(ListTable).row_count > 0,
    )
    await pilot.pause()
    await press(pilot, "b")
    await until(pilot, lambda: isinstance(pilot.app.screen, Browse))
    await sees(pilot, f"1 to {PAGE_ROWS} of {ROWS:,} rows of many")
    screen = pilot.app.screen
    assert isinstance(screen, Browse)
    return screen


def shown(screen: Browse) -> list[str]:
    return [row.value or "" for row in screen.query_one(ListTable).rows]


def looks(vault: OwnerSession) -> int:
    return sum(line.type == "access.view" for line in vault.audit_lines())


@pytest.mark.slow
def test_pages_turn_and_never_more_than_one_is_here(shared: Shared) -> None:
    world, vault = shared
    before = looks(vault)

    async def story() -> None:
        async with on_page(vault, world, "data") as pilot:
            screen = await open_rows(pilot)
            assert [str(number) for number in range(1, PAGE_ROWS + 1)] == shown(screen)
            await pilot.pause(
                2.5
            )  # the trail has grown by the look: the screen loads again, and looks no second time
            assert looks(vault) == before + 1
            await press(pilot, "p")
            assert shown(screen)[0] == "1"
            await press(pilot, "n")
            await sees(pilot, f"{PAGE_ROWS + 1} to {2 * PAGE_ROWS} of {ROWS:,} rows")
            assert len(shown(screen)) == PAGE_ROWS
            await press(pilot, "o", *"50,000", "enter")
            await sees(pilot, f"50,000 to 50,000 of {ROWS:,} rows")
            assert shown(screen) == ["50000"]
            await press(pilot, "n")
            assert shown(screen) == ["50000"]
            await press(pilot, "o", *"50001", "enter")
            await sees(pilot, "There is no row 50,001; there are 50,000.")
            await press(pilot, "escape")
            assert isinstance(pilot.app.screen, Browse)
            await press(pilot, "escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, Data))
            assert before + 3 == looks(vault)  # three pages were shown

    play(story())


@pytest.mark.slow
def test_the_vault_searches_and_counts_and_escape_shows_all_rows_again(shared: Shared) -> None:
    world, vault = shared
    answer = vault.browse("many", search="NEEDLE")
    assert answer.matches == 5

    async def story() -> None:
        async with on_page(vault, world, "data", size=(60, 20)) as pilot:
            screen = await open_rows(pilot)
            await press(pilot, "slash", *"needle")
            assert len(shown(screen)) == PAGE_ROWS  # letters alone begin nothing
            await press(pilot, "enter")
            await sees(pilot, "1 to 5 of 5 rows of 50,000 that hold “needle”, many")
            assert [str(number) for number in answer.row_numbers] == shown(screen)
            await press(pilot, "escape")
            await sees(pilot, f"1 to {PAGE_ROWS} of {ROWS:,} rows of many")
            assert not screen.query(SearchBar)
            await press(pilot, "slash", *"no such text", "enter")
            await sees(pilot, "Nothing here; 0 rows of 50,000 that hold “no such text”")

    play(story())


@pytest.mark.slow
def test_one_search_looks_into_every_collection_and_leads_to_the_rows(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "data") as pilot:
            await until(pilot, lambda: pilot.app.screen.query_one(ListTable).row_count > 0)
            await press(pilot, "s", *"needle", "enter")
            await sees(pilot, "5 rows of 1 collection with “needle”")
            assert "many 7 text Needle" in words_in(pilot.app, "#found-list")
            await press(pilot, "enter")
            await sees(pilot, "1 to 5 of 5 rows of 50,000 that hold “needle”, many")
            await press(pilot, "escape")
            await sees(pilot, f"1 to {PAGE_ROWS} of {ROWS:,} rows of many")

    play(story())


@pytest.mark.slow
def test_a_search_that_takes_long_says_so_and_can_be_given_up(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, vault = shared
    goes_on = threading.Event()

    def slow(self: OwnerSession, name: str, **given: Any) -> Page:
        if given.get("search"):
            goes_on.wait(20)
        return really(self, "browse", name, **given)

    monkeypatch.setattr(Client, "browse", slow, raising=False)

    async def story() -> None:
        async with on_page(vault, world, "data") as pilot:
            screen = await open_rows(pilot)
            await press(pilot, "slash", *"needle", "enter")
            await sees(pilot, "Searching 50,000 rows in the vault … esc stops waiting")
            await press(pilot, "escape")
            await until(pilot, lambda: "Searching" not in words_of(pilot.app))
            goes_on.set()
            await pilot.pause(0.5)
            assert len(shown(screen)) == PAGE_ROWS
            assert "needle" not in words_in(pilot.app, "#browse-where")

    play(story())


@pytest.mark.parametrize("size", sweep([(60, 20), (140, 40)]))
def test_space_shows_one_row_whole_and_literally(shared: Shared, size: tuple[int, int]) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "data", size=size) as pilot:
            await open_rows(pilot)
            await until(pilot, lambda: "[b]note[/b]" in text_of(pilot.app))
            await press(pilot, "space")
            await until(pilot, lambda: isinstance(pilot.app.screen, RowDialog))
            await sees(pilot, "Row 1 of many")
            words = words_of(pilot.app)
            assert "[bold red]x[/]" in words
            assert "\x1b" not in words
            assert ("long long long" in words) == (size[0] > 60) or "long" in words
            await press(pilot, "ctrl+k")
            await until(pilot, lambda: "[bold red]x[/]" not in words_of(pilot.app))
            await press(pilot, "ctrl+k", "space")
            await until(pilot, lambda: isinstance(pilot.app.screen, Browse))

    play(story())


def test_the_curtain_hides_the_rows_and_what_is_searched_for(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "data") as pilot:
            await open_rows(pilot)
            await press(pilot, "slash", *"needle", "ctrl+k")
            await until(pilot, lambda: "straw" not in words_of(pilot.app))
            assert "needle" not in words_of(pilot.app)
            assert pilot.app.screen.query_one(SearchBar).value == "needle"

    play(story())


def test_a_million_rows_cost_a_page_at_a_time() -> None:
    """The sentence and the page are all that the screen knows of a collection, however big it is."""
    page = Page(
        collection="rows",
        columns=("a",),
        rows=tuple((str(number),) for number in range(PAGE_ROWS)),
        row_numbers=tuple(range(500_001, 500_001 + PAGE_ROWS)),
        first=500_000,
        total=1_000_000,
        matches=1_000_000,
        search="",
    )
    assert where(page) == "500,001 to 500,200 of 1,000,000 rows of rows"


@pytest.mark.slow
def test_a_field_of_the_page_never_asks_for_more_than_the_facade_gives(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, vault = shared
    asked: list[int] = []

    def noted(self: OwnerSession, name: str, **given: Any) -> Page:
        asked.append(given["limit"])
        return really(self, "browse", name, **given)

    monkeypatch.setattr(Client, "browse", noted, raising=False)

    async def story() -> None:
        async with on_page(vault, world, "data") as pilot:
            await open_rows(pilot)
            await press(pilot, "o", "x")
            assert pilot.app.screen.query_one("#jump-bar", Input).value == "x"
            pilot.app.screen.query_one("#jump-bar", Input).value = str(MIDDLE)
            await press(pilot, "enter")
            await sees(pilot, f"{MIDDLE:,} to")

    play(story())
    assert {PAGE_ROWS} == set(asked)
    assert PAGE_ROWS <= 500


@pytest.mark.slow
def test_a_collection_that_is_erased_meanwhile_leads_back(tmp_path: Path) -> None:
    world = new_world(tmp_path, now=datetime.now(UTC))
    with served(world) as vault:
        import_file(vault, FileChoice(path=world.table(), name="nights"))

        async def story() -> None:
            async with on_page(vault, world, "data") as pilot:
                await until(pilot, lambda: pilot.app.screen.query_one(ListTable).row_count > 0)
                await press(pilot, "b")
                await sees(pilot, "1 to 100 of 100 rows of nights")
                vault.erase_collection("nights")
                await sees(pilot, "No data yet.")

        play(story())
