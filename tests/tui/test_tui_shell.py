"""What holds on every screen: the countdown, the lock, the curtain, the palette, help, leaving, and calm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from textual.events import Key

from tests.sweeps import sweep, sweep_of_many
from tests.worlds.commands import run
from tests.worlds.screens import on_page, play, press, sees, served, text_of, until, words_in
from tests.worlds.served import serving
from tests.worlds.terminal import LOCKBOX, Screen, places
from tests.worlds.world import PASSPHRASE, World
from tui.app.app import LOCKED_BY_ITSELF, LockboxApp
from tui.app.key_action import EVERYWHERE
from tui.app.keymap import ACTIONS
from tui.dialogs.lock import LockDialog, QuitDialog
from tui.screens.data import Data
from tui.widgets.help_pane import HelpPane
from tui.widgets.secret_input import SecretInput
from tui.widgets.table import ListTable
from vault.client import attach
from vault.client.client import Client
from vault.owner.interface.session import OwnerSession
from vault.settings import Paths, Preferences
from vault.views.runs import Pulse, RunView

RUN = RunView(
    request="r1", requester="Sleep lab", collection="nights", step=3, of=10, started_at="2026-11-21T12:00:00Z",
    epsilon=Decimal(1), confined=True, landlock_abi=6, seccomp=True, missing=(),
)  # fmt: skip


@contextmanager
def served_for(world: World, *, minutes: int) -> Iterator[OwnerSession]:
    """The vault behind a process that locks after so many minutes of the world's clock."""
    with serving(world, lock_minutes=minutes):
        vault = attach.attach(world.paths, attach.passphrase_secret(PASSPHRASE), is_owner=True)
        try:
            yield vault
        finally:
            vault.close()


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every vault says that something runs; what is stopped is written down."""
    stopped: list[str] = []
    pulse = Client.pulse

    def ended(vault: Client, *, is_background: bool = True) -> Pulse:
        return replace(pulse(vault, is_background=is_background), runs=(RUN,))

    monkeypatch.setattr(Client, "pulse", ended)
    monkeypatch.setattr(Client, "runs", lambda _vault: [RUN], raising=False)
    monkeypatch.setattr(
        Client, "stop_training", lambda _vault, request: stopped.append(request), raising=False
    )
    return stopped


# the countdown ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_countdown_is_seen_and_keys_alone_renew_it(world: World) -> None:
    async def story() -> None:
        async with on_page(vault, world, "home", size=(100, 30)) as pilot:
            await sees(pilot, "locks in 5 min")
            world.clock.forward(seconds=260)
            await sees(pilot, "locks in 40 s: any key keeps it open")
            for _ in range(3):  # screens that draw themselves anew keep nothing open
                pilot.app.screen.reload()  # type: ignore[attr-defined]
                await pilot.pause(0.5)
            await sees(pilot, "locks in 40 s")
            await pilot.press("down")
            await sees(pilot, "locks in 5 min")
            world.clock.forward(seconds=301)
            await until(pilot, lambda: pilot.app.door != "")  # type: ignore[attr-defined]
            assert pilot.app.door == LOCKED_BY_ITSELF  # type: ignore[attr-defined]
            await pilot.app.workers.wait_for_complete()  # the session is ended in a thread
            assert pilot.app.vault is None  # type: ignore[attr-defined]

    with served_for(world, minutes=5) as vault:
        play(story())


# locking and leaving ------------------------------------------------------------------------------------------


# httpcore leaves a socket that it could not connect, to a process that has ended, to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_lock_key_works_in_every_dialog_and_ends_the_process(world: World) -> None:
    async def story() -> None:
        async with on_page(vault, world, "home") as pilot:
            app = pilot.app
            await sees(pilot, "locks in")
            app.push_screen(QuitDialog())
            await pilot.pause()
            await pilot.press("ctrl+l")
            await until(pilot, lambda: app.door == "The vault is locked.")  # type: ignore[attr-defined]

    with serving(world) as process:
        vault = attach.attach(world.paths, attach.passphrase_secret(PASSPHRASE), is_owner=True)
        play(story())
        assert process.has_ended()
    vault.close()


def test_locking_while_something_runs_asks_first_and_stays_by_default(
    world: World, running: list[str]
) -> None:
    async def story() -> None:
        async with on_page(vault, world, "home", size=(60, 20)) as pilot:
            await sees(pilot, "1 in training")
            await pilot.press("ctrl+l")
            await until(pilot, lambda: isinstance(pilot.app.screen, LockDialog))
            await sees(pilot, "Its price was paid before your records were read and stays paid")
            await pilot.press("enter")
            await until(pilot, lambda: not isinstance(pilot.app.screen, LockDialog))
            assert pilot.app.vault is not None  # type: ignore[attr-defined]

    with served(world) as vault:
        play(story())
    assert running == []


@pytest.mark.parametrize(
    ("keys", "ends", "stopped"),
    sweep_of_many(
        [(("right", "right", "enter"), True, ["r1"]), (("enter",), False, []), (("escape",), False, []),
         (("right", "enter"), True, [])],
        default=2,
    ),
)  # fmt: skip
def test_leaving_while_something_runs_asks_stay_leave_it_or_stop(
    keys: tuple[str, ...], ends: bool, stopped: list[str], world: World, running: list[str]
) -> None:
    async def story() -> None:
        async with on_page(vault, world, "home", size=(60, 20)) as pilot:
            await sees(pilot, "1 in training")
            await pilot.press("q")
            await until(pilot, lambda: isinstance(pilot.app.screen, QuitDialog))
            for label in ("Stay", "Leave it running", "Stop and discard"):
                await sees(pilot, label)
            await press(pilot, *keys)
            if ends:
                await until(pilot, lambda: pilot.app._exit)
            else:
                await until(pilot, lambda: not isinstance(pilot.app.screen, QuitDialog))
            assert pilot.app._exit is ends

    with served(world) as vault:
        play(story())
    assert running == stopped


def test_ctrl_c_ends_nothing_and_ctrl_q_leaves_from_anywhere(tmp_path: Path) -> None:
    paths = Paths(vault=tmp_path / "vault", state=tmp_path / "state")

    async def story() -> None:
        app = LockboxApp(paths, Preferences(), environ={})
        async with app.run_test(notifications=True) as pilot:
            await pilot.press("ctrl+c")
            await sees(pilot, "Nothing was ended or copied.")
            await press(pilot, "tab", "enter", *"typing")
            await pilot.press("ctrl+q")
        assert app.return_code == 0

    play(story())


# the curtain, the palette, help -------------------------------------------------------------------------------


def test_the_palette_has_every_action_of_the_screen_and_nothing_else(world: World) -> None:
    async def story() -> None:
        async with on_page(vault, world, "home") as pilot:
            app = pilot.app
            for where in {action.where for action in ACTIONS} - {EVERYWHERE}:
                app.screen.NAME = where  # type: ignore[attr-defined]
                found = sorted(one.help for one in app.get_system_commands(app.screen))
                wanted = sorted(
                    one.sentence
                    for one in ACTIONS
                    if one.where in (where, EVERYWHERE) and one.name != "command_palette"
                )
                assert found == wanted
            await pilot.press("ctrl+p")
            await press(pilot, *"curtain")
            await pilot.pause(0.5)
            await pilot.press("down", "enter")
            await until(pilot, lambda: app.has_class("-curtained"))

    with served(world) as vault:
        play(story())


def test_before_a_vault_is_open_the_palette_offers_only_what_can_be_done(tmp_path: Path) -> None:
    app = LockboxApp(Paths(vault=tmp_path / "v", state=tmp_path / "s"), Preferences(), environ={})

    async def story() -> None:
        async with app.run_test() as pilot:
            await pilot.pause()
            assert {"Help", "Find", "Curtain", "Quit", "Pause", "Jump", "Zone"} == {
                one.title for one in app.get_system_commands(app.screen)
            }
            await press(pilot, "1", "8", "ctrl+l")
            assert app.vault is None

    play(story())


def test_help_stands_beside_the_screen_and_goes_by_the_same_key(world: World) -> None:
    async def story() -> None:
        async with on_page(vault, world, "home", size=(140, 40)) as pilot:
            await sees(pilot, "Nothing has left this computer")
            await pilot.press("question_mark")
            await until(pilot, lambda: bool(pilot.app.screen.query(HelpPane)))
            await sees(pilot, "Nothing has left this computer")
            await pilot.press("question_mark")
            await until(pilot, lambda: not pilot.app.screen.query(HelpPane))

    with served(world) as vault:
        play(story())


# calm, plain, without colour ----------------------------------------------------------------------------------


def test_calm_is_set_by_preference_or_by_accessible(tmp_path: Path) -> None:
    paths = Paths(vault=tmp_path / "v", state=tmp_path / "s")
    assert LockboxApp(paths, Preferences(calm=True), environ={}).is_calm
    assert LockboxApp(paths, Preferences(), environ={"ACCESSIBLE": "1"}).animation_level == "none"
    assert not LockboxApp(paths, Preferences(), environ={}).is_calm


@pytest.mark.slow
def test_accessible_says_in_numbered_sentences_what_waits_and_draws_nothing(
    today: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSIBLE", "1")
    done = run(today.paths)
    assert done.code == 0
    assert "\x1b" not in done.all
    lines = done.out.splitlines()
    assert lines[:2] == ["1. 1 request waits for your answer.", "   lockbox request list"]
    assert lines[2:4] == ["2. 1 held update waits for your decision.", "   lockbox release list"]
    assert "Nothing has left this computer." in done.out


def test_accessible_without_a_vault_says_how_to_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSIBLE", "1")
    done = run(Paths(vault=tmp_path / "vault", state=tmp_path / "state"))
    assert (done.code, done.out.count("lockbox init")) == (0, 1)


def test_without_a_terminal_there_is_help_and_no_screen(tmp_path: Path) -> None:
    done = run(Paths(vault=tmp_path / "vault", state=tmp_path / "state"))
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("Usage: lockbox")


def test_no_color_leaves_greys_alone(tmp_path: Path) -> None:
    with Screen(LOCKBOX, environ={**places(tmp_path), "NO_COLOR": "1"}) as screen:
        screen.wait_for("Create my vault")
        screen.rest()
        colours = re.findall(r"[34]8;2;(\d+);(\d+);(\d+)", screen.written)
        assert all(red == green == blue for red, green, blue in colours)
        screen.type("q")
        assert screen.ended() == 0


def test_values_hide_behind_the_curtain_in_a_field_as_well(tmp_path: Path) -> None:
    app = LockboxApp(Paths(vault=tmp_path / "v", state=tmp_path / "s"), Preferences(), environ={})

    async def story() -> None:
        async with app.run_test() as pilot:
            await press(pilot, "tab", "enter", *"typing")
            await pilot.press("ctrl+k")
            assert app.has_class("-curtained")
            assert "typing" not in text_of(app)
            assert "ctrl+k shows it again" in words_in(app, "#card-curtain")
            await pilot.press("ctrl+k")
            assert not app.has_class("-curtained")
            await until(pilot, lambda: isinstance(app.screen.focused, SecretInput))
            await press(pilot, *"more")
            assert app.screen.query_one(SecretInput).value == "typingmore"

    play(story())


# going from screen to screen ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_key_that_comes_after_its_page_has_gone_does_nothing(today: World) -> None:
    """What a key began in the background may find its list taken away by the next one."""

    async def story() -> None:
        with served(today) as vault:
            async with on_page(vault, today, "data") as pilot:
                await sees(pilot, "nights")
                page = pilot.app.screen
                assert isinstance(page, Data)
                await until(pilot, lambda: not page._is_loading)
                await page.query_one(ListTable).remove()
                worker = page.action_erase()
                await worker.wait()
                assert pilot.app.screen is page

    play(story())


MOST_PRESSES = 100
RUNS = ("12345678", "2D", "3w"), ("12345678123456789", "2D", "3w", "21212121", "87654321")


@pytest.mark.slow
@pytest.mark.parametrize("runs", sweep(RUNS))
def test_whoever_runs_through_the_screens_arrives_at_the_last(today: World, runs: tuple[str, ...]) -> None:
    """Keys as fast as a terminal can bring them, and back and forth; no screen is left half made.

    A key that meets a dialog on its way is that dialog's, so a person presses on until the screen is there.
    """

    async def story() -> None:
        with served(today) as vault:
            async with on_page(vault, today, "home") as pilot:
                for keys in runs:
                    for key in keys:
                        pilot.app.post_message(Key(key, key))
                    await pilot.pause(0.05)
                presses = 0
                while getattr(pilot.app.screen, "NAME", "") != "release":
                    assert presses < MOST_PRESSES, text_of(pilot.app)
                    await press(pilot, "escape", "6")
                    presses += 1
                await sees(pilot, "held")

    play(story())
