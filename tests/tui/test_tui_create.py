"""A vault of one's own: the passphrase, the sheet that is typed back, the first file; nothing before its time."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, RadioButton

from tests.sweeps import sweep
from tests.worlds.screens import (
    SIZES,
    on_page,
    play,
    press,
    sees,
    served,
    text_of,
    type_in,
    until,
    words_in,
    words_of,
)
from tests.worlds.world import World
from tui.app import create_vault
from tui.app.app import LockboxApp
from tui.dialogs.choose_file import ChooseFileDialog
from tui.dialogs.import_file import LOOKING, NOTHING_YET, ImportDialog
from tui.dialogs.import_questions import asked_of
from tui.screens.new_passphrase import DIFFERENT, NewPassphrase
from tui.screens.recovery_sheet import NO_VAULT, RecoverySheet
from tui.screens.welcome import Welcome
from tui.text.parse import parse_path
from tui.widgets.secret_input import SecretInput
from tui.widgets.table import ListTable
from vault.client import attach
from vault.errors.storage import DiskFull, VaultExists
from vault.sealing.slots import TEST_COST
from vault.settings import Paths, Preferences
from vault.vault import Vault, passphrase_secret

CHOSEN = "meadow tulip rusty 41 cart"
HELD_BY = """
import sys, time
from pathlib import Path
from tui.app import create_vault
from vault.settings import Paths
folder = Path(sys.argv[1])
draft = create_vault._new_folder(Paths(vault=folder / "vault", state=folder / "state"))
(draft.folder / "vault").mkdir()
print("made", flush=True)
time.sleep(60)
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Where a vault is going to be made."""
    return Paths(vault=tmp_path / "vault", state=tmp_path / "state")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vaults are made in this process with light key derivation."""

    def init(*words: str, secret: attach.Secret | None = None) -> str:
        assert secret is not None
        folder = Path(words[1])
        return Vault.create(Paths(vault=folder, state=folder.parent.parent / "state"), secret, cost=TEST_COST)

    monkeypatch.setattr(create_vault, "run_lockbox", init)


def app_at(paths: Paths) -> LockboxApp:
    """The program where there is no vault."""
    return LockboxApp(paths, Preferences(), environ={})


async def begin(pilot: Pilot[int], first: str = CHOSEN, second: str = CHOSEN) -> None:
    """From the first screen to both fields filled, and on."""
    await press(pilot, "tab", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, NewPassphrase))
    for word in (first, second):
        await type_in(pilot, word)
        await press(pilot, "enter")


async def type_back(pilot: Pilot[int], *, wrong: bool = False) -> None:
    """Type the two groups that are asked."""
    screen = pilot.app.screen
    assert isinstance(screen, RecoverySheet)
    for group in screen._asked:
        await press(pilot, *("00000" if wrong else screen._draft.groups[group].lower()), "enter")


def nothing_lies_at(paths: Paths) -> bool:
    """Neither a vault nor a draft of one."""
    return not paths.vault.exists() and not list(paths.vault.parent.glob(".vault*"))


# the passphrase -----------------------------------------------------------------------------------------------


def test_the_strength_is_said_in_words_while_typing(paths: Paths) -> None:
    async def story() -> None:
        app = app_at(paths)
        async with app.run_test() as pilot:
            await press(pilot, "tab", "enter", *"password")
            await sees(pilot, "✗ not yet: it is shorter than 12 characters.")
            await type_in(pilot, " meadow tulip 41")
            await sees(pilot, "✓ strong enough: it would be found in an estimated 10^")
            assert "meadow" not in text_of(app)

    play(story())


def test_a_weak_passphrase_or_two_different_ones_make_nothing(paths: Paths) -> None:
    async def story() -> None:
        app = app_at(paths)
        async with app.run_test() as pilot:
            await begin(pilot, second="another one")
            await sees(pilot, DIFFERENT)
            assert app.screen.query_one("#first", Input).value == CHOSEN
            await press(pilot, "escape")
            await until(pilot, lambda: isinstance(app.screen, Welcome))
            await begin(pilot, "short", "short")
            await sees(pilot, "Too weak: it is shorter than 12 characters.")

    play(story())
    assert nothing_lies_at(paths)


def test_a_strong_one_is_offered_hides_behind_the_curtain_and_is_typed_twice(paths: Paths) -> None:
    async def story() -> None:
        app = app_at(paths)
        async with app.run_test(size=(80, 30)) as pilot:
            await press(pilot, "tab", "enter")
            app.screen.query_one("#offer", Button).press()
            await sees(pilot, "type it into both fields")
            made = words_in(app, "#offered").partition(": ")[2]
            assert re.fullmatch(r"(?:[a-z-]{3,9} ){7}[a-z-]{3,9}", made)
            assert all(field.value == "" for field in app.screen.query(SecretInput))
            await pilot.press("ctrl+k")
            await until(pilot, lambda: not words_in(app, "#offered"))

    play(story())


# the sheet ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("size", SIZES)
def test_the_sheet_is_whole_on_the_screen_and_two_groups_are_asked_back(
    size: tuple[int, int], paths: Paths
) -> None:
    async def story() -> None:
        app = app_at(paths)
        async with app.run_test(size=size) as pilot:
            await begin(pilot)
            await until(pilot, lambda: isinstance(app.screen, RecoverySheet))
            screen = app.screen
            assert isinstance(screen, RecoverySheet)
            await until(pilot, lambda: screen._draft.groups[0] in text_of(app))
            for number, group in enumerate(screen._draft.groups, start=1):
                assert f"{number}  {group}" in text_of(app)
            assert "nobody can reset either of them" in words_in(app, "#card-body")
            assert not paths.vault.exists()
            await type_back(pilot, wrong=True)
            await sees(pilot, f"That is not group {screen._asked[0] + 1}")
            assert not paths.vault.exists()
            screen.query_one("#keep").focus()
            await pilot.press("q")
            await sees(pilot, "This sheet is shown once, so q does not quit here")
            assert app.is_running
            await pilot.press("escape")
            await sees(pilot, NO_VAULT)

    play(story())
    assert nothing_lies_at(paths)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_quitting_at_the_sheet_leaves_no_vault_that_nobody_can_recover(paths: Paths) -> None:
    async def story() -> None:
        app = app_at(paths)
        async with app.run_test() as pilot:
            await begin(pilot)
            await until(pilot, lambda: isinstance(app.screen, RecoverySheet))
            await pilot.press("ctrl+q")

    play(story())
    assert nothing_lies_at(paths)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_typing_the_groups_back_puts_the_vault_in_its_place_and_asks_for_a_file(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet: list[str] = []

    async def story() -> None:
        app = app_at(paths)
        async with app.run_test() as pilot:
            await begin(pilot)
            await until(pilot, lambda: isinstance(app.screen, RecoverySheet))
            assert isinstance(app.screen, RecoverySheet)
            sheet.append(app.screen._draft.recovery_key)
            await type_back(pilot)
            await until(pilot, lambda: isinstance(app.screen, ChooseFileDialog), seconds=60)
            await pilot.press("escape")
            await until(pilot, lambda: getattr(app.screen, "NAME", "") == "home")
            await pilot.press("ctrl+l")
            await sees(pilot, "The vault is locked.")

    play(story())
    assert not list(paths.vault.parent.glob(".vault*"))
    Vault.open(paths, passphrase_secret(CHOSEN), writable=False).close()
    Vault.open(paths, passphrase_secret(sheet[0]), writable=False, recovery=True).close()


# drafts -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_real_draft_is_made_by_the_command_and_moved_by_hand(paths: Paths) -> None:
    draft = create_vault.create_draft(paths, passphrase_secret(CHOSEN))
    assert not paths.vault.exists()
    assert len(draft.groups) == 6
    assert draft.recovery_key not in repr(draft)
    draft.move_into_place()
    assert [path.name for path in paths.vault.parent.iterdir()] == ["vault"]


def test_a_full_disk_under_a_new_vault_is_called_full(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(DiskFull):
        create_vault.create_draft(paths, passphrase_secret(CHOSEN))


def test_a_draft_never_replaces_what_lies_there(paths: Paths) -> None:
    draft = create_vault._new_folder(paths)
    (draft.folder / "vault").mkdir()
    paths.vault.mkdir()
    (paths.vault / "something").touch()
    with pytest.raises(VaultExists):
        draft.move_into_place()
    left = paths.vault.with_name(f".{paths.vault.name}{create_vault._MARK}0")  # of a program that was killed
    left.mkdir()
    with pytest.raises(VaultExists):
        create_vault.create_draft(paths, passphrase_secret(CHOSEN))
    assert left.exists()
    draft.close()
    assert [path.name for path in paths.vault.iterdir()] == ["something"]


def test_a_killed_program_leaves_a_draft_that_the_next_start_removes_and_a_living_one_keeps_its_own(
    paths: Paths,
) -> None:
    command = [sys.executable, "-c", HELD_BY, str(paths.vault.parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "made\n"
        create_vault.remove_drafts(paths)
        assert not nothing_lies_at(paths)
        process.kill()
    create_vault.remove_drafts(paths)
    assert nothing_lies_at(paths)


# the first file -----------------------------------------------------------------------------------------------


def diary(world: World, *, extra: str = "") -> Path:
    """A file with a time, a mail address, a mood, and a row that cannot be read."""
    path = world.folder / "my diary.csv"
    rows = [f"2026-01-{day:02},{day * 100},{day}@example.org,{day % 5}" for day in range(1, 29)]
    path.write_text("\n".join(["day,steps,email,mood", *rows, extra, ""]))
    return path


async def open_import(pilot: Pilot[int], path: Path) -> None:
    """Choose the file, and wait until its columns stand there."""
    pilot.app.push_screen(ChooseFileDialog())
    await pilot.pause()
    pilot.app.screen.query_one("#path", Input).value = str(path)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, ImportDialog))
    await sees(pilot, "@ email")


@pytest.mark.parametrize("size", SIZES)
def test_an_import_shows_what_would_be_kept_and_stores_nothing_before_its_key(
    size: tuple[int, int], world: World
) -> None:
    path = diary(world)

    async def story(vault: attach.Secret) -> None:
        async with on_page(vault, world, "home", size=size) as pilot:  # type: ignore[arg-type]
            app = pilot.app
            app.push_screen(ChooseFileDialog(is_first=True))
            await until(pilot, lambda: bool(app.screen.query("FileTree TreeNode, FileTree")))
            await until(pilot, lambda: NOTHING_YET in words_in(app, "#consequence"))
            app.screen.query_one("#path", Input).value = f"'{path}'"
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, ImportDialog))
            await sees(pilot, "28 rows, into a new collection.")
            consequence = words_in(app, "#consequence")
            assert "28 rows, into a new collection." in consequence
            assert "28 days: all rows of one day count as one unit." in consequence
            assert "a lifetime cap of ε 8 per day, fixed for good." in consequence
            await until(pilot, lambda: isinstance(app.focused, Button) and app.focused.id == "safe")
            await sees(pilot, "Seal 28 rows")
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, ChooseFileDialog))

    with served(world) as vault:
        play(story(vault))  # type: ignore[arg-type]
        assert vault.collections() == []


@pytest.mark.slow
def test_a_lifetime_budget_with_a_comma_is_refused_and_never_ten_times_as_much(world: World) -> None:
    path = diary(world)

    async def story() -> None:
        async with on_page(vault, world, "home", size=(100, 60)) as pilot:
            await open_import(pilot, path)
            field = pilot.app.screen.query_one("#lifetime", Input)
            field.focus()
            field.value = ""
            await pilot.press("0", "comma", "5", "enter")
            await sees(pilot, "a lifetime budget is a number")
            assert field.value == "0,5"

    with served(world) as vault:
        play(story())
        assert vault.collections() == []


@pytest.mark.slow
def test_sensitive_columns_are_marked_and_the_owner_and_not_the_guess_decides(world: World) -> None:
    path = diary(world)

    async def story() -> None:
        async with on_page(vault, world, "home", size=(100, 60)) as pilot:
            app = pilot.app
            await open_import(pilot, path)
            await until(pilot, lambda: "All rows of one day count as one unit" in words_in(app, "#units"))
            assert "(recommended)" in words_in(app, "#units")
            table = app.screen.query_one("#columns", ListTable)
            table.focus()
            await press(pilot, "j", "j", "j")
            assert table.chosen == "mood"
            before = next(one for one in app.screen._preview.columns if one.name == "mood").sensitivity
            await pilot.press("s")
            await until(
                pilot,
                lambda: app.screen._choice.sensitivities.get("mood") not in (None, before),
            )
            wanted.append(app.screen._choice.sensitivities["mood"])
            await until(pilot, lambda: app.screen._drawn == asked_of(app.screen._preview))
            units = {str(one.name): one for one in app.screen.query(RadioButton)}
            units["record"].value = True
            await until(pilot, lambda: "28 records" in words_in(app, "#consequence"))
            assert "The same fact in several records is protected much less." in words_in(app, "#units")
            app.screen.query_one("#name", Input).value = "diary"
            app.screen.query_one("#seal", Button).press()
            await until(pilot, lambda: not isinstance(app.screen, ImportDialog | ChooseFileDialog))

    wanted: list[str] = []
    with served(world) as vault:
        play(story())
        made = vault.collections()
    assert [(one.name, one.rows, one.unit) for one in made] == [("diary", 28, "record")]
    assert wanted == [one.sensitivity for one in made[0].fields if one.name == "mood"]


@pytest.mark.parametrize("times", sweep([2, 6]))
def test_what_is_chosen_while_the_choice_is_drawn_anew_is_what_counts_and_stands_there(
    world: World, times: int
) -> None:
    path = diary(world)

    async def story() -> None:
        async with on_page(vault, world, "home", size=(100, 60)) as pilot:
            app = pilot.app
            await open_import(pilot, path)
            dialog = app.screen
            is_drawn = dialog._drawn
            for turn, unit in enumerate(["record", "day"] * times):
                mark = ("ordinary", "sensitive")[turn // 2 % 2]
                dialog._read_again(sensitivities={"steps": mark})
                await until(pilot, lambda: dialog._drawn != is_drawn or dialog._drawing.locked())
                for _ in range(turn):
                    await asyncio.sleep(0)
                dialog._read_again(unit=unit)
            await until(pilot, lambda: str(dialog._preview.unit) == "day" and not dialog._drawing.locked())
            assert [str(one.name) for one in dialog.query(RadioButton) if one.value] == ["day"]
            await until(pilot, lambda: "(recommended)" in words_in(app, "#units"))

    with served(world) as vault:
        play(story())


def test_nothing_is_sealed_while_what_was_chosen_is_still_being_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unit that is marked is the unit that is sealed, however soon somebody presses the button."""
    path, answers = diary(world), threading.Event()
    answers.set()

    async def story() -> None:
        async with on_page(vault, world, "home", size=(100, 60)) as pilot:
            await open_import(pilot, path)
            dialog = pilot.app.screen
            seal = dialog.query_one("#seal", Button)
            await until(pilot, lambda: not seal.disabled)
            answers.clear()
            units = {str(one.name): one for one in dialog.query(RadioButton)}
            units["record"].value = True
            await until(pilot, lambda: seal.disabled)
            await until(pilot, lambda: LOOKING in words_of(pilot.app))
            dialog.chosen("seal")
            assert not dialog._is_sealing
            answers.set()
            await until(pilot, lambda: not seal.disabled)
            await until(pilot, lambda: "28 records" in words_in(pilot.app, "#consequence"))
            seal.press()
            await until(pilot, lambda: not isinstance(pilot.app.screen, ImportDialog | ChooseFileDialog))

    with served(world) as vault:
        look = vault.plan_import

        def plan_import(_self: object, *given: Any, **named: Any) -> Any:
            assert answers.wait(60)
            return look(*given, **named)

        monkeypatch.setattr(type(vault), "plan_import", plan_import, raising=False)
        play(story())
        made = vault.collections()
    assert [(one.rows, one.unit) for one in made] == [(28, "record")]


@pytest.mark.slow
def test_refused_rows_are_shown_with_their_reasons_and_the_result_says_how_many(world: World) -> None:
    path = diary(world, extra="2026-01-29,1,x@example.org")

    async def story() -> None:
        async with on_page(vault, world, "home", size=(100, 60)) as pilot:
            app = pilot.app
            app.push_screen(ChooseFileDialog())
            await pilot.pause()
            app.screen.query_one("#path", Input).value = str(path)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, ImportDialog))
            await sees(pilot, "1 row refused:")
            assert "line 30:" in words_of(app)
            app.screen.query_one("#accept").focus()
            await pilot.press("space")
            await until(pilot, lambda: not app.screen.query_one("#seal", Button).disabled)
            app.screen.query_one("#seal", Button).press()
            await until(pilot, lambda: not isinstance(app.screen, ImportDialog | ChooseFileDialog))
            said.extend(one.message for one in app._notifications)

    said: list[str] = []
    with served(world) as vault:
        play(story())
    assert "28 rows sealed in my diary. 1 row refused." in said


def test_what_cannot_be_read_is_said_and_the_path_stays(world: World) -> None:
    async def story() -> None:
        async with on_page(vault, world, "home") as pilot:
            app = pilot.app
            app.push_screen(ChooseFileDialog())
            await pilot.pause()
            app.screen.query_one("#path", Input).value = "/nowhere/[red]file.csv"
            await pilot.press("enter")
            await sees(pilot, "There is no file /nowhere/[red]file.csv.")
            assert app.screen.query_one("#path", Input).value == "/nowhere/[red]file.csv"

    with served(world) as vault:
        play(story())


def test_a_dropped_path_is_read_with_its_quotes_and_backslashes(tmp_path: Path) -> None:
    file = tmp_path / "my file.csv"
    file.touch()
    for typed in (
        str(file),
        f"'{file}'",
        f'"{file}" ',
        str(file).replace(" ", "\\ "),
        f"file://{file}".replace(" ", "\\ "),
    ):
        assert parse_path(typed) == file, typed
    assert parse_path("it's").name == "it's"
