"""Several held updates leave at once: every digest is shown, one word is typed, and each is sent by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from tests.worlds.approving import approve
from tests.worlds.asking import served_copy
from tests.worlds.screens import at_rest, on_page, play, press, sees, text_of, until, words_in
from tests.worlds.vaults import copy_of
from tests.worlds.world import World
from tui.dialogs.release import Countdown
from tui.dialogs.release_several import ReleaseSeveralDialog
from tui.screens.release import Releases
from vault.errors.release import DigestMismatch
from vault.owner.interface.session import OwnerSession
from vault.vault import Vault


@pytest.fixture(scope="module")
def two_held(today_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault with two held updates."""
    world = copy_of(today_template, tmp_path_factory.mktemp("two") / "world")
    with world.vault() as vault:
        second = vault.submit(world.job("second")).line.id
        approve(vault, second, draft=True)
        vault.train(second)
    return world


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A countdown whose seconds are short."""
    monkeypatch.setattr(Countdown, "TICK", 0.02)


async def opened(pilot: Pilot[int]) -> Button:
    """Open the dialog, and its button."""
    await at_rest(pilot, "release")
    await press(pilot, "A")
    await until(pilot, lambda: isinstance(pilot.app.screen, ReleaseSeveralDialog))
    await pilot.pause()
    return pilot.app.screen.query_one("#release", Button)


async def read_and_typed(pilot: Pilot[int], word: str) -> None:
    """Scroll to the end, and put a word into the field."""
    for _ in range(12):
        await press(pilot, "pagedown")
    pilot.app.screen.query_one("#word", Input).value = word
    await pilot.pause()


def states(owner: OwnerSession) -> list[str]:
    return sorted(one.state for one in owner.releases())


def test_both_leave_once_every_digest_was_in_sight_and_the_word_is_typed(
    two_held: World, tmp_path: Path
) -> None:
    async def story() -> None:
        with served_copy(two_held, tmp_path) as (copy, owner):
            digests = [one.digest for one in owner.releases()]
            async with on_page(owner, copy, "release", size=(80, 24)) as pilot:
                button = await opened(pilot)
                assert button.disabled
                await sees(pilot, "Scroll to the end first")
                await read_and_typed(pilot, "release")
                assert button.disabled
                await read_and_typed(pilot, "RELEASE")
                await until(pilot, lambda: not button.disabled)
                words = words_in(pilot.app, "#details").replace(" ", "").replace("\n", "")
                assert all(digest in words for digest in digests)
                assert states(owner) == ["held", "held"]
                button.press()
                await until(pilot, lambda: isinstance(pilot.app.screen, Releases))
                await until(pilot, lambda: states(owner) == ["released", "released"])
                await sees(pilot, "2 updates left")

    play(story())


def test_nothing_leaves_where_the_countdown_is_cancelled(
    two_held: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Countdown, "SECONDS", 10_000)

    async def story() -> None:
        with served_copy(two_held, tmp_path) as (copy, owner):
            async with on_page(owner, copy, "release", size=(60, 20)) as pilot:
                button = await opened(pilot)
                await until(pilot, lambda: "All of them leave your computer" in text_of(pilot.app))
                await read_and_typed(pilot, "RELEASE")
                button.press()
                await until(pilot, lambda: isinstance(pilot.app.screen, Countdown))
                await press(pilot, "escape")
                await sees(pilot, "Cancelled: nothing was recorded")
                assert states(owner) == ["held", "held"]

    play(story())


@pytest.mark.slow
def test_what_comes_after_a_refused_one_stays(
    two_held: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise DigestMismatch

    monkeypatch.setattr(Vault, "send", refused)

    async def story() -> None:
        with served_copy(two_held, tmp_path) as (copy, owner):
            async with on_page(owner, copy, "release", size=(80, 24)) as pilot:
                button = await opened(pilot)
                await read_and_typed(pilot, "RELEASE")
                button.press()
                await sees(pilot, "None of them left. Update 1 was refused")
                assert states(owner) == ["held", "held"]

    play(story())
