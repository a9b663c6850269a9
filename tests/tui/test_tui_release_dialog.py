"""Nothing leaves by a key pressed too often, and nothing before the countdown is over; what leaves is what was held."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from tests.sweeps import sweep
from tests.worlds.screens import SIZES, on_page, play, press, sees, served, text_of, until
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from tui.dialogs.release import Countdown, ReleaseDialog
from tui.widgets.plain import Plain
from vault.owner.interface.session import OwnerSession
from vault.views.releases import ReleaseView
from vault.wire import addresses

LEAVES = "This leaves your computer now and cannot be called back."
WITHDRAWING = "Withdrawing consent later will not remove what this taught."


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A countdown whose seconds are short."""
    monkeypatch.setattr(Countdown, "TICK", 0.02)


@pytest.fixture(scope="module")
def still(
    today_template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, OwnerSession]]:
    """A served vault with a held update, for stories in which nothing leaves."""
    world = copy_of(today_template, tmp_path_factory.mktemp("still") / "copy")
    with served(world) as vault:
        yield world, vault


def held(vault: OwnerSession) -> ReleaseView:
    (one,) = vault.releases()
    return one


def fetched(vault: OwnerSession, world: World) -> dict[str, bytes]:
    """What the requester of the update could fetch now."""
    token, job = vault.issue_token(NAME), vault.request(held(vault).id).job_id
    with httpx.Client(
        transport=httpx.HTTPTransport(uds=str(world.paths.socket)), base_url=addresses.BASE_URL
    ) as line:
        answer = line.post(
            addresses.FETCH_JOB, json={"job_id": job}, headers={"Authorization": f"Bearer {token}"}
        )
    assert answer.status_code == 200, answer.text
    return {name: base64.b64decode(text) for name, text in answer.json()["files"].items()}


def is_offered(vault: OwnerSession) -> bool:
    """Whether something is kept for its requester to fetch."""
    return any(one.fetch_until is not None for one in vault.releases())


@asynccontextmanager
async def dialog(
    vault: OwnerSession, world: World, *, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Pilot[int]]:
    """The release screen with the dialog open."""
    async with on_page(vault, world, "release", size=size) as pilot:
        await sees(pilot, "held: it waits for your decision")
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReleaseDialog))
        yield pilot


async def typed(pilot: Pilot[int], word: str = "RELEASE") -> None:
    pilot.app.screen.query_one("#word", Input).focus()
    await press(pilot, *word)


async def decided(pilot: Pilot[int]) -> None:
    """Type the word and press the button."""
    await typed(pilot)
    await press_release(pilot)


async def press_release(pilot: Pilot[int]) -> None:
    """Go to the button and press it."""
    button = release_button(pilot)
    button.focus()
    # A button does not feel a second press for a fifth of a second.
    await until(pilot, lambda: pilot.app.focused is button and not button.has_class("-active"))
    await pilot.press("enter")


async def counting(pilot: Pilot[int]) -> None:
    """Type the word, press the button and see the countdown."""
    await decided(pilot)
    await until(pilot, lambda: isinstance(pilot.app.screen, Countdown))


def dialog_words(pilot: Pilot[int]) -> str:
    """What stands in the dialog alone, in one line."""
    region = pilot.app.screen.query_one("#dialog").content_region
    lines = text_of(pilot.app).split("\n")[region.y : region.bottom]
    return " ".join(" ".join(line[region.x : region.right] for line in lines).split())


def toasts(pilot: Pilot[int]) -> list[str]:
    """What has been told so far."""
    return [one.message for one in pilot.app._notifications]


def refusal(pilot: Pilot[int]) -> str:
    """The line of the dialog that says what was refused, or empty where no dialog is."""
    return "".join(
        str(found.render()) for found in pilot.app.screen.query("ReleaseDialog #refused").results(Plain)
    )


def release_button(pilot: Pilot[int]) -> Button:
    return pilot.app.screen.query_one("#release", Button)


# what stands on it ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_consequence_the_word_and_the_safe_answer_are_in_sight(
    still: tuple[World, OwnerSession], size: tuple[int, int]
) -> None:
    world, vault = still
    one = held(vault)

    async def story() -> None:
        async with dialog(vault, world, size=size) as pilot:
            said = dialog_words(pilot)
            who = f"To: {NAME} (key {one.fingerprint}, not verified). {one.size} bytes, digest {one.digest[:8]}…"
            for sentence in (
                LEAVES,
                WITHDRAWING,
                who,
                "Type RELEASE:",
                "Do not release now",
                "Where: for them to fetch by token, or a new folder:",
            ):
                assert sentence in said
            assert pilot.app.focused is pilot.app.screen.query_one("#safe")
            assert release_button(pilot).disabled

    play(story())


def test_the_details_say_what_leaves_what_it_cost_and_what_nobody_measured(
    still: tuple[World, OwnerSession],
) -> None:
    world, vault = still
    one = held(vault)

    async def story() -> None:
        async with dialog(vault, world, size=(140, 60)) as pilot:
            said = dialog_words(pilot)
            for words in (
                f"one file of {one.size} bytes, its manifest and its signature",
                "good, steps of nights",
                "withheld coffee",
                f"clipped to norm {one.clip_norm:g} in each of {one.steps} steps, and noise "
                f"{one.noise_multiplier:g} times as large",
                one.digest,
                f"It cost {one.price.job_percent} % of a lifetime cap",
                "instead of 50. Habits over many days are not hidden.",
                "No attack on this very update is shown before your decision",
                f"{NAME} has no token yet, and fetches nothing without one.",
            ):
                assert words in said

    play(story())


def test_a_foreign_name_is_shown_as_it_is(still: tuple[World, OwnerSession]) -> None:
    world, vault = still
    one = replace(
        held(vault), recipient="[bold]x[/] [link=http://e]y\x1b[31m", fields_used=("[red]a[/]", "b\u202e")
    )

    async def story() -> None:
        async with on_page(vault, world, "release", size=(140, 40)) as pilot:
            await pilot.app.push_screen(ReleaseDialog(one, is_practice=True))
            who = "To the practice coordinator on this computer: [bold]x[/] [link=http://e]y\\x1b[31m ("
            await until(pilot, lambda: who in dialog_words(pilot))
            assert "[red]a[/], b\\u202e of nights" in dialog_words(pilot)
            assert "no token" not in dialog_words(pilot)  # the practice coordinator fetches nothing

    play(story())


# what does not send ---------------------------------------------------------------------------------------


async def enter(pilot: Pilot[int]) -> None:
    await pilot.press("enter")


async def double_enter(pilot: Pilot[int]) -> None:
    await press(pilot, "enter", "enter")


async def word_and_enter(pilot: Pilot[int]) -> None:
    await typed(pilot)
    await press(pilot, "enter", "enter")
    await sees(pilot, "Enter here decides nothing: go on to the button Release.")


async def lower_case(pilot: Pilot[int]) -> None:
    await typed(pilot, "release")
    assert release_button(pilot).disabled
    await pilot.click("#release")
    await press(pilot, "tab", "enter")


async def a_letter_too_many(pilot: Pilot[int]) -> None:
    await typed(pilot, "RELEASEE")
    assert release_button(pilot).disabled
    await pilot.click("#release")


async def click_on_the_safe_button(pilot: Pilot[int]) -> None:
    await typed(pilot)
    await pilot.click("#safe")
    await until(pilot, lambda: not isinstance(pilot.app.screen, ReleaseDialog))


async def escape_from_the_dialog(pilot: Pilot[int]) -> None:
    await typed(pilot)
    await pilot.press("escape")
    await until(pilot, lambda: not isinstance(pilot.app.screen, ReleaseDialog))


async def escape_in_the_countdown(pilot: Pilot[int]) -> None:
    await counting(pilot)
    await pilot.press("escape")
    await sees(pilot, "Cancelled: nothing was recorded, nothing left.")


async def double_enter_on_the_button(pilot: Pilot[int]) -> None:
    await typed(pilot)
    release_button(pilot).focus()
    await press(pilot, "enter", "enter")
    await sees(pilot, "Cancelled: nothing was recorded, nothing left.")


async def the_palette_over_the_countdown(pilot: Pilot[int]) -> None:
    await counting(pilot)
    countdown, below = pilot.app.screen, pilot.app.screen_stack[-2]
    assert isinstance(below, ReleaseDialog)
    await pilot.app.push_screen(ReleaseDialog(below._held, is_practice=False))
    before = countdown._left  # type: ignore[attr-defined]
    await pilot.pause(0.5)
    assert before - countdown._left <= 1  # type: ignore[attr-defined]


async def the_end_of_the_program(pilot: Pilot[int]) -> None:
    await counting(pilot)


@pytest.mark.parametrize(
    "act",
    sweep(
        [
            word_and_enter, escape_in_the_countdown, double_enter_on_the_button, the_end_of_the_program, enter,
            double_enter, lower_case, a_letter_too_many, click_on_the_safe_button, escape_from_the_dialog,
            the_palette_over_the_countdown,
        ],
        default=4,
    ),
)  # fmt: skip
def test_nothing_is_sent_or_recorded_by(
    still: tuple[World, OwnerSession],
    act: Callable[[Pilot[int]], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, vault = still
    before, entries = held(vault), vault.status().audit_entries
    monkeypatch.setattr(Countdown, "TICK", 0.2)
    monkeypatch.setattr(
        Countdown, "SECONDS", 10_000
    )  # it never ends within a story, however busy the machine is

    async def story() -> None:
        async with dialog(vault, world) as pilot:
            await act(pilot)
            await pilot.pause(0.1)

    play(story())
    assert before == held(vault)
    assert entries == vault.status().audit_entries
    assert not is_offered(vault)


@pytest.mark.slow
def test_a_folder_that_cannot_be_used_is_said_before_the_countdown(
    still: tuple[World, OwnerSession], tmp_path: Path
) -> None:
    world, vault = still
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()

    async def story() -> None:
        async with dialog(vault, world, size=(140, 40)) as pilot:
            await typed(pilot)
            folder = pilot.app.screen.query_one("#folder", Input)
            for place, sentence in (
                (tmp_path / "full", "Something is already at"),
                (tmp_path / "no" / "folder", "There is no folder"),
            ):
                folder.value = str(place)
                await press_release(pilot)
                await until(pilot, lambda sentence=sentence: refusal(pilot).startswith(sentence))  # type: ignore[misc]
                await until(pilot, lambda: pilot.app.focused is folder)
                assert isinstance(pilot.app.screen, ReleaseDialog)
                assert folder.value == str(place)
                folder.value += "x"
                await until(pilot, lambda: not refusal(pilot))
                assert pilot.app.screen.query_one("#word", Input).value == "RELEASE"

    play(story())
    assert held(vault).can_be_sent


@pytest.mark.slow
def test_what_the_vault_refuses_stands_in_the_dialog(still: tuple[World, OwnerSession], quick: None) -> None:
    world, vault = still
    inside = world.paths.vault / "out"

    async def story() -> None:
        async with dialog(vault, world, size=(140, 40)) as pilot:
            pilot.app.screen.query_one("#folder", Input).value = str(inside)
            await decided(pilot)
            sentence = f"Nothing can be written to {inside}: it lies inside the vault."
            await until(pilot, lambda: refusal(pilot) == sentence)
            assert not pilot.app.screen.query_one("#safe").disabled

    play(story())
    assert held(vault).state == "held"


def test_another_digest_than_the_one_on_the_screen_is_refused(
    still: tuple[World, OwnerSession], quick: None
) -> None:
    world, vault = still
    seen = replace(held(vault), digest="0" * 64)

    async def story() -> None:
        async with on_page(vault, world, "release", size=(140, 40)) as pilot:
            await sees(pilot, "held: it waits")
            await pilot.app.push_screen(ReleaseDialog(seen, is_practice=False))
            await until(pilot, lambda: isinstance(pilot.app.screen, ReleaseDialog))
            await decided(pilot)
            sentence = "The digest you confirmed is not that of the held update; nothing left."
            await until(pilot, lambda: refusal(pilot).startswith(sentence))

    play(story())
    assert held(vault).state == "held"


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.worlds.world import PASSPHRASE
from test_tui_release_dialog import counting, dialog
from vault.client import attach
from vault.settings import Paths
from types import SimpleNamespace
from tui.dialogs.release import Countdown

Countdown.TICK = 60.0  # it must not end before this process does, however busy the machine is

async def story():
    paths = Paths(vault=Path(sys.argv[1]), state=Path(sys.argv[2]))
    vault = attach.attach(paths, attach.passphrase_secret(PASSPHRASE), is_owner=True)
    async with dialog(vault, SimpleNamespace(paths=paths)) as pilot:
        await counting(pilot)
        print("counting", flush=True)
        await asyncio.sleep(60)

asyncio.run(story())
"""


@pytest.mark.slow
def test_a_program_killed_in_the_countdown_has_sent_nothing(still: tuple[World, OwnerSession]) -> None:
    world, vault = still
    entries = vault.status().audit_entries
    command = [sys.executable, "-c", KILLED, str(world.paths.vault), str(world.paths.state)]
    places = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": ":".join(places)}
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"counting\n"
        child.send_signal(signal.SIGKILL)
    assert held(vault).state == "held"
    assert entries == vault.status().audit_entries
    assert not is_offered(vault)
