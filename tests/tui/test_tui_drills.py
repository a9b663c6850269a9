"""A drill at the screens and by the commands: nothing begins by it, and it says what it was."""

from __future__ import annotations

import pytest

from tests.worlds.asking import open_dialog, read_to_the_end, run_button
from tests.worlds.commands import run
from tests.worlds.drilled import the_drill
from tests.worlds.screens import on_page, play, press, sees, served, type_word, until
from tests.worlds.world import World
from tui.dialogs.run import RunDialog
from tui.screens.requests import Requests
from vault.owner.interface.session import OwnerSession


@pytest.mark.slow
def test_a_drill_that_is_run_says_so_and_nothing_runs(drilled_world: World) -> None:
    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, drilled_world, "requests") as pilot:
            dialog = await open_dialog(pilot)
            await read_to_the_end(pilot, dialog)
            await until(pilot, lambda: not run_button(dialog).disabled)
            run_button(dialog).focus()
            await press(pilot, "enter")
            await type_word(pilot, "RUN")
            await until(pilot, lambda: isinstance(pilot.app.screen, Requests))
            await sees(pilot, "This was a drill: nobody sent it")
            assert not isinstance(pilot.app.screen, RunDialog)
        assert vault.audit_lines(newest=1)[0].type == "access.view"
        assert (vault.runs(), [one.state for one in vault.requests()]) == ([], ["expired"])

    with served(drilled_world) as vault:
        play(story(vault))


def test_the_commands_say_so_and_switch_them_off(drilled_world: World) -> None:
    with served(drilled_world) as vault:
        drill = the_drill(vault).id
        refused = run(drilled_world.paths, "request", "refuse", drill[:8])
        assert (refused.code, refused.err.startswith("lockbox: error: this was a drill: nobody sent it")) == (
            4,
            True,
        )
        assert "You refused it, so the change was noticed" in " ".join(refused.err.split())
        assert run(drilled_world.paths, "request", "approve", drill, "--draft-grant").code == 1
        switched = run(drilled_world.paths, "settings", "drills", "off")
        assert (switched.code, vault.status().are_drills_on) == (0, False)


def test_the_settings_switch_them_on(world: World) -> None:
    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, world, "settings") as pilot:
            await sees(pilot, "drills off")
            await press(pilot, "down", "down", "down", "enter")
            await sees(pilot, "drills on")
            await sees(pilot, "a request comes that nobody sent")
        assert vault.status().are_drills_on

    with served(world) as vault:
        play(story(vault))
