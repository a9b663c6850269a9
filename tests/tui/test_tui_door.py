"""The first screen and the door: quick, calm about mistakes, and never in the way of a key."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from textual.widgets import Button, Input

from tests.worlds.screens import SIZES, play, press, sees, served, text_of, type_in, until, words_in, words_of
from tests.worlds.world import PASSPHRASE, World
from tui.app.app import LockboxApp
from tui.screens import unlock
from tui.screens.card import Card
from tui.screens.new_passphrase import NewPassphrase
from tui.screens.unlock import Unlock
from tui.screens.welcome import BY_EAR, CHOICE, WHAT_THIS_IS, Welcome
from tui.widgets.secret_input import SecretInput
from vault.client import attach, launch
from vault.errors.daemon import DaemonNotStarted
from vault.settings import Paths, Preferences
from vault.wire import served_vault

HEAVY = ("torch", "vault.vault", "pyarrow", "httpx", "pydantic", "nacl", "sqlcipher3", "typer", "zxcvbn")
FIRST_PAINT = """
import asyncio, os, sys, time
from tui.app.app import LockboxApp
from vault.settings import Paths, Preferences

async def story():
    app = LockboxApp(Paths.from_environment(os.environ), Preferences(), environ={})
    async with app.run_test() as pilot:
        while "Create my vault" not in str([str(one.label) for one in app.screen.query("Button")]):
            await pilot.pause(0.01)
        print(round(time.process_time(), 2), *[name for name in sys.argv[1:] if name in sys.modules])

LockboxApp._tidy_up = lambda self: None  # what follows the first paint
asyncio.run(story())
"""


def app_at(world_or_folder: World | Path) -> LockboxApp:
    """The program before anything is open."""
    if isinstance(world_or_folder, World):
        return LockboxApp(world_or_folder.paths, Preferences(), environ={})
    paths = Paths(vault=world_or_folder / "vault", state=world_or_folder / "state")
    return LockboxApp(paths, Preferences(), environ={})


# the first screen ---------------------------------------------------------------------------------------------


def test_the_first_paint_waits_for_nothing_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT, *HEAVY],
        env={
            **os.environ,
            "LOCKBOX_VAULT": str(tmp_path / "vault"),
            "LOCKBOX_STATE": str(tmp_path / "state"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    seconds, *loaded = done.stdout.split()
    assert loaded == []
    # Of its own processor, so that other tests beside it count little; a second on an idle computer.
    assert float(seconds) < 3


@pytest.mark.parametrize("size", SIZES)
def test_the_first_screen_is_three_sentences_and_one_choice(size: tuple[int, int], tmp_path: Path) -> None:
    assert WHAT_THIS_IS.count(".\n") + 1 == 3

    async def story() -> None:
        app = app_at(tmp_path)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            assert isinstance(app.screen, Welcome)
            words = words_in(app, "#card-body")
            for sentence in (" ".join(WHAT_THIS_IS.split()), CHOICE):
                assert sentence in words
            assert [str(button.label) for button in app.screen.query(Button)] == [
                "Try it with sample data",
                "Create my vault",
            ]
            await until(pilot, lambda: "Try it with sample data Create my vault" in words_of(app))

    play(story())


def test_the_first_screen_leads_to_the_conversation_in_lines_by_one_key(tmp_path: Path) -> None:
    async def story() -> None:
        app = app_at(tmp_path)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await until(pilot, lambda: " ".join(BY_EAR.split()) in words_in(app, "#card-body"))
            assert not app.goes_on_in_lines
            await press(pilot, "r")
        assert (app.goes_on_in_lines, app.return_value) == (True, 0)

    play(story())


def test_where_a_vault_is_the_door_asks_for_its_passphrase(world: World) -> None:
    async def story() -> None:
        app = app_at(world)
        async with app.run_test() as pilot:
            await pilot.pause()
            assert isinstance(app.screen, Unlock)
            assert isinstance(app.focused, SecretInput)

    play(story())


# unlocking ----------------------------------------------------------------------------------------------------


def test_a_wrong_passphrase_costs_two_seconds_and_the_right_one_opens(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def story() -> None:
        app = app_at(world)
        async with app.run_test() as pilot:
            await press(pilot, *"xyzzy")
            begun = time.monotonic()
            await press(pilot, "enter")
            await sees(pilot, unlock.DID_NOT_OPEN)
            assert app.screen.query_one(SecretInput).disabled
            assert "xyzzy" not in text_of(app)
            await until(pilot, lambda: not app.screen.query_one(SecretInput).disabled)
            pauses.append(time.monotonic() - begun)
            assert app.screen.query_one(SecretInput).value == ""
            await type_in(pilot, PASSPHRASE)
            await press(pilot, "enter")
            await until(pilot, lambda: app.vault is not None)
            await sees(pilot, "locks in 15 min")
            app.vault.close()

    with served(world):
        served_vault.write_facts(world.paths)
        play(story())
    assert pauses[0] >= unlock.PAUSE_SECONDS == 2


@pytest.mark.slow
def test_the_recovery_key_is_a_second_way(world: World) -> None:
    async def story() -> None:
        app = app_at(world)
        async with app.run_test(notifications=True) as pilot:
            await pilot.pause()
            app.screen.query_one("#other-way", Button).press()
            await sees(pilot, "Use the passphrase")
            await press(pilot, *"ABCDE", "enter")
            await sees(pilot, "its check letters do not fit")
            await until(pilot, lambda: not app.screen.query_one(SecretInput).disabled)
            await type_in(pilot, world.recovery_key.lower().replace("-", " "))
            await press(pilot, "enter")
            await until(pilot, lambda: app.vault is not None)
            await sees(pilot, "lockbox recover")
            app.vault.close()

    with served(world):
        served_vault.write_facts(world.paths)
        play(story())


@pytest.mark.slow
def test_a_process_is_started_where_none_runs_and_locking_ends_it(world: World) -> None:
    async def story() -> None:
        app = app_at(world)
        async with app.run_test() as pilot:
            assert not attach.is_served(world.paths)
            await type_in(pilot, PASSPHRASE)
            await press(pilot, "enter")
            await sees(pilot, "Opening the vault")
            await until(pilot, lambda: app.vault is not None, seconds=60)
            pid = attach.served_by(world.paths)
            assert pid not in (None, 0, os.getpid())
            await pilot.press("ctrl+l")
            await sees(pilot, "The vault is locked.")
            launch.wait_until_locked(world.paths, pid)
            assert isinstance(app.screen, Unlock)

    play(story())


def test_escape_stops_waiting_and_what_comes_later_is_closed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    class Late:
        def close(self) -> None:
            closed.append("closed")

    def slow(*_given: object, **_named: object) -> Late:
        time.sleep(0.5)
        return Late()

    monkeypatch.setattr("tui.app.open_vault.open_vault", slow)

    async def story() -> None:
        app = app_at(world)
        async with app.run_test() as pilot:
            await type_in(pilot, "something")
            await press(pilot, "enter")
            card = app.screen
            assert isinstance(card, Card)
            assert card.is_busy
            await pilot.press("escape")
            assert not card.is_busy
            assert not card.query_one(Input).disabled
            await until(pilot, lambda: closed == ["closed"])
            assert app.vault is None

    play(story())


def test_what_hinders_a_start_is_said_in_one_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: object, **_named: object) -> None:
        raise DaemonNotStarted(reason="of a reason")

    monkeypatch.setattr("tui.app.open_vault.open_vault", fail)

    async def story() -> None:
        app = app_at(world)
        async with app.run_test() as pilot:
            await type_in(pilot, "something")
            await press(pilot, "enter")
            await sees(pilot, "The vault's process did not start: of a reason.")
            assert isinstance(app.focused, SecretInput)

    play(story())


def test_keys_are_never_blocked_while_a_vault_is_opened(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_over = threading.Event()
    monkeypatch.setattr("tui.app.open_vault.open_vault", lambda *_given, **_named: is_over.wait())

    async def story() -> None:
        app = app_at(world)
        async with app.run_test() as pilot:
            await type_in(pilot, "something")
            await press(pilot, "enter")
            await pilot.press("ctrl+q")
            await until(pilot, lambda: not app.is_running)
        assert app.return_code == 0

    try:
        play(story())
    finally:
        is_over.set()


# a sample -----------------------------------------------------------------------------------------------------


def test_own_vault_is_begun_from_the_first_screen(tmp_path: Path) -> None:
    async def story() -> None:
        app = app_at(tmp_path)
        async with app.run_test() as pilot:
            await press(pilot, "tab", "enter")
            await until(pilot, lambda: isinstance(app.screen, NewPassphrase))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, Welcome))

    play(story())
