"""The inbox: what stands in it, that opening decides nothing, and what can be done from it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Event

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.sweeps import sweep
from tests.worlds.approving import approve
from tests.worlds.asking import HOSTILE_JOB, MARKUP, asking, asking_at_length, served_copy, the_request
from tests.worlds.screens import (
    SIZES,
    at_rest,
    on_page,
    play,
    press,
    sees,
    served,
    text_of,
    until,
    words_in,
    words_of,
)
from tests.worlds.vaults import new_world
from tests.worlds.world import NAME, World
from tui.dialogs.action import ActionDialog
from tui.dialogs.attack import AttackDialog
from tui.dialogs.request import RequestDialog
from tui.dialogs.run import RunDialog
from tui.dialogs.submit import SubmitDialog
from tui.screens import requests
from tui.screens.requests import Requests
from tui.text import wording
from tui.text.wording import key_warning
from tui.widgets.table import ListTable
from vault.owner.interface.kinds import Progress
from vault.owner.interface.session import OwnerSession
from vault.training import attack

Shared = tuple[World, OwnerSession]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One request was refused; one, with markup in its words, waits."""
    world = asking(tmp_path_factory.mktemp("asking"))
    with world.vault() as vault:
        vault.refuse(the_request(vault).line.id, reason="not now")
        vault.lift_refusal(the_request(vault).line.id)
        world.clock.forward(hours=1)
        vault.submit(world.job("second", text=HOSTILE_JOB))
    return world


@pytest.fixture(scope="module")
def shared(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """For stories in which nothing is decided."""
    with served_copy(template, tmp_path_factory.mktemp("shared")) as both:
        yield both


@pytest.fixture
def own(template: World, tmp_path: Path) -> Iterator[Shared]:
    """For a story that decides."""
    with served_copy(template, tmp_path) as both:
        yield both


async def loaded(pilot: Pilot[int]) -> None:
    await at_rest(pilot, "requests")


@pytest.mark.parametrize("width", range(60, 161))
def test_at_every_width_the_columns_of_the_list_have_room(width: int) -> None:
    widths = requests._widths(width)
    beside = requests.PANE if width >= requests.WIDE else 0
    assert sum(widths.values()) + 2 * len(widths) <= width - requests.BORDER - beside
    assert list(widths)[-1] == "state"


@pytest.mark.parametrize("size", SIZES)
def test_the_list_says_who_asks_what_it_costs_and_how_it_stands(
    shared: Shared, size: tuple[int, int]
) -> None:
    world, vault = shared
    found = the_request(vault)

    async def story() -> None:
        async with on_page(vault, world, "requests", size=size) as pilot:
            await loaded(pilot)
            lines = words_in(pilot.app, "#requests").partition(NAME)[2]
            line = NAME + lines.partition(NAME)[0]
            for words in (
                NAME,
                "NOT VERIFIED",
                "nights",
                *(["□□□"] if size[0] >= 80 else []),
                wording.epsilon_up(found.price.epsilon),
                "waits for you",
            ):
                assert words in line
            await until(
                pilot,
                lambda: any(words in words_of(pilot.app) for words in ("refused by you", "you refused")),
            )
            if size[0] >= 120:  # the pane beside the list shows the request under the cursor
                await sees(pilot, found.fingerprint)

    play(story())


def test_the_next_key_acts_on_the_same_request_after_the_terminal_was_resized(shared: Shared) -> None:
    world, vault = shared
    refused = next(one.id for one in vault.requests() if one.state == "refused_person")

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            await loaded(pilot)
            table = pilot.app.screen.query_one(ListTable)
            await press(pilot, "j")
            assert (table.chosen, table.cursor_row) == (refused, 1)
            for size, columns in (((72, 22), 5), ((80, 24), 6)):
                await pilot.resize_terminal(*size)
                await until(pilot, lambda columns=columns: len(table.columns) == columns)
                await pilot.pause()
                assert (table.chosen, table.cursor_row) == (refused, 1)

    play(story())


def test_in_a_dialog_g_goes_to_the_ends_wherever_the_focus_is(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(60, 20)) as pilot:
            await loaded(pilot)
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, RequestDialog))
            details = pilot.app.screen.query_one("#details")
            await until(pilot, lambda: details.max_scroll_y > 0)
            pilot.app.screen.set_focus(pilot.app.screen.query_one("#safe"))
            for far, back in (("G", "g"), ("end", "home")):
                await press(pilot, far)
                await until(pilot, lambda: details.scroll_offset.y == details.max_scroll_y)
                await press(pilot, back)
                await until(pilot, lambda: details.scroll_offset.y == 0)
            assert pilot.app.focused is pilot.app.screen.query_one("#safe")

    play(story())


def test_opening_a_request_shows_everything_and_decides_nothing(shared: Shared) -> None:
    world, vault = shared
    found, before = the_request(vault), vault.status().audit_entries

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 200)) as pilot:
            await loaded(pilot)
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, RequestDialog))
            await pilot.pause()
            words = words_in(pilot.app, "#details")
            for fact in (
                found.fingerprint,
                key_warning(found.line.requester_status),
                f"“{found.contact}”",
                found.line.purpose_words,
                f"“{MARKUP}”",
                f"“{found.retention}”",
                wording.counted(found.parameters, "parameter"),
                wording.counted(found.steps, "step"),
                f"{found.noise_multiplier:g} times the clip norm {found.clip_norm:g}",
                wording.time_to_decide(found.slot_minutes),
                found.decision.change[0],
            ):
                assert fact in words
            for column in found.decision.fields:
                assert f"□ {column.name}" in words
                assert column.transform in words
                assert all(reason in words for reason in column.reasons)
            await press(pilot, "enter", "enter", "escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, Requests))
            assert before == vault.status().audit_entries

    play(story())


@pytest.mark.slow
@pytest.mark.parametrize("size", sweep([(60, 20), (140, 40)]))
def test_the_longest_names_break_nothing(
    tmp_path_factory: pytest.TempPathFactory, size: tuple[int, int]
) -> None:
    world = asking_at_length(tmp_path_factory.mktemp("long"))
    with served(world) as vault:

        async def story() -> None:
            async with on_page(vault, world, "requests", size=size) as pilot:
                await loaded(pilot)
                await until(pilot, lambda: "waits for you" in text_of(pilot.app))
                await press(pilot, "enter")
                await sees(pilot, "[b]Nights[/b]" if size[0] > 100 else "NOT VERIFIED")

        play(story())


def test_the_curtain_hides_who_asks_and_what_for(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(140, 40)) as pilot:
            await loaded(pilot)
            await sees(pilot, NAME)
            await press(pilot, "ctrl+k")
            await until(pilot, lambda: NAME not in text_of(pilot.app))
            assert "lab@example.org" not in text_of(pilot.app)
            assert MARKUP not in words_of(pilot.app)

    play(story())


def test_an_empty_inbox_says_what_to_do_next(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    with served(world) as vault:

        async def story() -> None:
            async with on_page(vault, world, "requests", size=(60, 20)) as pilot:
                await sees(pilot, "No one has asked.")
                await sees(pilot, "Press o and give the path of their key file")
                await press(pilot, "enter", "a", "x", "t", "b", "u", "e")
                assert isinstance(pilot.app.screen, Requests)

        play(story())


def test_what_is_decided_already_opens_no_decision(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 60)) as pilot:
            await loaded(pilot)
            await press(pilot, "G", "a")
            await sees(pilot, "There is nothing left to decide: this request is refused by you.")
            await press(pilot, "x")
            assert isinstance(pilot.app.screen, Requests)
            await press(pilot, "enter")
            await sees(pilot, "because not now")
            assert not pilot.app.screen.query("#run")

    play(story())


def test_the_search_leaves_only_what_has_the_words(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            await loaded(pilot)
            await press(pilot, "slash", *"waits")
            await until(pilot, lambda: pilot.app.screen.query_one(ListTable).row_count == 1)

    play(story())


def test_refusing_keeps_the_reason_here_and_takes_more_than_one_key(own: Shared) -> None:
    world, vault = own

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(60, 20)) as pilot:
            await loaded(pilot)
            await press(pilot, "x")
            await until(pilot, lambda: isinstance(pilot.app.screen, ActionDialog))
            await press(pilot, "enter")  # the safe answer
            await until(pilot, lambda: isinstance(pilot.app.screen, Requests))
            assert the_request(vault).line.state == "waiting"
            await press(pilot, "x")
            await until(pilot, lambda: isinstance(pilot.app.screen, ActionDialog))
            pilot.app.screen.query_one("#reason", Input).focus()
            await press(pilot, *"no", "enter")  # enter in the reason decides nothing
            assert the_request(vault).line.state == "waiting"
            pilot.app.screen.query_one("#act").focus()
            await press(pilot, "enter")
            await sees(pilot, "No question of this kind of theirs is shown until")
            assert (the_request(vault).line.state, the_request(vault).reason) == ("refused_person", "no")

    play(story())


@pytest.mark.slow
def test_a_refusal_that_came_too_late_is_said_in_the_dialog_and_the_reason_stays(own: Shared) -> None:
    world, vault = own

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(60, 20)) as pilot:
            await loaded(pilot)
            await press(pilot, "x")
            await until(pilot, lambda: isinstance(pilot.app.screen, ActionDialog))
            pilot.app.screen.query_one("#reason", Input).value = "mine"
            vault.refuse(the_request(vault).line.id, reason="theirs")
            pilot.app.screen.query_one("#act").focus()
            await press(pilot, "enter")
            await sees(pilot, "that cannot be done now")
            assert pilot.app.screen.query_one("#reason", Input).value == "mine"
            assert the_request(vault).reason == "theirs"

    play(story())


@pytest.mark.slow
def test_a_key_is_trusted_and_its_owner_blocked_and_let_in_again_by_dialogs(own: Shared) -> None:
    world, vault = own

    def status() -> str:
        return vault.requesters()[0].status

    async def answer(pilot: Pilot[int], key: str) -> None:
        await press(pilot, key)
        await until(pilot, lambda: bool(pilot.app.screen.query("#act")))
        await press(pilot, "enter")  # the safe answer changes nothing
        await loaded(pilot)
        before = status()
        await press(pilot, key)
        await until(pilot, lambda: bool(pilot.app.screen.query("#act")))
        assert before == status()
        pilot.app.screen.query_one("#act").focus()
        await press(pilot, "enter")
        await until(pilot, lambda: status() != before)
        await loaded(pilot)

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(60, 20)) as pilot:
            await loaded(pilot)
            for key, expected in (("t", "trusted"), ("b", "blocked"), ("u", "new")):
                await answer(pilot, key)
                assert expected == status()
                await sees(pilot, key_warning(expected).removesuffix(" in person"))

    play(story())


@pytest.mark.slow
def test_who_blocks_reads_before_and_after_which_approvals_are_taken_back(own: Shared) -> None:
    world, vault = own
    request = next(one.id for one in vault.requests() if one.state == "waiting")
    approve(vault, request, draft=True)

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(60, 20)) as pilot:
            await loaded(pilot)
            await press(pilot, "b")
            await until(pilot, lambda: bool(pilot.app.screen.query("#act")))
            await sees(pilot, f"approval of request {request[:8]}, which has not run, is taken back")
            pilot.app.screen.query_one("#act").focus()
            await press(pilot, "enter")
            await sees(pilot, f"approval of request {request[:8]}, which has not run, was taken back")

    play(story())


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_what_a_blocked_requester_asked_does_not_wait(own: Shared, size: tuple[int, int]) -> None:
    world, vault = own

    async def story() -> None:
        async with on_page(vault, world, "home", size=size) as pilot:
            await sees(pilot, "asks to learn")
            vault.block_requester(NAME)
            await sees(pilot, "nothing waits")
            await until(pilot, lambda: "asks to learn" not in words_of(pilot.app))
        async with on_page(vault, world, "requests", size=size) as pilot:
            await loaded(pilot)
            table = pilot.app.screen.query_one(ListTable)
            states = [table.get_row_at(index)[-1].plain for index in range(table.row_count)]
            assert {"blocked", "requester blocked"} & {*states}, states

    play(story())


@pytest.mark.slow
def test_who_asks_is_renamed_once_a_name_is_typed(own: Shared) -> None:
    world, vault = own

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(60, 20)) as pilot:
            await loaded(pilot)
            await press(pilot, "n")
            await until(pilot, lambda: isinstance(pilot.app.screen, ActionDialog))
            field = pilot.app.screen.query_one("#new", Input)
            assert pilot.app.focused is field  # there is nothing to decide before a name is typed
            pilot.app.screen.query_one("#act").focus()
            await press(pilot, "enter")
            await sees(pilot, "Type your new name for them.")
            await press(pilot, *"Night lab", "enter")  # enter in the name decides nothing
            assert vault.requesters()[0].name == NAME
            pilot.app.screen.query_one("#act").focus()
            await press(pilot, "enter")
            await sees(pilot, f"{NAME} is called Night lab from now on.")
            await loaded(pilot)
            assert [one.name for one in vault.requesters()] == ["Night lab"]
            assert {line.requester for line in vault.requests()} == {"Night lab"}
            await sees(pilot, "Night lab")

    play(story())


def test_a_job_folder_is_taken_in_and_a_wrong_path_keeps_what_was_typed(own: Shared) -> None:
    world, vault = own
    folder = world.job("third")

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            await loaded(pilot)
            await press(pilot, "o")
            await until(pilot, lambda: isinstance(pilot.app.screen, SubmitDialog))
            await press(pilot, "enter")
            await sees(pilot, "Type the path of the folder")
            pilot.app.screen.query_one("#job", Input).value = "/nowhere/[b]at[/b] all"
            await press(pilot, "enter")
            await sees(pilot, "There is no file /nowhere/[b]at[/b] all")
            assert pilot.app.screen.query_one("#job", Input).value == "/nowhere/[b]at[/b] all"
            pilot.app.screen.query_one("#job", Input).value = str(folder)
            await press(pilot, "enter")
            await loaded(pilot)
            await until(pilot, lambda: pilot.app.screen.query_one(ListTable).row_count == 3)

    play(story())


@pytest.mark.slow
def test_a_run_is_opened_from_the_detail_too(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(60, 20)) as pilot:
            await loaded(pilot)
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, RequestDialog))
            pilot.app.screen.query_one("#run").focus()
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, RunDialog))
            assert getattr(pilot.app.focused, "id", "") == "safe"

    play(story())


@pytest.mark.slow
def test_an_attack_on_a_stand_in_stands_below_the_bound(own: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    """One key opens it, another one begins it, and the answer that has the focus does nothing."""
    world, vault = own
    monkeypatch.setattr(attack, "MOST_GUESSES", 100)

    async def opened(pilot: Pilot[int]) -> None:
        await loaded(pilot)
        await press(pilot, "p")
        await until(pilot, lambda: isinstance(pilot.app.screen, AttackDialog))

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            await opened(pilot)
            await until(
                pilot, lambda: "No record is read, nothing is charged" in words_in(pilot.app, "#consequence")
            )
            await press(pilot, "enter")
            await opened(pilot)
            assert the_request(vault).price.attack is None
            await press(pilot, "right", "enter")
            await loaded(pilot)
            assert the_request(vault).price.attack is not None
            await press(pilot, "enter")
            await sees(pilot, "We attacked a stand-in of this job")
            words = words_of(pilot.app)
            assert words.index("A guess whether one given day") < words.index("We attacked")
            await press(pilot, "escape", "a")
            await sees(pilot, "We attacked a stand-in of this job")

    play(story())


@pytest.mark.slow
def test_who_leaves_an_attack_stops_it(own: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on until it is left, and nothing of it is kept."""
    world, vault = own
    seen, began, ended = Event(), Event(), Event()

    class Endless:
        def once(self, _canaries: object, _columns: object, progress: Progress) -> tuple[bytes, float]:
            try:
                assert seen.wait(60)
                for step in count(1):
                    progress(step, step + 1)
                    began.wait(0.01)
                    began.set()
            finally:
                ended.set()
            raise AssertionError

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(60, 20)) as pilot:
            await loaded(pilot)
            await press(pilot, "p")
            await until(pilot, lambda: isinstance(pilot.app.screen, AttackDialog))
            await press(pilot, "right", "enter")
            await sees(pilot, "A learner starts;")
            seen.set()
            await until(pilot, began.is_set)
            await sees(pilot, "Attacking")
            await press(pilot, "escape")
            await until(pilot, ended.is_set)
            await loaded(pilot)
            assert the_request(vault).price.attack is None

    monkeypatch.setattr(attack, "ConfinedLearner", Endless)
    play(story())
