"""The letters on fields, lists and buttons: where they stand, where they lead, and that they press nothing."""

from __future__ import annotations

import pytest
from textual.widgets import Button, Input

from tests.tui.test_tui_contrast import LEAST, ratio
from tests.worlds.screens import SIZES, UnlockedApp, on_page, play, press, program_in, sees, served, until
from tests.worlds.world import World
from tui.app.own_keys import keys_file
from tui.dialogs.jump import JumpLabels
from tui.dialogs.submit import SubmitDialog

KEYS = '"everywhere.jump" = "ctrl+g"\n'


@pytest.mark.parametrize("size", SIZES[:1])
def test_each_letter_of_a_dialog_leads_to_its_place_and_presses_nothing(
    size: tuple[int, int], today: World
) -> None:
    with served(today) as vault:

        async def story() -> None:
            async with on_page(vault, today, "requests", size=size) as pilot:
                await sees(pilot, "locks in")
                await press(pilot, "o")
                await until(pilot, lambda: isinstance(pilot.app.screen, SubmitDialog))
                dialog = pilot.app.screen
                dialog.query_one("#job", Input).value = "kept"
                places = [one for one in dialog.focus_chain if dialog.find_widget(one).visible_region]
                for number, place in enumerate(places):
                    await press(pilot, "ctrl+o")
                    await until(pilot, lambda: isinstance(pilot.app.screen, JumpLabels))
                    await press(pilot, "abcdefghij"[number])
                    await until(pilot, lambda: pilot.app.screen is dialog)
                    await until(pilot, lambda wanted=place: pilot.app.focused is wanted)
                assert any(isinstance(one, Button) for one in places)
                assert dialog.query_one("#job", Input).value == "kept"
                await press(pilot, "ctrl+o")
                await until(pilot, lambda: isinstance(pilot.app.screen, JumpLabels))
                shown = [one for strip in pilot.app.screen._compositor.render_strips() for one in strip]
                letters = [one for one in shown if len(one.text) == 3 and one.text.strip() in "abcdefghij"]
                assert letters
                assert all(ratio(one) >= LEAST for one in letters if one.text.strip())
                await press(pilot, "z", "escape")
                await until(pilot, lambda: pilot.app.screen is dialog)
                assert not program_in(pilot).has_crashed

        play(story())


@pytest.mark.slow
def test_the_key_that_a_person_chose_shows_them_in_a_dialog_too(today: World) -> None:
    keys_file(today.paths).write_text(KEYS)
    with served(today) as vault:

        async def story() -> None:
            app = UnlockedApp(vault, today.paths, page="requests")
            async with app.run_test(size=(80, 24)) as pilot:
                await sees(pilot, "2 wait for you")
                await press(pilot, "o")
                await until(pilot, lambda: isinstance(pilot.app.screen, SubmitDialog))
                await press(pilot, "ctrl+o")
                assert isinstance(pilot.app.screen, SubmitDialog)
                await press(pilot, "ctrl+g")
                await until(pilot, lambda: isinstance(pilot.app.screen, JumpLabels))
                await press(pilot, "ctrl+g")
                await until(pilot, lambda: isinstance(pilot.app.screen, SubmitDialog))

        play(story())


@pytest.mark.slow
def test_the_letters_go_when_their_places_lie_elsewhere(today: World) -> None:
    with served(today) as vault:

        async def story() -> None:
            async with on_page(vault, today, "requests", size=(80, 24)) as pilot:
                await sees(pilot, "locks in")
                await press(pilot, "o")
                await until(pilot, lambda: isinstance(pilot.app.screen, SubmitDialog))
                await press(pilot, "ctrl+o")
                await until(pilot, lambda: isinstance(pilot.app.screen, JumpLabels))
                await pilot.resize_terminal(60, 20)
                await until(pilot, lambda: isinstance(pilot.app.screen, SubmitDialog))

        play(story())
