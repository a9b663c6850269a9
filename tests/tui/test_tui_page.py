"""A screen loads once at a time: what is being drawn is drawn to its end, and the newest facts come last."""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

from textual.app import App, ComposeResult

from tests.worlds.screens import at_rest, on_page, play, program_in, served, until
from tests.worlds.world import World
from tui.app.page import Page
from tui.app.waiting import NOTHING_SEEN, look_at
from tui.widgets.plain import Plain
from tui.widgets.standing import Standing
from vault.owner.interface.session import OwnerSession


class Slow(Page[int]):
    """Draws in two halves; every fetch gets a higher number."""

    NAME = ""
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.fetched = 0
        self.said: list[str] = []

    def body(self) -> ComposeResult:
        yield Plain(id="number")

    def fetch(self, vault: Any) -> int:
        self.fetched += 1
        return self.fetched

    async def draw(self, facts: int) -> None:
        self.said.append(f"begin {facts}")
        await self.query_one("#body").mount(Plain(str(facts)))
        await asyncio.sleep(0.05)
        self.said.append(f"end {facts}")


class Alone(App[None]):
    """What a page needs of the program."""

    standing = Standing()

    async def ask(self, question: Any) -> Any:
        return question(None)

    def clock(self) -> float:
        return time.monotonic()


def drawn(*, reloads: int, leaves: bool = False) -> list[str]:
    """What a page drew that was told to load again while it was drawing."""
    page = Slow()
    page.reload()  # before it is on the screen: it loads by itself then

    async def story() -> None:
        app = Alone()
        async with app.run_test() as pilot:
            await app.push_screen(cast("Any", page))
            while not page.said:
                await pilot.pause(0.005)
            for _ in range(reloads):
                page.reload()
            if leaves:
                await app.pop_screen()
            await asyncio.sleep(0.3)

    asyncio.run(story())
    return page.said


def test_a_drawing_is_never_broken_off_and_many_wishes_are_one_more_load() -> None:
    assert drawn(reloads=3) == ["begin 1", "end 1", "begin 2", "end 2"]


def test_whoever_leaves_in_the_middle_of_a_drawing_breaks_nothing_off() -> None:
    assert drawn(reloads=0, leaves=True) == ["begin 1", "end 1"]


def test_a_page_that_asked_after_the_pulse_is_not_loaded_again_for_it_and_one_that_asked_before_is(
    world: World,
) -> None:
    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, world, "settings") as pilot:
            app = program_in(pilot)
            # The first pulse sees what it never saw, and may have the page load once more.
            await until(pilot, lambda: app._seen != NOTHING_SEEN and not app._is_pulsing)
            await at_rest(pilot, "settings")
            page = app.screen
            assert isinstance(page, Page)
            asked, look = page._asked_at, look_at(vault, app.paths, app.clock, is_background=True)
            await app._load_status(asked - 1)
            assert (page._is_loading, page._asked_at) == (False, asked)
            page._detach()  # as the program does with each screen when it ends
            await app._load_status(look.moment)
            assert (page._is_loading, page._asked_at) == (False, asked)
            page._attach(app)
            await app._load_status(look.moment)
            await at_rest(pilot, "settings")
            assert page._asked_at > look.moment

    with served(world) as vault:
        play(story(vault))
