"""The same first minutes for real: the installed program in a terminal under tmux, the real process, a real vault."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds.commands import LOCKBOX, run_installed
from tests.worlds.world import PASSPHRASE, World
from tui.dialogs.dialog import DEAF_SECONDS
from vault.client import attach, launch
from vault.settings import Paths
from vault.vault import Vault, passphrase_secret

TMUX = shutil.which("tmux")
CHOSEN = "meadow tulip rusty 41 cart"
PATIENCE = 90.0
LOOK = 3 * DEAF_SECONDS

pytestmark = pytest.mark.skipif(TMUX is None, reason="tmux is not installed")


class Window:
    """One window of a tmux server of its own, 110 columns by 36 lines."""

    def __init__(self, folder: Path) -> None:
        self._server, self._folder = f"lockbox-{os.getpid()}-{folder.name}"[-40:], folder
        self._tmux("-f", os.devnull, "new-session", "-d", "-x", "110", "-y", "36", "sh")
        self.places = {
            "LOCKBOX_VAULT": str(folder / "vault"),
            "LOCKBOX_STATE": str(folder / "state"),
            "LOCKBOX_SAMPLE": str(folder / "sample"),
            "LOCKBOX_RUNTIME": os.environ["LOCKBOX_RUNTIME"],
            "LOCKBOX_CONFIG": os.environ["LOCKBOX_CONFIG"],
            "PS1": "ready$ ",
        }
        for name, value in self.places.items():
            self.line(f"export {name}='{value}'")
        self.line("unset COLUMNS LINES; clear")

    def _tmux(self, *words: str) -> str:
        assert TMUX is not None
        command = [TMUX, "-L", self._server, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout

    def close(self) -> None:
        self._tmux("kill-server")

    @property
    def text(self) -> str:
        return self._tmux("capture-pane", "-p")

    @property
    def words(self) -> str:
        return " ".join(re.sub("[│╭╮╰╯─]", " ", self.text).split())

    def keys(self, *keys: str) -> None:
        for key in keys:
            self._tmux("send-keys", key)
            time.sleep(0.05)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def line(self, text: str) -> None:
        self.type(text)
        self.keys("Enter")

    def sees(self, words: str, *, seconds: float = PATIENCE) -> None:
        until = time.monotonic() + seconds
        while words not in self.words:
            assert time.monotonic() < until, f"{words!r} did not come:\n{self.text}"
            time.sleep(0.1)

    def look(self, words: str) -> None:
        """See a dialog and look at it as long as a person does at least: before that it hears nothing."""
        self.sees(words)
        time.sleep(LOOK)

    def cursor(self) -> str:
        """The line of the cursor."""
        return self._tmux("display-message", "-p", "#{cursor_y}")

    def moves(self, line: str) -> None:
        """Wait until the cursor has left this line."""
        until = time.monotonic() + PATIENCE
        while self.cursor() == line:
            assert time.monotonic() < until, self.text
            time.sleep(0.1)

    def pid(self) -> int:
        """The process of the program in the window."""
        shell = int(self._tmux("display-message", "-p", "#{pane_pid}"))
        return int(
            subprocess.run(
                ["pgrep", "-P", str(shell)], check=True, capture_output=True, text=True
            ).stdout.split()[0]
        )

    def is_plain(self) -> bool:
        """Whether the program has left the alternate screen and the mouse to the shell."""
        facts = "#{alternate_on} #{mouse_any_flag} #{cursor_flag} #{mouse_button_flag}"
        return self._tmux("display-message", "-p", facts).split() == ["0", "0", "1", "0"]


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    """A terminal in which nothing runs yet."""
    one = Window(tmp_path)
    yield one
    one.close()
    for paths in (Paths(vault=tmp_path / "vault", state=tmp_path / "state"),):
        _end(paths)


def _end(paths: Paths) -> None:
    """Leave no process that has a vault of this test open."""
    pid = attach.served_by(paths)
    if pid:
        os.kill(pid, 15)
        launch.wait_until_locked(paths, pid)


def test_the_first_minutes_in_a_real_terminal(window: Window, tmp_path: Path) -> None:
    paths = Paths(vault=tmp_path / "vault", state=tmp_path / "state")
    window.line(LOCKBOX)
    window.sees("Try it with sample data")
    # the sample: a practice request waits, the trail says so, and the lock ends its process
    window.keys("Enter")
    window.sees("SAMPLE, made-up data")
    window.sees("NOT VERIFIED")
    window.sees("1 waits for you")
    window.keys("C-l")
    window.sees("The vault is locked.")
    # a vault of one's own
    window.keys("Tab", "Enter")
    window.sees("1 of 3: the passphrase")
    window.type(CHOSEN)
    window.sees("strong enough")
    window.keys("Enter")
    window.type(CHOSEN)
    window.keys("Enter")
    window.sees("2 of 3: the recovery sheet")
    assert not paths.vault.exists()
    groups = dict(re.findall(r"(\d)  ([0-9A-Z]{4,5})\b", window.text))
    first, second = re.findall(r"type group (\d)", window.text)
    before = window.cursor()
    window.line(groups[first])
    window.moves(before)
    window.line(groups[second])
    window.look("3 of 3: your first file")
    file = tmp_path / "diary.csv"
    file.write_text("\n".join(["day,steps", *(f"2026-01-{day:02},{day}" for day in range(1, 29)), ""]))
    window.line(str(file))
    window.look("Seal 28 rows")
    window.keys("Right", "Enter")
    window.sees("28 rows sealed in diary.")
    window.sees("Nothing has left this computer")
    # the command line sees the same vault through the same process
    done = run_installed(paths, "data", "list", "--json", secret=CHOSEN)
    assert (done.code, '"rows": 28' in done.out) == (0, True), done.all
    window.keys("q")
    window.sees("ready$")
    assert window.is_plain()
    assert CHOSEN not in window.text
    assert attach.is_served(paths)
    _end(paths)
    Vault.open(paths, passphrase_secret(CHOSEN), writable=False).close()


@pytest.mark.slow
def test_a_killed_program_leaves_a_door_that_opens_and_the_truth_behind_it(today: World) -> None:
    window = Window(today.folder)
    try:
        window.line(LOCKBOX)
        window.sees("Unlock your vault")
        window.type(PASSPHRASE)
        window.keys("Enter")
        window.sees("locks in 15 min")
        before = attach.attach(today.paths, passphrase_secret(PASSPHRASE))
        entries = before.status().audit_entries
        for screen in "4a", "6R", "2", "8":  # in a dialog as well
            window.keys(*screen)
        os.kill(window.pid(), 9)
        window.sees("Killed")
        window.type("stty sane")  # what a person types after a program was killed, unseen
        window.keys("C-j")
        window.line("tput rmcup; clear")
        window.line(LOCKBOX)
        window.sees("Unlock your vault")
        window.type("not it")
        window.keys("Enter")
        window.sees("That did not open it.")
        window.sees("That did not open it. Unlock")  # the pause is over
        window.type(PASSPHRASE)
        window.keys("Enter")
        window.sees("locks in")
        after = before.status()
        entries += 1  # one wrong passphrase
        assert (entries, 1, 1) == (after.audit_entries, after.requests_waiting, after.held)
        before.close()
        window.keys("C-l")
        window.sees("The vault is locked.")
        window.keys("C-q")
        window.sees("ready$")
        assert window.is_plain()
    finally:
        window.close()
        _end(today.paths)
