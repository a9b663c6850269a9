"""Attacks on what Textual shows and writes by itself: crashes, logs, the clipboard, pictures, foreign markup."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
from textual.app import App, ComposeResult
from textual.drivers._writer_thread import WriterThread
from textual.widgets import Button, Input
from tui_crashing import CRASHES, SECRET

from tests.sweeps import sweep, sweep_of_many
from tests.worlds.screens import play, press, sees, text_of, until, words_of
from tests.worlds.terminal import LOCKBOX, Screen, places
from tests.worlds.world import PASSPHRASE, World
from tui.app.app import LockboxApp
from tui.app.driver import TolerantFile
from tui.app.hardening import key_log_setting
from tui.app.keymap import ACTIONS
from tui.dialogs.dialog import Dialog
from tui.widgets.plain import Plain
from tui.widgets.secret_input import SecretInput
from tui.widgets.table import Line, ListTable
from vault.errors.families import Unavailable
from vault.settings import Paths, Preferences

CHILD = str(Path(__file__).with_name("tui_crashing.py"))
FOREIGN = "[bold]bad[/] [link=http://x.org]y[/] \x1b]52;c;eA==\x07\u202e"
SHOWN = "[bold]bad[/] [link=http://x.org]y[/] \\x1b]52;c;eA==\\x07\\u202e"


@pytest.fixture
def door(tmp_path: Path) -> LockboxApp:
    """The program where there is no vault."""
    return LockboxApp(Paths(vault=tmp_path / "vault", state=tmp_path / "state"), Preferences(), environ={})


# crashes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", sweep(CRASHES, default=3))
def test_a_crash_restores_the_terminal_and_says_one_sentence_without_the_secret(
    where: str, tmp_path: Path
) -> None:
    with Screen(sys.executable, CHILD, where, environ=places(tmp_path)) as screen:
        assert screen.ended() == 1
        screen.assert_restored()
        assert SECRET not in screen.written
        assert "Traceback" not in screen.written
        said = screen.written[screen.written.rindex("\x1b[?1049l") :]
        sentences = [line for line in said.splitlines() if "lockbox: error:" in line]
        assert len(sentences) == (where != "task"), said
        assert all("made a mistake of its own" in line for line in sentences)


@pytest.mark.parametrize("number", sweep([signal.SIGTERM, signal.SIGHUP, signal.SIGINT]))
def test_a_program_that_is_told_to_end_gives_the_terminal_back(
    number: signal.Signals, tmp_path: Path
) -> None:
    with Screen(LOCKBOX, environ=places(tmp_path)) as screen:
        screen.wait_for("Create my vault")
        screen.signal(number)
        assert screen.ended() == 130
        screen.assert_restored()


def test_a_terminal_that_goes_away_takes_the_program_with_it(tmp_path: Path) -> None:
    with Screen(LOCKBOX, environ=places(tmp_path)) as screen:
        screen.wait_for("Create my vault")
        screen.hang_up()
        assert screen.ended(15) != 0


def test_writing_to_a_terminal_that_is_gone_never_waits() -> None:
    ours, theirs = os.openpty()
    os.close(ours)
    gone = open(theirs, "w", buffering=1)  # noqa: PTH123, SIM115 (a descriptor, whose closing fails as well)
    writer = WriterThread(TolerantFile(gone))  # type: ignore[arg-type]
    writer.start()

    def write_much() -> None:
        for _ in range(200):
            writer.write("words\n")
        writer.stop()

    writing = Thread(target=write_much, daemon=True)
    writing.start()
    writing.join(10)
    assert not writing.is_alive()
    with suppress(OSError):
        gone.close()


def test_a_pause_gives_the_terminal_back_and_returning_takes_it_again(tmp_path: Path) -> None:
    with Screen(LOCKBOX, environ=places(tmp_path)) as screen:
        screen.wait_for("Create my vault")
        screen.type("\x1a")
        screen.stopped()
        screen.assert_restored()
        before = len(screen.written)
        screen.signal(signal.SIGCONT)
        screen.wait_for("Create my vault", after=before)
        assert "\x1b[?1049h" in screen.written[before:]
        screen.type("q")
        assert screen.ended() == 0
        screen.assert_restored()


# logs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "value"),
    sweep_of_many(
        [
            ("TEXTUAL_LOG", "keys.log"),
            ("TEXTUAL", "debug"),
            ("TEXTUAL", "devtools"),
            ("TEXTUAL_SCREENSHOT", "1"),
        ]
    ),
)
def test_a_real_vault_is_not_opened_where_keys_are_logged(variable: str, value: str, world: World) -> None:
    if variable == "TEXTUAL_LOG":
        value = str(world.folder / value)
    environ = {**places(world.folder), variable: value}
    with Screen(LOCKBOX, environ=environ) as screen:
        assert screen.ended() == 7
        assert "\x1b[?1049h" not in screen.written
        assert f"lockbox: error: {variable} is set" in screen.words
    assert not (world.folder / "keys.log").exists()


def test_a_vault_of_ones_own_is_not_begun_where_keys_are_logged(tmp_path: Path) -> None:
    log = tmp_path / "keys.log"
    with Screen(LOCKBOX, environ={**places(tmp_path), "TEXTUAL_LOG": str(log)}) as screen:
        screen.wait_for("Create my vault")
        screen.type("\t\r")
        assert screen.ended() == 7
        assert "lockbox: error: TEXTUAL_LOG is set" in screen.words
        screen.assert_restored()
    assert not (tmp_path / "vault").exists()


def test_the_sample_may_be_looked_at_where_keys_are_logged(
    door: LockboxApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    made = SimpleNamespace(vault="the sample", paths=door.paths)
    monkeypatch.setattr("tui.app.open_vault.open_or_create_sample", lambda: made)
    monkeypatch.setattr(LockboxApp, "show_vault", lambda _self, vault, **_named: begun.append(vault))
    door.environ["TEXTUAL_LOG"] = "keys.log"

    async def story() -> None:
        async with door.run_test() as pilot:
            await pilot.press("enter")
            await until(pilot, lambda: begun == ["the sample"])

    play(story())


def test_every_way_to_log_is_known_and_an_ordinary_environment_is_not_one() -> None:
    assert key_log_setting({"TEXTUAL": " Debug,headless"}) == "TEXTUAL"
    assert key_log_setting({"TEXTUAL_LOG": "x"}) == "TEXTUAL_LOG"
    assert key_log_setting({"TEXTUAL": "headless", "TEXTUAL_LOG": "", "TERM": "xterm"}) == ""


# the clipboard ------------------------------------------------------------------------------------------------


def test_no_key_copies_a_passphrase_to_the_clipboard(world: World) -> None:
    with Screen(LOCKBOX, environ=places(world.folder)) as screen:
        screen.wait_for("Unlock your vault")
        screen.type(PASSPHRASE)
        screen.rest()
        for keys in ("\x1b[1;2H", "\x03", "\x18", "\x1b[1;2H", "\x18", "\x03"):
            screen.type(keys)
            screen.rest(0.2)
        assert "\x1b]52" not in screen.written
        assert PASSPHRASE not in screen.written
        screen.type("\x11")  # ctrl+q
        assert screen.ended() == 0


def test_a_passphrase_stays_in_its_field_whatever_is_pressed(world: World) -> None:
    async def story() -> None:
        app = LockboxApp(world.paths, Preferences(), environ={})
        async with app.run_test() as pilot:
            await pilot.press(*"secret", "shift+home", "ctrl+c", "shift+home", "ctrl+x")
            assert app.screen.query_one(SecretInput).value == "secret"
            assert app.clipboard == ""
            assert "secret" not in text_of(app)

    play(story())


class Bare(App[None]):
    """Textual as it is, with a field of ours in it."""

    def compose(self) -> ComposeResult:
        yield SecretInput()
        yield Input(id="other")


def test_the_field_itself_gives_nothing_away_in_any_program() -> None:
    async def story() -> None:
        app = Bare()
        async with app.run_test() as pilot:
            await pilot.press(*"secret", "shift+home", "ctrl+c", "shift+home", "ctrl+x")
            assert app.clipboard == ""
            assert app.query_one(SecretInput).value == "secret"
            await pilot.press("tab", *"other", "shift+home", "ctrl+c")
            assert app.clipboard == "other"  # so this attack does copy from an ordinary field

    play(story())


def test_copying_anything_from_the_screens_copies_nothing(door: LockboxApp) -> None:
    async def story() -> None:
        async with door.run_test() as pilot:
            await pilot.pause()
            door.copy_to_clipboard("value")
            assert door.clipboard == ""

    play(story())


def everything_below(folder: Path) -> set[Path]:
    """Every file there is."""
    return set(folder.rglob("*"))


# pictures of the screen ---------------------------------------------------------------------------------------


def test_no_picture_of_the_screen_is_saved(
    door: LockboxApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    async def story() -> None:
        async with door.run_test(notifications=True) as pilot:
            await pilot.pause()
            before = everything_below(tmp_path)
            assert "Screenshot" not in [command.title for command in door.get_system_commands(door.screen)]
            assert door.deliver_screenshot() is None
            await door.run_action("screenshot")
            with pytest.raises(Unavailable):
                door.save_screenshot()
            await pilot.pause(0.2)
            assert everything_below(tmp_path) == before
            await sees(pilot, "Pictures of the screen are not saved")

    play(story())


# foreign markup -----------------------------------------------------------------------------------------------


class Foreign(Dialog[str]):
    """A dialog in which everything was written by somebody else."""

    def title_text(self) -> str:
        return FOREIGN

    def consequence(self) -> str:
        return FOREIGN

    def details(self) -> Iterable[Plain | ListTable]:
        yield ListTable("what")

    def choices(self) -> Iterable[tuple[str, str]]:
        return (("run", FOREIGN),)

    def on_mount(self) -> None:
        self.query_one(ListTable).fill([Line(key="1", cells=(FOREIGN,))])


def test_foreign_text_is_shown_as_it_is_in_titles_texts_tables_buttons_and_toasts(door: LockboxApp) -> None:
    async def story() -> None:
        async with door.run_test(size=(140, 40), notifications=True) as pilot:
            await pilot.pause()
            door.push_screen(Foreign())
            await pilot.pause()
            await until(pilot, lambda: text_of(door).count(SHOWN) == 4)
            assert isinstance(door.focused, Button)
            assert door.focused.id == "safe"
            door.tell(FOREIGN, title=FOREIGN)
            door.tell_error(Unavailable(reason=FOREIGN))
            await sees(pilot, "Not done")
            await press(pilot, "escape")
            await until(pilot, lambda: not isinstance(door.screen, Foreign))
            await sees(pilot, "Not done")
            said = words_of(door)
            assert said.count("[bold]bad[/]") == 3
            assert said.count("\\x1b]52") >= 2  # a line may end in the middle of one
            assert "\x1b" not in said
            assert "\u202e" not in said

    play(story())


def test_no_action_of_textual_is_left_that_shows_or_saves(door: LockboxApp) -> None:
    assert not {"screenshot", "copy_to_clipboard", "change_theme"} & {action.name for action in ACTIONS}
