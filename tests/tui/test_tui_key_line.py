"""The line of keys and the line of screens: what stands there can be clicked, and nothing is cut in two."""

from __future__ import annotations

import pytest

from tests.worlds.screens import at_rest, on_page, play, served, text_of
from tests.worlds.world import World
from tui.widgets.bar import PageTabs
from tui.widgets.keys import KeyLine


def test_a_click_on_a_key_and_on_a_screen_does_what_the_key_does(world: World) -> None:
    async def story() -> None:
        with served(world) as vault:
            async with on_page(vault, world, "home") as pilot:
                await at_rest(pilot, "home")
                await pilot.click(PageTabs, offset=(text_of(pilot.app).split("\n")[1].index("Budget"), 0))
                await at_rest(pilot, "budget")
                await pilot.click(KeyLine, offset=(text_of(pilot.app).split("\n")[-1].index("Help"), 0))
                await pilot.pause()
                assert pilot.app.screen.query("HelpPane")

    play(story())


@pytest.mark.parametrize("width", [24, 60])
def test_keys_for_which_there_is_no_room_are_left_out_whole_and_a_sign_says_so(
    world: World, width: int
) -> None:
    async def story() -> None:
        with served(world) as vault:
            async with on_page(vault, world, "data", size=(width, 20)) as pilot:
                await at_rest(pilot, "data")
                await pilot.pause()
                line = text_of(pilot.app).split("\n")[-1]
                assert (
                    line
                    == {
                        24: " ⏎ Open  v View  …",
                        60: " ⏎ Open  v View  b Rows  s Search…  i Import…  ? Help  …",
                    }[width]
                )

    play(story())


def test_without_a_model_the_keys_of_one_are_not_offered(world: World) -> None:
    async def story() -> None:
        with served(world) as vault:
            async with on_page(vault, world, "models", size=(120, 20)) as pilot:
                await at_rest(pilot, "models")
                await pilot.pause()
                line = text_of(pilot.app).split("\n")[-1]
                assert "Keep" in line
                assert not [word for word in ("Score", "Fit", "Predict") if word in line]

    play(story())
