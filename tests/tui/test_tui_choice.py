"""A choice is told by a mark as well as by a colour."""

from __future__ import annotations

import asyncio

from textual.app import App, ComposeResult

from tui.widgets.choice import CHOSEN, NOT_CHOSEN, Choice


class Two(App[None]):
    def compose(self) -> ComposeResult:
        yield Choice("day", value=True, id="day")
        yield Choice("row", id="row")


def test_the_mark_says_which_one_is_chosen() -> None:
    async def look() -> list[tuple[str, str]]:
        app = Two()
        async with app.run_test() as pilot:
            before = (str(app.query_one("#day").render()), str(app.query_one("#row").render()))
            app.query_one("#row", Choice).value = True
            app.query_one("#day", Choice).value = False
            await pilot.pause()
            after = (str(app.query_one("#day").render()), str(app.query_one("#row").render()))
        return [before, after]

    (day, row), (day_after, row_after) = asyncio.run(look())
    assert (CHOSEN in day, NOT_CHOSEN in row) == (True, True)
    assert (NOT_CHOSEN in day_after, CHOSEN in row_after) == (True, True)
