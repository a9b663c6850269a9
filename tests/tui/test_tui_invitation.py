"""An invitation on the screens: who asks is shown, what goes wrong leaves nothing, and how a courier stands."""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.widgets import Input

from learner.federation.courier_folder import (
    Access,
    CourierFolder,
    CourierState,
    RoundState,
    draft_folder,
    kept_draft,
    settled,
)
from tests.worlds.invitations import invitation
from tests.worlds.screens import SIZES, at_rest, on_page, play, press, sees, served, until, words_in
from tests.worlds.world import World
from tui.couriers.carrying import Carried, carried_here, last_written
from tui.couriers.ending import end_access
from tui.dialogs.carry import CarryDialog
from tui.dialogs.dialog import Dialog
from tui.dialogs.invitation import InvitationDialog
from tui.dialogs.submit import SubmitDialog
from tui.text import carrying_facts
from vault.owner.interface.session import OwnerSession
from vault.requester.keys import keygen
from vault.views.requests import RequestLine, RoundOf

CAMPAIGN, RELEASED, TO_FOLDER = "c" * 32, "released", f"{5:032}"


@pytest.mark.parametrize("size", SIZES)
def test_who_invites_is_shown_and_a_coordinator_that_is_away_leaves_nothing(
    world: World, size: tuple[int, int]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file, several = world.folder / "for you", world.folder / "several"
    several.mkdir()
    (several / "1.invitation").write_bytes(b"")
    file.write_bytes(invitation(f"https://127.0.0.1:{port}"))

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, world, "home", size=size) as pilot:
            await at_rest(pilot, "home")
            await press(pilot, "o")
            await until(pilot, lambda: isinstance(pilot.app.screen, SubmitDialog))
            pilot.app.screen.query_one("#job", Input).value = str(several)
            await press(pilot, "enter")
            await sees(pilot, "That folder holds invitations")
            pilot.app.screen.query_one("#job", Input).value = str(file)
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, InvitationDialog))
            await pilot.pause()
            said = words_in(pilot.app, "#dialog")
            for words in (
                f"https://127.0.0.1:{port}",
                "a key that you do not know yet",
                "nothing of your vault",
            ):
                assert words in said
            await until(pilot, lambda: "may then send you requests" in words_in(pilot.app, "#consequence"))
            assert getattr(pilot.app.focused, "id", "") == "safe"
            await press(pilot, "right", "enter")
            await sees(pilot, "cannot be reached")
            assert isinstance(pilot.app.screen, Dialog)
            assert vault.requesters() == vault.campaigns() == []
            assert list(world.paths.courier.iterdir()) == []

    with served(world) as vault:
        play(story(vault))


@pytest.mark.slow
def test_what_is_no_invitation_is_said_and_a_key_file_stays_one(world: World) -> None:
    cut = world.folder / "cut.invitation"
    cut.write_bytes(invitation()[:-9])
    key = keygen(world.folder / "lab").public

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            await at_rest(pilot, "requests")
            await press(pilot, "o")
            await until(pilot, lambda: isinstance(pilot.app.screen, SubmitDialog))
            for file, words in ((cut, "This is no invitation"), (key, "Let whoever has this key ask you?")):
                pilot.app.screen.query_one("#job", Input).value = str(file)
                await press(pilot, "enter")
                await sees(pilot, words)

    with served(world) as vault:
        play(story(vault))


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_whatever_a_courier_met_its_dialog_keeps_answers_and_consequence_in_sight(
    world: World, size: tuple[int, int]
) -> None:
    trouble = "The coordinator says no: [b]" + "w" * 200
    rounds = tuple(
        RoundState(number=one, job="0" * 32, word="not sent", note="x" * 200) for one in range(1, 30)
    )
    folder = placed(world.paths.courier, CourierState(trouble=trouble, rounds=rounds, missing=("landlock",)))
    folder.keep(Access(campaign=CAMPAIGN, requester="[b]" + "w" * 77, token="", door=""))
    folder.write("invitation", invitation(f"https://{'h' * 180}:8443"))

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, world, "home", size=size) as pilot:
            await at_rest(pilot, "home")
            pilot.app.push_screen(CarryDialog(the_one(world.paths.courier, line(40)), lead="It waits."))
            await until(pilot, lambda: isinstance(pilot.app.screen, CarryDialog))
            await pilot.pause()
            await until(pilot, lambda: carrying_facts.GOING in words_in(pilot.app, "#consequence"))
            assert words_in(pilot.app, "#buttons").split() == ["Not", "now", "Carry", "it", "now"]
            assert "[b]w" in words_in(pilot.app, "#details")

    with served(world) as vault:
        play(story(vault))


# how couriers stand ---------------------------------------------------------------------------------------------


def placed(home: Path, state: CourierState, *, is_let_in: bool = True) -> CourierFolder:
    """The folder of one campaign with this state."""
    draft = draft_folder(home, "b" * 64)
    draft.write("invitation", invitation())
    draft.keep(Access(campaign=CAMPAIGN, requester="Sleep lab", token="", door=""))
    draft.keep(state)
    return settled(draft) if is_let_in else kept_draft(draft)


def line(number: int, state: str = RELEASED) -> RequestLine:
    return RequestLine(
        id=f"{number:032}", state=state, requester="Sleep lab", requester_status="trusted", collection="nights",
        purpose_words="academic research", received_at="2026-11-21T12:00:30Z", expires_at="2026-12-21T12:00:30Z",
        round=RoundOf(campaign=CAMPAIGN, number=number, ends_at="2026-12-01T12:00:30Z", is_carried=True),
    )  # fmt: skip


@dataclass(frozen=True)
class Lines:
    """An inbox with these lines, in which one update went to a folder."""

    lines: tuple[RequestLine, ...]

    def requests(self) -> list[RequestLine]:
        return list(self.lines)

    def release(self, release_id: str) -> Any:
        return SimpleNamespace(fetch_until="" if release_id == TO_FOLDER else "2027-01-01T00:00:00Z")


def the_one(home: Path, *lines: RequestLine) -> Carried:
    return carried_here(home, Lines(lines))[CAMPAIGN]


def test_what_was_released_waits_for_its_courier_until_that_brought_it_away(tmp_path: Path) -> None:
    waiting = RoundState(number=1, job="0" * 32, word="waiting")
    note = "it is too large for the coordinator"
    refused = replace(waiting, number=2, word="not sent", note=note)
    folder = placed(tmp_path, CourierState(contact="2026-11-21T12:00:30Z", rounds=(waiting, refused)))
    before = last_written(tmp_path)
    one = the_one(tmp_path, line(1), line(2), line(3), line(4, "held"), line(5))
    assert one.to_carry == (1, 3)
    said = carrying_facts.standing(one)
    assert "answered last 2026-11-21 12:00; the updates of rounds 1, 3 wait to be carried; round 2" in said
    assert note in said
    told = dict(carrying_facts.facts(one))
    assert (told["to be carried"], told["round 1"]) == ("round 1, round 3", carrying_facts.RELEASED)

    folder.keep(CourierState(rounds=(replace(waiting, word="sent", size=2066),), is_over=True))
    one = the_one(tmp_path, line(1))
    assert (one.to_carry, one.can_go) == ((), False)
    assert last_written(tmp_path) != before


def test_a_courier_says_what_was_kept_private_which_it_does_not_hear(tmp_path: Path) -> None:
    folder = placed(tmp_path, CourierState(rounds=(RoundState(number=1, job="0" * 32, word="waiting"),)))
    assert dict(carrying_facts.facts(the_one(tmp_path, line(1, "held"))))["round 1"] == "waits for you"
    assert (
        dict(carrying_facts.facts(the_one(tmp_path, line(1, "withheld"))))["round 1"] == "you kept it private"
    )
    assert folder.state().rounds[0].word == "waiting"


def test_an_invitation_that_was_looked_at_gives_a_courier_access_anew_and_leaving_ends_both(
    tmp_path: Path,
) -> None:
    assert carried_here(tmp_path / "nowhere", None) == {}
    placed(tmp_path, CourierState(contact="2026-11-21T12:00:30Z"))
    placed(tmp_path, CourierState(), is_let_in=False)
    one = the_one(tmp_path)
    vault: Any = SimpleNamespace(end_campaign_token=lambda _: "")  # no token was made
    assert (one.is_let_in, one.state.contact) == (False, "2026-11-21T12:00:30Z")
    paths: Any = SimpleNamespace(courier=tmp_path, mesh=tmp_path / "nowhere")
    assert end_access(vault, paths, CAMPAIGN) == [carrying_facts.ACCESS_ENDS]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_read_keeps_no_screen_from_being_drawn(tmp_path: Path) -> None:
    folder = placed(tmp_path, CourierState())
    folder.write("state.json", b"{")
    assert "cannot be read" in the_one(tmp_path).state.trouble
    folder.write("access.json", b"{")
    assert carried_here(tmp_path, None) == {}


def test_what_a_courier_did_is_said_without_commands() -> None:
    events = [
        {"event": "handed over", "round": 1},
        {"event": "sent", "round": 1, "bytes": 2066},
        {"event": "model"},
    ]
    assert carrying_facts.what_it_did(events) == (
        "Round 1 was handed to the vault. Your update of round 1 was sent, 2,066 bytes. The final model was handed to "
        "the vault: 0 Models."
    )
    assert carrying_facts.what_it_did([]) == carrying_facts.NOTHING_NEW
