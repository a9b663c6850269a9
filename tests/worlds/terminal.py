"""The terminal UI on a pseudo-terminal: what it writes byte for byte, and how it leaves the terminal."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

PATIENCE = 60.0
ON_TERMINAL = "import os, sys; os.login_tty(int(sys.argv[1])); os.execv(sys.argv[2], sys.argv[2:])"
LOCKBOX = str(Path(sys.executable).with_name("lockbox"))
# What has to be written last of each pair: the main screen, a cursor, no mouse, no pasting marks, no focus reports.
RESTORED = {
    "\x1b[?1049h": "\x1b[?1049l",
    "\x1b[?25l": "\x1b[?25h",
    "\x1b[?1000h": "\x1b[?1000l",
    "\x1b[?1003h": "\x1b[?1003l",
    "\x1b[?2004h": "\x1b[?2004l",
    "\x1b[?1004h": "\x1b[?1004l",
}
STEERING = re.compile(r"\x1b\[[0-9;?<>$]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


class Screen:
    """A program on a terminal of its own; everything it writes is kept."""

    def __init__(self, *command: str, environ: Mapping[str, str], size: tuple[int, int] = (80, 24)) -> None:
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", size[1], size[0], 0, 0))
        self._before = termios.tcgetattr(theirs)
        known = {key: value for key, value in os.environ.items() if not key.startswith("TEXTUAL")}
        known.pop("NO_COLOR", None)
        words = [sys.executable, "-I", "-S", "-c", ON_TERMINAL, str(theirs), *command]
        self._process = subprocess.Popen(
            words, env={**known, "TERM": "xterm-256color", **environ}, pass_fds=[theirs]
        )
        self._theirs, self._raw, self._is_away = theirs, b"", False

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_exception: object) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait(PATIENCE)
        if not self._is_away:
            os.close(self._ours)
            os.close(self._theirs)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def written(self) -> str:
        """Every byte so far, escape sequences and all."""
        return self._raw.decode(errors="replace")

    @property
    def words(self) -> str:
        """The same as words alone."""
        return " ".join(STEERING.sub(" ", self.written).split())

    def wait_for(self, words: str, *, after: int = 0) -> None:
        """Read until these words were written."""
        until = time.monotonic() + PATIENCE
        while words not in " ".join(STEERING.sub(" ", self.written[after:]).split()):
            assert time.monotonic() < until, self.words
            assert self.read() or self._process.poll() is None, self.words

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def read(self, seconds: float = 0.2) -> bool:
        if self._is_away:
            time.sleep(seconds)
            return False
        ready, _, _ = select.select([self._ours], [], [], seconds)
        if not ready:
            return False
        with suppress(OSError):
            data = os.read(self._ours, 65536)
            self._raw += data
            return bool(data)
        return False

    def rest(self, seconds: float = 0.5) -> None:
        """Read until nothing comes any more for a while."""
        while self.read(seconds):
            pass

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """The terminal goes away, as when its window is closed."""
        self._is_away = True
        os.close(self._theirs)
        os.close(self._ours)

    def ended(self, seconds: float = PATIENCE) -> int:
        """The exit code, with everything that was written."""
        until = time.monotonic() + seconds
        while self._process.poll() is None:
            assert time.monotonic() < until, self.words
            self.read(0.05)
        self.rest(0.1)
        return self._process.returncode

    def stopped(self) -> None:
        """Wait until it has put itself to sleep."""
        until = time.monotonic() + PATIENCE
        while True:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WUNTRACED | os.WNOHANG)
            if pid and os.WIFSTOPPED(status):
                break
            assert time.monotonic() < until, self.words
        self.rest(0.2)

    def assert_restored(self) -> None:
        """The terminal is as it was: main screen, cursor, no mouse, letters shown and read line by line."""
        for begun, ended in RESTORED.items():
            assert self.written.rfind(ended) > self.written.rfind(begun) >= 0, (begun, ended)
        now: list[Any] = termios.tcgetattr(self._theirs)
        for place in range(4):
            assert self._before[place] == now[place]


def places(folder: Path) -> dict[str, str]:
    """The variables that keep a program away from this user's own vault and sample."""
    return {
        "LOCKBOX_VAULT": str(folder / "vault"),
        "LOCKBOX_STATE": str(folder / "state"),
        "LOCKBOX_SAMPLE": str(folder / "sample"),
    }
