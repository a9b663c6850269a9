"""A campaign on the requests page: one line, one dialog, joined and left as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from tests.worlds.asking import served_copy
from tests.worlds.campaigns import campaign
from tests.worlds.screens import at_rest, on_page, play, press, sees, type_word, until, words_in
from tests.worlds.vaults import new_world
from tests.worlds.world import World
from tui.dialogs.campaign import CampaignDialog
from tui.dialogs.submit import SubmitDialog
from tui.screens.requests import Requests
from tui.widgets.choice import Choice
from tui.widgets.table import ListTable
from tui.widgets.toggle import Toggle


def world_with_campaign(folder: Path, **tiers: str) -> World:
    """A vault with records and a known requester, and beside it a campaign of theirs in such noise tiers."""
    world = new_world(folder)
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
    campaign(world, **tiers)
    return world


async def opened(pilot: Pilot[int]) -> None:
    """Open the campaign under the cursor by its key."""
    await at_rest(pilot, "requests")
    await until(pilot, lambda: pilot.app.screen.query_one(ListTable).row_count == 1)
    await press(pilot, "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, CampaignDialog))
    await pilot.pause()


@pytest.mark.slow
def test_a_campaign_is_taken_in_read_to_its_end_joined_and_left_in_dialogs(tmp_path: Path) -> None:
    world = world_with_campaign(tmp_path / "world")

    async def story() -> None:
        with served_copy(world, tmp_path) as (copy, owner):
            async with on_page(owner, copy, "requests", size=(80, 24)) as pilot:
                await at_rest(pilot, "requests")
                await press(pilot, "o")
                await until(pilot, lambda: isinstance(pilot.app.screen, SubmitDialog))
                pilot.app.screen.query_one("#job", Input).value = str(copy.folder / "campaign")
                await press(pilot, "enter")
                await opened(pilot)
                assert pilot.app.screen.query_one("#join", Button).disabled
                await sees(pilot, "Scroll to the end first")
                await press(pilot, "G")
                await until(pilot, lambda: not pilot.app.screen.query_one("#join", Button).disabled)
                await until(pilot, lambda: "3 rounds together cost" in words_in(pilot.app, "#dialog"))
                pilot.app.screen.query_one("#unattended", Toggle).action_turn()
                pilot.app.screen.query_one("#join", Button).press()
                await until(pilot, lambda: isinstance(pilot.app.screen, Requests))
                (line,) = owner.campaigns()
                assert (line.state, owner.campaign(line.id).is_unattended) == ("joined", True)

                await opened(pilot)
                pilot.app.screen.query_one("#attend", Button).press()
                await until(pilot, lambda: isinstance(pilot.app.screen, Requests))
                assert not owner.campaign(line.id).is_unattended
                await opened(pilot)
                assert not pilot.app.screen.query("#attend")
                assert not pilot.app.screen.query("#join")
                await until(pilot, lambda: "Nothing of it has left" in words_in(pilot.app, "#consequence"))
                pilot.app.screen.query_one("#leave", Button).press()
                await type_word(pilot, "LEAVE")
                await until(pilot, lambda: isinstance(pilot.app.screen, Requests))
                assert [one.state for one in owner.campaigns()] == ["left"]

    play(story())


@pytest.mark.slow
def test_the_tier_of_a_campaign_is_asked_for_and_its_optional_column_is_joined_with(tmp_path: Path) -> None:
    world = world_with_campaign(tmp_path / "world", far="0.5")

    async def story() -> None:
        with served_copy(world, tmp_path) as (copy, owner):
            async with on_page(owner, copy, "requests", size=(80, 24)) as pilot:
                for chosen, tier in ((2, "far"), (1, None)):
                    await take_in(pilot, copy.folder / "campaign", chosen)
                    (line,) = owner.campaigns()
                    assert owner.campaign(line.id).tier == tier
                await opened(pilot)
                await press(pilot, "G")
                coffee = pilot.app.screen.query_one(".column", Toggle)
                assert (coffee.label, coffee.is_on) == ("coffee", False)
                join = pilot.app.screen.query_one("#join", Button)
                await until(pilot, lambda: not join.disabled)
                dialog, _ = pilot.app.screen, coffee.action_turn()
                assert isinstance(dialog, CampaignDialog)
                await until(pilot, lambda: dialog.allowed_besides == {"coffee"} and not join.disabled)
                join.press()
                await until(pilot, lambda: isinstance(pilot.app.screen, Requests))
                grant = owner.campaign(line.id).consent
                fields = next(one.fields for one in owner.grants() if one.id == grant)
                assert set(fields) == {"coffee", "good", "steps"}

    async def take_in(pilot: Pilot[int], folder: Path, chosen: int) -> None:
        await at_rest(pilot, "requests")
        await press(pilot, "o")
        await until(pilot, lambda: isinstance(pilot.app.screen, SubmitDialog))
        pilot.app.screen.query_one("#job", Input).value = str(folder)
        await press(pilot, "enter")
        await sees(pilot, "It has noise tiers.")
        pilot.app.screen.query_one("#submit", Button).press()
        await pilot.pause()
        await until(pilot, lambda: all(one.is_finished for one in pilot.app.workers if one.group == "look"))
        await sees(pilot, "It has noise tiers.")
        tiers = pilot.app.screen.query(Choice)
        tiers[chosen - 1].toggle()
        await until(pilot, lambda: "It has noise tiers." not in words_in(pilot.app, "#dialog"))
        pilot.app.screen.query_one("#submit", Button).press()
        await until(pilot, lambda: isinstance(pilot.app.screen, Requests))

    play(story())
