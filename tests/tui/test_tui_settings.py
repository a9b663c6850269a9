"""What is set is kept, holds at once, and is what the command sets; the sandbox is tried without anybody waiting."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input

from tests.worlds.screens import SIZES, on_page, play, press, sees, served, until, words_in, words_of
from tests.worlds.vaults import copy_of
from tests.worlds.world import World
from tui.app import sandbox_probe
from tui.app.sandbox_probe import Attempt
from tui.screens.settings import (
    ABOUT,
    BAD_MINUTES,
    WIDE,
    MinutesDialog,
    Settings,
    attempts,
    sandbox_sentence,
)
from tui.text.parse import parse_minutes
from vault.errors.families import Unavailable
from vault.owner.interface.session import OwnerSession
from vault.settings import Preferences, read_preferences, write_preferences

Looked = tuple[World, OwnerSession]


@pytest.fixture(scope="module")
def looked(today_template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looked]:
    """A vault that these tests only look at."""
    world = copy_of(today_template, tmp_path_factory.mktemp("looked") / "copy")
    with served(world) as vault:
        yield world, vault


@pytest.fixture(autouse=True)
def _as_at_first(looked: Looked) -> Iterator[None]:
    """Nothing is set before or after."""
    write_preferences(looked[0].paths, Preferences())
    yield
    write_preferences(looked[0].paths, Preferences())


async def told(pilot: Pilot[int], selector: str, words: str) -> None:
    """Wait until these words stand in the place of one widget."""
    await until(pilot, lambda: bool(pilot.app.screen.query(selector)))
    await until(pilot, lambda: words in words_in(pilot.app, selector))


@pytest.mark.parametrize("size", SIZES)
def test_what_is_set_and_where_everything_lies_is_there(looked: Looked, size: tuple[int, int]) -> None:
    world, vault = looked

    async def story() -> None:
        async with on_page(vault, world, "settings", size=size) as pilot:
            await sees(pilot, "lock after 15 minutes")
            assert "calm mode off" in words_of(pilot.app)
            shown = words_in(pilot.app, "#settings-list")
            assert [about for _, *about in ABOUT.values() if about[size[0] >= WIDE] not in shown] == []
            await until(pilot, lambda: "vault" in words_in(pilot.app, "#paths"))

    play(story())


@pytest.mark.slow
def test_every_path_is_named(looked: Looked) -> None:
    world, vault = looked

    async def story() -> None:
        async with on_page(vault, world, "settings", size=(200, 50)) as pilot:
            await sees(pilot, "lock after")
            said = words_in(pilot.app, "#paths").replace(" ", "")
            paths = world.paths
            for path in (paths.vault, paths.state, paths.socket, paths.config):
                assert str(path).replace(" ", "") in said
            assert "outbox" not in said
            await sees(pilot, "Textual 8.2.8")

    play(story())


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_minutes_are_kept_and_hold_for_the_vault_that_is_open(looked: Looked, size: tuple[int, int]) -> None:
    world, vault = looked

    async def story() -> None:
        async with on_page(vault, world, "settings", size=size) as pilot:
            await sees(pilot, "lock after 15 minutes")
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, MinutesDialog))
            await told(pilot, "#consequence", "the process that has the keys ends.")
            field = pilot.app.screen.query_one("#minutes", Input)
            for wrong in ("0", "1441", "ten", "", "-5", "1.5"):
                field.value = wrong
                await press(pilot, "enter")
                await told(pilot, "#problem", BAD_MINUTES)
                assert field.value == wrong
            field.value = "7"
            await press(pilot, "end", "x")
            await told(pilot, "#note", "Only a number goes into this field")
            assert field.value == "7x"
            await press(pilot, "backspace", "enter")
            await sees(pilot, "lock after 7 minutes")
            assert read_preferences(world.paths).lock_minutes == 7
            seconds = vault.pulse().seconds_to_lock
            assert seconds is not None
            assert 6 * 60 < seconds <= 7 * 60

    play(story())


def test_leaving_the_dialog_changes_nothing(looked: Looked) -> None:
    world, vault = looked

    async def story() -> None:
        async with on_page(vault, world, "settings", size=(80, 24)) as pilot:
            await sees(pilot, "lock after")
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, MinutesDialog))
            pilot.app.screen.query_one("#minutes", Input).value = "3"
            await press(pilot, "escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, Settings))
            assert read_preferences(world.paths) == Preferences()

    play(story())


def test_calm_mode_is_kept_and_holds_at_once(looked: Looked) -> None:
    world, vault = looked

    async def story() -> None:
        async with on_page(vault, world, "settings", size=(80, 24)) as pilot:
            await sees(pilot, "calm mode off")
            await press(pilot, "down", "enter")
            await sees(pilot, "calm mode on")
            assert pilot.app.is_calm  # type: ignore[attr-defined]
            assert pilot.app.animation_level == "none"
            assert read_preferences(world.paths).calm
            await press(pilot, "enter")
            await sees(pilot, "calm mode off")
            assert not pilot.app.is_calm  # type: ignore[attr-defined]

    play(story())


def test_a_broken_file_of_settings_is_told_and_never_written_over(looked: Looked) -> None:
    world, vault = looked
    world.paths.config.write_text("lock_minutes = 'soon'\n")

    async def story() -> None:
        async with on_page(vault, world, "settings", size=(80, 24)) as pilot:
            await sees(pilot, "lock_minutes has to be a whole number")

    play(story())
    assert world.paths.config.read_text() == "lock_minutes = 'soon'\n"


# the sandbox ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_sandbox_is_tried_by_a_process_of_its_own(looked: Looked) -> None:
    world, vault = looked

    async def story() -> None:
        async with on_page(vault, world, "settings", size=(140, 40)) as pilot:
            await sees(pilot, "lock after")
            await press(pilot, "d")
            await told(pilot, "#sandbox-standing", "… trying")
            await until(pilot, lambda: "attempts were refused" in words_of(pilot.app), seconds=60)
            await sees(pilot, "read file: the database")

    play(story())


def test_what_was_not_refused_is_said_first_and_aloud() -> None:
    found = [
        Attempt(name="read file: the vault", refused=True, how="EACCES"),
        Attempt(name="open socket", refused=False, how="allowed"),
    ]
    assert sandbox_sentence(found).startswith(
        "✗ 1 attempt of 2 not refused: jobs from other people do not run"
    )
    assert attempts(found)[0] == ("ALLOWED", "open socket")


def test_a_sandbox_that_cannot_be_tried_is_told(looked: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    world, vault = looked
    monkeypatch.setattr(sandbox_probe, "LOCKBOX", ("/nowhere/at-all",))
    with pytest.raises(Unavailable):
        sandbox_probe.probe(world.paths)
    monkeypatch.setattr(sandbox_probe, "LOCKBOX", ("/bin/true",))

    async def story() -> None:
        async with on_page(vault, world, "settings", size=(80, 24)) as pilot:
            await sees(pilot, "lock after")
            await press(pilot, "d")
            await until(pilot, lambda: "✗" in words_of(pilot.app))

    play(story())


@given(st.text(max_size=9))
def test_only_what_the_settings_take_is_a_number_of_minutes(typed: str) -> None:
    minutes = parse_minutes(typed)
    if minutes is not None:
        assert Preferences(lock_minutes=minutes).lock_minutes == minutes
        assert int(typed) == minutes


def test_the_ends_of_the_minutes_are_those_of_the_settings() -> None:
    assert [parse_minutes(typed) for typed in ("1", "1440", "0", "1441")] == [1, 1440, None, None]
