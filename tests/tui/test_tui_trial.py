"""What the first trial of the screens found: typing ahead, letters that decide, cut lines, crashes, foreign help."""

from __future__ import annotations

import ast
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from textual.events import InputEvent, Key, MouseDown
from textual.pilot import Pilot
from textual.widgets import Button, Input

import tui
from tests.worlds.screens import (
    UnlockedApp,
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
from tests.worlds.world import World
from tui.app.app import RUN_LOST, LockboxApp
from tui.app.own_keys import keys_file
from tui.app.start import run
from tui.dialogs.choose_file import ChooseFileDialog
from tui.dialogs.help import HelpDialog
from tui.dialogs.lock import QuitDialog
from tui.dialogs.requester import AddRequesterDialog
from tui.dialogs.submit import SubmitDialog
from tui.screens.home import budget_lines
from tui.screens.requests import Requests
from tui.screens.unlock import Unlock
from tui.widgets.help_pane import HelpPane
from tui.widgets.table import ListTable
from vault.client.client import Client
from vault.errors.daemon import DaemonGone
from vault.requester.keys import keygen
from vault.settings import Paths, Preferences
from vault.views.budget import BudgetLine

SOURCES = sorted(Path(tui.__file__).parent.rglob("*.py"))


class Timed(LockboxApp):
    """The program with a clock that stands still, and keys that are pressed when a test says."""

    pressed_at = 100.0

    def clock(self) -> float:
        return 100.0

    def time_of(self, event: InputEvent) -> float:
        return self.pressed_at


@pytest.fixture
def timed(tmp_path: Path) -> Timed:
    paths = Paths(vault=tmp_path / "v", state=tmp_path / "s", config=tmp_path / "config.toml")
    return Timed(paths, Preferences(), environ={})


async def opened(pilot: Pilot[int], app: LockboxApp) -> QuitDialog:
    dialog = QuitDialog()
    app.push_screen(dialog)
    await until(pilot, lambda: dialog._hears_from < float("inf"))
    return dialog


# typing ahead -------------------------------------------------------------------------------------------------


def test_a_dialog_hears_nothing_before_it_was_in_sight_for_half_a_second(timed: Timed) -> None:
    async def story() -> None:
        async with timed.run_test(size=(80, 24)) as pilot:
            dialog = await opened(pilot, timed)
            timed.pressed_at = 100.4
            await press(pilot, "right", "enter", "enter")
            click = MouseDown(dialog, 1, 1, 0, 0, 1, False, False, False)
            assert dialog.is_deaf_to(click)
            assert timed.screen is dialog
            assert timed.focused is dialog.query_one("#safe")
            timed.pressed_at = 100.6
            assert not dialog.is_deaf_to(click)
            await press(pilot, "enter")
            await until(pilot, lambda: timed.screen is not dialog)

    play(story())


def test_what_hides_and_locks_is_heard_at_any_moment_by_the_key_that_a_person_chose(timed: Timed) -> None:
    keys_file(timed.own_paths).write_text('"everywhere.curtain" = "Ctrl+T"\n"everywhere.lock" = "f9"\n')

    async def story() -> None:
        async with timed.run_test(size=(80, 24)) as pilot:
            await opened(pilot, timed)
            timed.pressed_at = 100.4
            await press(pilot, "ctrl+k")
            assert not timed.has_class("-curtained")
            await press(pilot, "ctrl+t")
            assert timed.has_class("-curtained")
            await press(pilot, "ctrl+t")
            timed.push_screen(HelpDialog(Unlock()))
            await sees(pilot, "until you lock it with f9")
            assert "ctrl+l" not in words_of(timed)

    play(story())


def test_no_letter_leads_from_one_answer_to_another(timed: Timed) -> None:
    async def story() -> None:
        timed.pressed_at = 101.0
        async with timed.run_test(size=(80, 24)) as pilot:
            dialog = await opened(pilot, timed)
            await press(pilot, *"hljkgGaynrsx")
            assert timed.focused is dialog.query_one("#safe")
            await press(pilot, "right")
            assert timed.focused is dialog.query_one("#leave")

    play(story())


def test_every_key_is_a_binding_so_that_keys_are_done_in_their_order() -> None:
    named = {
        f"{file.name}:{node.name}"
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.name == "on_key" or node.name.startswith("key_"))
    }
    assert named == {
        "key_action.py:key_action",
        "wording.py:key_warning",
        "hardening.py:key_log_setting",
        "help_pane.py:key_facts",
        "key_names.py:key_name",
        "key_names.py:key_of",
    }


# leaving ------------------------------------------------------------------------------------------------------


def test_keys_behind_the_one_that_leaves_do_nothing_any_more(today: World) -> None:
    async def story() -> None:
        with served(today) as vault:
            app = UnlockedApp(vault, today.paths, page="requests")
            async with app.run_test(size=(80, 24)) as pilot:
                await sees(pilot, "2 wait for you")
                for key in ("q", "slash", "o", "a"):
                    app.post_message(Key(key, None))
                await until(pilot, lambda: app._exit)
            assert (app.return_code, app.has_crashed) == (0, False)

    play(story())


def test_a_run_that_ends_with_its_process_is_named(today: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_vault: Client, **_named: bool) -> None:
        raise DaemonGone

    async def story() -> None:
        with served(today) as vault:
            async with on_page(vault, today, "home") as pilot:
                app = pilot.app
                assert isinstance(app, UnlockedApp)
                await sees(pilot, "2 wait for you")
                monkeypatch.setattr(Client, "pulse", gone)
                app.standing = replace(app.standing, running=1)
                app._pulse()
                await until(pilot, lambda: app.door == RUN_LOST)

    play(story())


# what stands there --------------------------------------------------------------------------------------------


def test_what_waits_and_the_keys_that_find_everything_are_in_sight_at_every_size(today: World) -> None:
    async def story() -> None:
        with served(today) as vault:
            async with on_page(vault, today, "requests") as pilot:
                await sees(pilot, "2 wait for you")
                await sees(pilot, "^p All")
                lines = text_of(pilot.app).split("\n")
                assert lines[1].endswith("8 Audit 9 0")
                for words in ("^p", "All", "/", "Find", "?", "Help"):
                    assert words in lines[-1]
                await until(pilot, lambda: "Sleep lab" in words_in(pilot.app, "#request-preview"))
                found = {one.state: one.id for one in vault.requests()}
                held, asked = found["held"], found["waiting"]
                pilot.app.screen.query_one(ListTable).point_at(held)
                await until(pilot, lambda: "Held. Enter opens it." in words_in(pilot.app, "#request-preview"))
                pilot.app.screen.query_one(ListTable).point_at(asked)
                await until(pilot, lambda: "right at most" in words_in(pilot.app, "#request-preview"))
                await pilot.resize_terminal(60, 20)
                await sees(pilot, "2 wait for you")

    play(story())


@pytest.mark.slow
def test_help_is_ours_also_in_a_dialog_and_escape_closes_it(today: World) -> None:
    async def story() -> None:
        with served(today) as vault:
            async with on_page(vault, today, "requests") as pilot:
                await sees(pilot, "2 wait for you")
                await press(pilot, "question_mark")
                await sees(pilot, "Who asks to learn from your")
                assert "Page Up" not in words_of(pilot.app)
                await press(pilot, "escape")
                await until(pilot, lambda: not pilot.app.screen.query(HelpPane))
                await press(pilot, "o", "f1")
                await until(pilot, lambda: isinstance(pilot.app.screen, HelpDialog))
                await sees(pilot, "leaves, and nothing is decided")
                await press(pilot, "escape", "escape")
                await until(pilot, lambda: isinstance(pilot.app.screen, Requests))

    play(story())


def test_what_is_said_in_a_dialog_covers_none_of_its_fields(timed: Timed) -> None:
    async def story() -> None:
        async with timed.run_test(size=(80, 24), notifications=True) as pilot:
            await opened(pilot, timed)
            timed.tell("One sentence.")
            await until(pilot, lambda: words_in(timed, "#note") == "One sentence.")
            assert "▌" not in text_of(timed)

    play(story())


def test_the_home_page_says_how_many_budgets_it_has_no_room_for() -> None:
    lines = [
        BudgetLine(
            collection=f"c{number}", requester=None, lifetime_epsilon="8", delta="0.000001",
            used_percent=Decimal(number), jobs=1, members=(f"c{number}",),
        )
        for number in range(9)
    ]  # fmt: skip
    shown = budget_lines(lines, 5).split("\n")
    assert len(shown) == 5
    assert shown[0].startswith("c8")
    assert shown[-1] == "and 5 more, none of them used more: 7 Budget"
    assert len(budget_lines(lines, 9).split("\n")) == 9


# who asks -----------------------------------------------------------------------------------------------------


def test_somebody_new_is_added_from_their_key_file_with_its_fingerprint_on_the_screen(today: World) -> None:
    keys = keygen(today.folder / "other-lab")

    async def story() -> None:
        with served(today) as vault:
            async with on_page(vault, today, "requests") as pilot:
                await sees(pilot, "2 wait for you")
                await press(pilot, "o")
                await until(pilot, lambda: isinstance(pilot.app.screen, SubmitDialog))
                pilot.app.screen.query_one("#job", Input).value = str(keys.public)
                await press(pilot, "enter")
                await until(pilot, lambda: isinstance(pilot.app.screen, AddRequesterDialog))
                await sees(pilot, keys.fingerprint)
                pilot.app.screen.query_one("#add", Button).press()
                await sees(pilot, "Type your own name for them.")
                await press(pilot, *"Heart")
                assert "Type your own name" not in words_of(pilot.app)
                pilot.app.screen.query_one("#add", Button).press()
                await until(pilot, lambda: isinstance(pilot.app.screen, SubmitDialog))
                await press(pilot, "escape")
                await until(pilot, lambda: isinstance(pilot.app.screen, Requests))
            found = {one.name: (one.fingerprint, one.status) for one in vault.requesters()}
            assert found["Heart"] == (keys.fingerprint, "new")

    play(story())


@pytest.mark.slow
def test_the_palette_finds_what_is_in_the_vault_but_not_behind_the_curtain(today: World) -> None:
    async def story() -> None:
        with served(today) as vault:
            async with on_page(vault, today, "requests") as pilot:
                await sees(pilot, "2 wait for you")
                await press(pilot, "ctrl+p", *"column steps")
                await sees(pilot, "Column steps of nights")
                await press(pilot, "enter")
                await until(pilot, lambda: getattr(pilot.app.screen, "NAME", "") == "columns")
                await press(pilot, "ctrl+k", "ctrl+p", *"column steps")
                await sees(pilot, "No matches found")

    play(story())


def test_the_palette_finds_the_actions_of_other_pages_and_leads_there(today: World) -> None:
    async def story() -> None:
        with served(today) as vault:
            async with on_page(vault, today, "home") as pilot:
                await at_rest(pilot, "home")
                await press(pilot, "ctrl+p", *"attack")
                await sees(pilot, "Attack… (Requests)")
                await press(pilot, "enter")
                await at_rest(pilot, "requests")

    play(story())


# the curtain, and the end -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_curtain_covers_a_file_that_is_looked_at_by_where_its_values_come_from(today: World) -> None:
    file = today.folder / "secret.csv"
    file.write_text(
        "day,patient,steps\n2026-01-01,Quibble,17\n2026-01-02,Quibble,18\n2026-01-03,Wombat,abc\n"
    )

    async def story() -> None:
        with served(today) as vault:
            async with on_page(vault, today, "data", size=(140, 50)) as pilot:
                await sees(pilot, "2 wait for you")
                await press(pilot, "i")
                await until(pilot, lambda: isinstance(pilot.app.screen, ChooseFileDialog))
                pilot.app.screen.query_one("#path", Input).value = str(file)
                await press(pilot, "enter")
                await sees(pilot, "Quibble")
                await press(pilot, "ctrl+k")
                await until(pilot, lambda: "Quibble" not in words_of(pilot.app))
                said = words_of(pilot.app)
                assert not [one for one in ("Wombat", "abc", "17", "2026-01-01", "1 Jan 2026") if one in said]
                assert "Not now" in said

    play(story())


def test_a_crash_after_the_program_was_told_to_end_is_no_success(
    timed: Timed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crashed(app: LockboxApp) -> int:
        app.has_crashed = True
        return 0

    monkeypatch.setattr(LockboxApp, "run", crashed)
    monkeypatch.setattr("vault.client.attach.harden_process", lambda: None)
    monkeypatch.setattr("logging.disable", lambda _level: None)
    assert run(timed.paths) == 1
