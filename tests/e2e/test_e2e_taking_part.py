"""A person takes part in a campaign by keys alone: an invitation, a coordinator over HTTPS, a courier, a release."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Button, Input

from learner.federation.exchange import invitation_bytes
from tests.worlds import coordinators
from tests.worlds.campaigns import CAMPAIGN, campaign
from tests.worlds.coordinators import ServedCoordinator
from tests.worlds.hearing import hear
from tests.worlds.screens import UnlockedApp, at_rest, play, press, sees, served, type_word, until
from tests.worlds.vaults import new_world, paths_in
from tests.worlds.world import Clock, World
from tui.by_ear.beginning import Opened
from tui.by_ear.couriers import hear_couriers
from tui.dialogs.campaign import CampaignDialog
from tui.dialogs.carry import CarryDialog
from tui.dialogs.invitation import InvitationDialog
from tui.dialogs.leave_campaign import LeaveDialog
from tui.dialogs.release import Countdown, ReleaseDialog
from tui.dialogs.submit import SubmitDialog
from tui.text import carrying_facts
from tui.widgets.table import ListTable
from vault.requester.keys import keygen

MOST_KEYS, MOST_SECONDS = 24, 180.0


@pytest.fixture
def coordinator(tmp_path: Path) -> Iterator[ServedCoordinator]:
    """A coordinator of three rounds, the first of them open."""
    folder = tmp_path / "requester"
    folder.mkdir()
    keygen(folder / "lab")
    asker = World(folder=folder, paths=paths_in(folder), clock=Clock(now=datetime.now(UTC)), recovery_key="")
    coordinators.made_coordinator(tmp_path / "coordinator", campaign(asker, text=CAMPAIGN), quorum=2)
    with coordinators.serving(tmp_path / "coordinator") as found:
        yield found


@dataclass
class Hands:
    """Somebody at the keys, who looks before each and is counted."""

    pilot: Pilot[int]
    pressed: int = 0

    async def press(self, *keys: str) -> None:
        self.pressed += len(keys)
        await press(self.pilot, *keys)

    async def meets(self, kind: type[Screen[object]]) -> None:
        """Wait until such a dialog is in front."""
        await until(
            self.pilot, lambda: isinstance(self.pilot.app.screen, kind) and bool(self.pilot.app.focused)
        )
        await self.pilot.pause()

    def is_enabled(self, button: str) -> bool:
        return not self.pilot.app.screen.query_one(f"#{button}", Button).disabled


def invited(folder: Path, coordinator: ServedCoordinator) -> tuple[World, Path]:
    """An owner with records who knows nobody yet, and an invitation file."""
    folder.mkdir()
    world = new_world(folder, now=datetime.now(UTC))
    with world.vault() as vault:
        world.imported(vault)
    (invitation,) = coordinator.invitations(1)
    file = world.folder / "for-you"
    file.write_bytes(invitation_bytes(invitation))
    return world, file


@pytest.mark.slow
@pytest.mark.usefixtures("real_learner")
def test_a_person_takes_part_from_an_invitation_to_the_first_release_by_few_keys(
    tmp_path: Path, coordinator: ServedCoordinator
) -> None:
    """Within three minutes and 24 keys, besides the path; the courier that brings it away afterwards is two more."""
    world, file = invited(tmp_path / "one", coordinator)

    async def story() -> None:
        with served(world) as owner:
            app = UnlockedApp(owner, world.paths, page="home")
            async with app.run_test(size=(80, 24), notifications=True) as pilot:
                hands, begun = Hands(pilot), time.monotonic()
                await at_rest(pilot, "home")
                await hands.press("o")
                await hands.meets(SubmitDialog)
                app.screen.query_one("#job", Input).value = str(file)
                await hands.press("enter")

                await hands.meets(InvitationDialog)
                assert [one.kind for one in coordinator.events] == ["opened"]
                await hands.press("right", "enter")

                await hands.meets(CampaignDialog)
                await sees(pilot, "3 rounds together cost")
                assert [one.name for one in owner.requesters()] == ["Sleep lab"]
                assert "enrolled" not in [one.kind for one in coordinator.events]
                await hands.press("G", "left", "space", "left", "left", "left")
                await until(pilot, lambda: hands.is_enabled("join"))
                assert getattr(app.focused, "id", "") == "join"
                await hands.press("enter")

                await until(pilot, lambda: any(one.state == "held" for one in owner.requests()))
                await hands.press("6")
                await at_rest(pilot, "release")
                await hands.press("R")
                await hands.meets(ReleaseDialog)
                await sees(pilot, "for the courier to take")
                await hands.press("left", *"RELEASE", "tab", "tab")
                await until(pilot, lambda: hands.is_enabled("release"))
                await hands.press("enter")
                await hands.meets(Countdown)
                await until(pilot, lambda: bool(owner.status().released))
                took = time.monotonic() - begun
                assert hands.pressed <= MOST_KEYS
                assert took < MOST_SECONDS, took

                await hands.meets(CarryDialog)
                await sees(pilot, "to be carried")
                assert "answer" not in [one.kind for one in coordinator.events]
                await hands.press("right", "enter")
                coordinators.wait_until(lambda: "answer" in [one.kind for one in coordinator.events])
                await at_rest(pilot, "release")
                await hands.press("1")
                await sees(pilot, "nothing waits")

    play(story())


@pytest.mark.slow
def test_an_invitation_is_decided_about_later_and_a_campaign_is_left_with_its_courier(
    tmp_path: Path, coordinator: ServedCoordinator
) -> None:
    world, file = invited(tmp_path / "one", coordinator)
    home = world.paths.courier

    def heard() -> list[str]:
        return [one.kind for one in coordinator.events]

    async def story() -> None:
        with served(world) as owner:
            app = UnlockedApp(owner, world.paths, page="requests")
            async with app.run_test(size=(60, 20), notifications=True) as pilot:
                hands = Hands(pilot)
                await at_rest(pilot, "requests")
                await hands.press("o")
                await hands.meets(SubmitDialog)
                app.screen.query_one("#job", Input).value = str(file)
                await hands.press("enter")
                await hands.meets(InvitationDialog)
                await hands.press("shift+tab", *"Lab", "enter", "right", "enter")
                await hands.meets(CampaignDialog)
                await hands.press("escape")
                await until(pilot, lambda: bool(app.screen.query("#requests").results()))
                assert [one.name for one in owner.requesters()] == ["Lab"]
                assert "enrolled" not in heard()

                await at_rest(pilot, "requests")
                await until(pilot, lambda: app.screen.query_one("#requests", ListTable).row_count == 1)
                await hands.press("c")
                await sees(pilot, "the courier is let in when you join")
                await hands.press("enter")
                await hands.meets(CampaignDialog)
                await hands.press("G", "right", "right")
                await until(pilot, lambda: hands.is_enabled("join"))
                await hands.press("enter")
                await at_rest(pilot, "requests")
                assert "enrolled" in heard()
                assert [one.state for one in owner.campaigns()] == ["joined"]
                assert [one.suffix for one in home.iterdir() if one.is_dir()] == [""]

                await until(pilot, lambda: app.screen.query_one("#requests", ListTable).row_count == 2)
                await hands.press("w")
                await hands.meets(LeaveDialog)
                await hands.press("right", "enter")
                await type_word(pilot, "LEAVE")
                await at_rest(pilot, "requests")
                assert [one.state for one in owner.campaigns()] == ["left"]
                assert list(home.iterdir()) == []

    play(story())


@pytest.mark.slow
def test_by_ear_a_campaign_is_joined_by_its_invitation_and_its_courier_goes(
    tmp_path: Path, coordinator: ServedCoordinator
) -> None:
    world, file = invited(tmp_path / "one", coordinator)
    do, want = "What do you want to do?", "What do you want?"
    with served(world) as owner:
        opened = Opened(vault=owner, paths=world.paths, own_paths=world.paths)
        said = hear(
            lambda talk: hear_couriers(talk, opened),
            ("Campaigns by invitation.", "Take in"),
            ("Path of the invitation", str(file)),
            ("Your own name", ""),
            (want, "Show the campaign"),
            (do, "Join it"),
            ("coffee is optional", "Not coffee"),
            (want, "I start each round"),
            ("Every release stays your decision.", "Join"),
            (do, "Back."),
            (want, "Let it go"),
            ("Campaigns by invitation.", "Sleep lab"),
            (do, "Leave its campaign"),
            ("Your reason", ""),
            ("type LEAVE", "LEAVE"),
            ("Campaigns by invitation.", "Back."),
        )
        assert [one.state for one in owner.campaigns()] == ["left"]
    assert "Round 1 was handed to the vault. The courier is back." in said
    assert carrying_facts.ACCESS_ENDS in said
    assert list(world.paths.courier.iterdir()) == []
    assert "enrolled" in [one.kind for one in coordinator.events]
