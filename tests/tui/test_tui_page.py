"""A screen loads once at a time: what is being drawn is drawn to its end, and the newest facts come last."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from textual.app import App, ComposeResult

from tui.app.page import Page
from tui.widgets.plain import Plain
from tui.widgets.standing import Standing


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
