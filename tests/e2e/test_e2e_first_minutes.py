"""The first five minutes, as one story on the screens: the sample from request to withdrawal, then one's own vault."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from tests.worlds.asking import open_dialog, read_to_the_end, run_button, toggle
from tests.worlds.commands import run_installed
from tests.worlds.screens import AttentiveApp, play, press, sees, text_of, type_word, until, words_of
from tui.app.app import LockboxApp
from tui.dialogs.choose_file import ChooseFileDialog
from tui.dialogs.import_file import ImportDialog
from tui.dialogs.release import Countdown, ReleaseDialog
from tui.dialogs.withdraw import WithdrawDialog
from tui.screens.new_passphrase import NewPassphrase
from tui.screens.recovery_sheet import RecoverySheet
from tui.screens.welcome import Welcome
from vault.client import attach, launch
from vault.owner.interface.session import OwnerSession
from vault.sample.make import REQUESTER, VARIABLE, sample_paths, sample_secret
from vault.settings import Paths, Preferences
from vault.vault import Vault, passphrase_secret

CHOSEN = "meadow tulip rusty 41 cart"
PATIENCE = 120.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the sample and the vault are going to lie; no process that has one of them open outlives the test."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "sample"))
    monkeypatch.setattr(Countdown, "TICK", 0.05)
    yield tmp_path
    own = Paths(vault=tmp_path / "vault", state=tmp_path / "state")
    for paths in (own, sample_paths(tmp_path / "sample")):
        if pid := attach.served_by(paths):
            os.kill(pid, signal.SIGTERM)
            launch.wait_until_locked(paths, pid)


# Its first minutes are told in a real terminal by default (test_e2e_tmux.py); the whole takes half a minute of CPU.
@pytest.mark.slow
# A session that is closed while another thread begins a call leaves a socket to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_first_five_minutes(folder: Path) -> None:
    paths = Paths(vault=folder / "vault", state=folder / "state")
    diary = folder / "diary.csv"
    rows = [
        f"2026-{month:02}-{day:02},{day * 300},{day % 5}" for month in range(1, 8) for day in range(1, 29)
    ]
    diary.write_text("\n".join(["day,steps,mood", *rows, "2026-13-45,1", ""]))

    async def story() -> None:
        app = AttentiveApp(paths, Preferences(), environ={})
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await begins_with_the_sample(pilot)
            await runs_the_practice_request(pilot)
            await releases_the_result(pilot)
            await reads_budget_and_trail(pilot)
            await withdraws(pilot)
            await locks(pilot)
            await makes_a_vault(pilot)
            await imports(pilot, diary)
            await locks(pilot)

    play(story())
    own = Vault.open(paths, passphrase_secret(CHOSEN), writable=False)
    with own as vault:
        assert [(one.name, one.rows) for one in vault.collections()] == [("diary", len(rows))]
        assert all(line.used_percent == 0 for line in vault.budget())
        assert vault.requests() == []
        assert vault.requesters() == []
    done = run_installed(paths, "demo", "--remove")
    assert done.code == 0, done.err
    assert not (folder / "sample").exists()


async def begins_with_the_sample(pilot: Pilot[int]) -> None:
    """0:00 to 1:20: three sentences, one choice, no passphrase, a request that waits."""
    assert isinstance(pilot.app.screen, Welcome)
    await pilot.press("enter")
    await until(pilot, lambda: name_of(pilot) == "requests", seconds=PATIENCE)
    await sees(pilot, "SAMPLE, made-up data")
    await sees(pilot, "1 waits for you")
    await until(pilot, lambda: REQUESTER in text_of(app_of(pilot)))


async def runs_the_practice_request(pilot: Pilot[int]) -> None:
    """2:20 to 3:10: read it, narrow it, run it; no curve before the decision."""
    dialog = await open_dialog(pilot)
    toggle(dialog, "mood").focus()
    await press(pilot, "space", "space")
    toggle(dialog, "steps").focus()
    await press(pilot, "space")
    await sees(pilot, "Without this column the request is refused: steps.")
    await press(pilot, "space")
    await read_to_the_end(pilot, dialog)
    await until(pilot, lambda: not run_button(dialog).disabled)
    run_button(dialog).focus()
    await pilot.press("enter")
    await type_word(pilot, "RUN")
    await until(pilot, lambda: "its result is held here" in " ".join(toasts(pilot)), seconds=PATIENCE)


async def releases_the_result(pilot: Pilot[int]) -> None:
    """3:10 to 3:50: nothing leaves without the word; then what was held leaves for the practice study."""
    await pilot.press("6")
    await sees(pilot, "held: it waits for your decision")
    await pilot.press("R")
    await until(pilot, lambda: isinstance(pilot.app.screen, ReleaseDialog))
    await pilot.press("escape")
    await until(pilot, lambda: name_of(pilot) == "release")
    await pilot.press("R")
    await until(pilot, lambda: isinstance(pilot.app.screen, ReleaseDialog))
    pilot.app.screen.query_one("#word", Input).focus()
    await press(pilot, *"RELEASE")
    pilot.app.screen.query_one("#release", Button).focus()
    await pilot.press("enter")
    await until(pilot, lambda: name_of(pilot) == "release", seconds=PATIENCE)
    await sees(pilot, "left this computer")


async def reads_budget_and_trail(pilot: Pilot[int]) -> None:
    """3:50 to 4:40: the spend, what it means, and the trail that verifies."""
    await pilot.press("1")
    await until(pilot, lambda: name_of(pilot) == "home")
    await until(pilot, lambda: "Nothing has left this computer" not in words_of(app_of(pilot)))
    await pilot.press("7")
    await until(pilot, lambda: name_of(pilot) == "budget")
    await sees(pilot, REQUESTER)
    await pilot.press("h")
    await sees(pilot, "lifetime privacy budget")
    await pilot.press("escape")
    await pilot.press("8")
    await until(pilot, lambda: name_of(pilot) == "audit")
    await sees(pilot, REQUESTER)
    await pilot.press("v")
    with of_the_sample(pilot) as vault:
        size = vault.verify_audit().size
        used = vault.budget()[0].used_percent
    await until(pilot, lambda: any(f"verified to entry {size - 1}" in one for one in said(pilot)))
    assert app_of(pilot).standing.used_percent == used > 0


async def withdraws(pilot: Pilot[int]) -> None:
    """4:40: the consent that the run wrote is there; what left cannot be called back, and that is said."""
    await pilot.press("3")
    await until(pilot, lambda: name_of(pilot) == "consents")
    await sees(pilot, REQUESTER)
    await pilot.press("w")
    await until(pilot, lambda: isinstance(pilot.app.screen, WithdrawDialog))
    await press(pilot, "right", "enter")
    await until(pilot, lambda: name_of(pilot) == "consents")
    with of_the_sample(pilot) as vault:
        assert [one.state for one in vault.grants()] == ["withdrawn"]
        assert vault.status().released == 1


async def locks(pilot: Pilot[int]) -> None:
    """5:00: the process that has the keys ends."""
    await pilot.press("ctrl+l")
    await sees(pilot, "The vault is locked.", seconds=PATIENCE)
    assert app_of(pilot).vault is None


async def makes_a_vault(pilot: Pilot[int]) -> None:
    """A passphrase, typed twice; a recovery sheet, two groups of it typed back."""
    app = app_of(pilot)
    await until(pilot, lambda: isinstance(app.screen, Welcome))
    await press(pilot, "tab", "enter")
    await until(pilot, lambda: isinstance(app.screen, NewPassphrase))
    await press(pilot, *CHOSEN, "enter", *CHOSEN, "enter")
    await until(pilot, lambda: isinstance(app.screen, RecoverySheet), seconds=PATIENCE)
    sheet = app.screen
    assert isinstance(sheet, RecoverySheet)
    for group in sheet._asked:
        await press(pilot, *sheet._draft.groups[group], "enter")
    await until(pilot, lambda: isinstance(app.screen, ChooseFileDialog), seconds=PATIENCE)
    assert not app.is_sample


async def imports(pilot: Pilot[int], file: Path) -> None:
    """A file: what would be kept, then the key that keeps it; and home says what waits and what has left."""
    app = app_of(pilot)
    await until(pilot, lambda: bool(app.screen.query("#path")))
    app.screen.query_one("#path", Input).value = str(file)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, ImportDialog) and bool(app.screen.query("#accept")))
    with attach.attach(app.paths, passphrase_secret(CHOSEN)) as vault:
        assert vault.collections() == []
    app.screen.query_one("#accept").focus()
    await pilot.press("space")  # one row of it is refused
    await until(pilot, lambda: not app.screen.query_one("#seal", Button).disabled)
    app.screen.query_one("#seal", Button).focus()
    await pilot.press("enter")
    await until(pilot, lambda: "196 rows sealed in diary. 1 row refused." in " ".join(toasts(pilot)))
    await until(pilot, lambda: name_of(pilot) == "home")
    await sees(pilot, "Nothing has left this computer")
    await sees(pilot, "nothing waits")


def of_the_sample(pilot: Pilot[int]) -> OwnerSession:
    """Another session with the process that has the sample open."""
    paths = app_of(pilot).paths
    return attach.attach(paths, sample_secret(paths.vault.parent))


def said(pilot: Pilot[int]) -> list[str]:
    """What stands on the screen and what was told, line by line."""
    return [*toasts(pilot), *text_of(app_of(pilot)).splitlines()]


def app_of(pilot: Pilot[int]) -> LockboxApp:
    """The program."""
    assert isinstance(pilot.app, LockboxApp)
    return pilot.app


def name_of(pilot: Pilot[int]) -> str:
    """The screen it is on."""
    return str(getattr(pilot.app.screen, "NAME", ""))


def toasts(pilot: Pilot[int]) -> list[str]:
    """What has been told and not yet gone."""
    return [one.message for one in pilot.app._notifications]
