"""Of every dialog there is: what follows and the buttons are in sight at once at each size, and all can be read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.test_tui_contrast import too_faint
from tests.worlds.dialogs import KINDS, all_dialogs, asked_for_all, every_dialog
from tests.worlds.screens import UnlockedApp, play, program_in, sees, served, until
from tests.worlds.world import World
from tui.app.themes import BY_NAME
from tui.dialogs.action import ActionDialog
from tui.dialogs.dialog import Dialog

NEAR = frozenset({"RunDialog", "refuse", "SubmitDialog", "ReleaseDialog", "withhold"})
Look = Callable[[Pilot[int]], Awaitable[list[str]]]


def test_every_kind_of_dialog_is_looked_at_here() -> None:
    """A new one has to be added to the list."""
    assert {kind.__name__ for kind in all_dialogs()} == {kind.__name__ for kind in (*KINDS, ActionDialog)}


def looked_at(
    world: World, size: tuple[int, int], look: Look, only: frozenset[str] = frozenset()
) -> list[str]:
    """What a look at each dialog finds."""
    found: list[str] = []

    async def story() -> None:
        with served(world) as vault:
            app = UnlockedApp(vault, world.paths, page="home")
            async with app.run_test(size=size, notifications=True) as pilot:
                await sees(pilot, "What waits")
                for name, dialog in every_dialog(vault, world, only):
                    await in_front(pilot, dialog)
                    found.extend(f"{name}: {one}" for one in await look(pilot))
                    dialog.dismiss(None)
                    await until(pilot, lambda: not isinstance(app.screen, Dialog))

    play(story())
    return found


async def in_front(pilot: Pilot[int], dialog: Dialog[Any]) -> None:
    """Open it, and wait until it is drawn."""
    pilot.app.push_screen(dialog)
    await until(pilot, lambda: pilot.app.screen is dialog and bool(dialog.query("#safe")))
    await until(pilot, lambda: dialog.query_one("#safe").region.height > 0)
    await pilot.pause()


async def hidden(pilot: Pilot[int]) -> list[str]:
    """What is out of sight that has to be in it."""
    screen = pilot.app.screen
    wanted = [one for one in screen.query("#dialog-title, #consequence, #buttons Button") if one.display]
    return [str(one.id) for one in wanted if not (one.region and screen.region.contains_region(one.region))]


async def faint(pilot: Pilot[int]) -> list[str]:
    """What is too faint in any of the themes."""
    found: list[str] = []
    for theme in BY_NAME:
        program_in(pilot).set_theme(theme)
        await pilot.pause()
        found += [f"{theme} {one}" for one in too_faint(pilot)]
    return found


def test_where_most_is_decided_what_follows_and_the_buttons_are_in_sight_at_the_smallest_size(
    today: World,
) -> None:
    assert looked_at(today, (60, 20), hidden, NEAR) == []


@pytest.mark.slow
@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 40)])
def test_what_follows_and_the_buttons_are_in_sight_at_once(
    size: tuple[int, int], today: World, tmp_path: Path
) -> None:
    assert looked_at(asked_for_all(today, tmp_path / "asked"), size, hidden) == []


@pytest.mark.slow
def test_all_that_stands_on_a_dialog_can_be_read(today: World, tmp_path: Path) -> None:
    assert looked_at(asked_for_all(today, tmp_path / "asked"), (140, 40), faint) == []
