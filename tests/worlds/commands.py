"""The `lockbox` command in a process of its own: run to its end, or played with on a terminal."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import termios
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import typer.main

from tests.worlds.forks import Fork, fork, forks
from tests.worlds.world import PASSPHRASE, World
from tui.cli import silence
from vault.sealing.keytree import Purpose
from vault.settings import Paths

LOCKBOX = str(Path(sys.executable).with_name("lockbox"))
PATIENCE = 60.0
PYTHON = (sys.executable, "-I", "-S", "-c")

# A session of its own, whose terminal this is: so Ctrl-C reaches the command, and it can hide what is typed.
ON_TERMINAL = "import os, sys; os.login_tty(int(sys.argv[1])); os.execv(sys.argv[2], sys.argv[2:])"
FILE_LIMIT = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture(scope="session", autouse=True)
def _kept_commands() -> Iterator[None]:
    """Make the commands once for all command lines that are run in this process, and wait for them in silence."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            silence, "PATIENCE", silence.PATIENCE * 3600
        )  # a busy machine adds no line to what is said
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended and everything it wrote."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


def environment(paths: Paths, *, columns: int = 80) -> dict[str, str]:
    """The caller's environment with this vault in it."""
    return {
        **os.environ,
        "LOCKBOX_VAULT": str(paths.vault),
        "LOCKBOX_STATE": str(paths.state),
        "LOCKBOX_CONFIG": str(paths.config),
        "COLUMNS": str(columns),
        "TERM": "dumb",
    }


def begin(paths: Paths, *words: str | Path, secret: str = PASSPHRASE, learner: Sequence[str] = ()) -> Fork:
    """Begin the command in a fork of a process that has it loaded."""
    ours = descriptor_of(secret)
    try:
        command = ["--passphrase-fd", "3", *map(str, words)]
        return fork(command, environment(paths), secret=ours, learner=learner)
    finally:
        os.close(ours)


def start(
    paths: Paths,
    *words: str | Path,
    secret: str = PASSPHRASE,
    before: Sequence[str] = (),
    program: Sequence[str] = (LOCKBOX,),
) -> subprocess.Popen[str]:
    """Start the installed command; its passphrase comes through a descriptor. `before` is what it runs under."""
    ours = descriptor_of(secret)
    try:
        return subprocess.Popen(
            [*before, *program, "--passphrase-fd", str(ours), *map(str, words)],
            env=environment(paths),
            pass_fds=[ours],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(ours)


def descriptor_of(secret: str) -> int:
    """A descriptor that gives a secret once."""
    ours, theirs = os.pipe()
    os.write(theirs, secret.encode() + b"\n")
    os.close(theirs)
    return ours


def run_installed(
    paths: Paths,
    *words: str | Path,
    secret: str = PASSPHRASE,
    before: Sequence[str] = (),
    program: Sequence[str] = (LOCKBOX,),
) -> Outcome:
    """Run the installed command to its end."""
    with start(paths, *words, secret=secret, before=before, program=program) as process:
        out, err = process.communicate(timeout=PATIENCE)
    return Outcome(code=process.returncode, out=out, err=at_once(err))


def run(paths: Paths, *words: str | Path, secret: str | None = PASSPHRASE) -> Outcome:
    """Run one command to its end in a fork of a process that has it loaded; without a secret it names no descriptor."""
    ours, nothing = descriptor_of(secret or ""), os.open(os.devnull, os.O_RDONLY)
    (out, out_end), (err, err_end) = os.pipe(), os.pipe()
    command = [*(() if secret is None else ("--passphrase-fd", "3")), *map(str, words)]
    given = [nothing, out_end, err_end, ours]
    pid = forks().start(command, environment(paths), given, is_terminal=False)
    for descriptor in (ours, nothing, out_end, err_end):
        os.close(descriptor)
    said = _read_both(out, err)
    return Outcome(code=forks().wait(pid), out=said[out].decode(), err=at_once(said[err].decode()))


def at_once(said: str) -> str:
    """What a command said but for the line that it writes where it takes long, as on a busy computer."""
    return said.replace("working …\n", "")


def _read_both(*descriptors: int) -> dict[int, bytes]:
    """Everything that comes out of several pipes, which are closed then."""
    said, open_ones = dict.fromkeys(descriptors, b""), set(descriptors)
    while open_ones:
        ready, _, _ = select.select(list(open_ones), [], [], PATIENCE)
        assert ready, said
        for descriptor in ready:
            data = os.read(descriptor, 65536)
            said[descriptor] += data
            if not data:
                open_ones.remove(descriptor)
                os.close(descriptor)
    return said


def secrets_of(world: World) -> list[str]:
    """Everything of this vault that must never be written: what opens it, and every key in it."""
    with world.vault(writable=False) as vault:
        keys = [vault._opened.keys.subkey(purpose).reveal() for purpose in Purpose]
    texts = [key.hex() for key in keys] + [b64encode(key).decode() for key in keys]
    return [PASSPHRASE, world.recovery_key, world.recovery_key.replace("-", ""), *texts]


def assert_clean(text: str, secrets: Sequence[str]) -> None:
    """No traceback, no source line, no secret, nothing that steers a terminal."""
    assert "Traceback" not in text
    assert 'File "' not in text
    assert not [secret for secret in secrets if secret in text]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)


def assert_refused(outcome: Outcome, code: int, says: str, secrets: Sequence[str]) -> None:
    """Exactly one sentence that says why, at most one hint, this exit code, and nothing it should not write."""
    assert_clean(outcome.all, secrets)
    errors = [line for line in outcome.err.splitlines() if line.startswith("lockbox: error: ")]
    hints = [line for line in outcome.err.splitlines() if line.startswith("lockbox: hint: ")]
    assert (code, 1) == (outcome.code, len(errors)), outcome.err
    assert len(hints) <= 1
    assert says in errors[0]
    assert outcome.err.splitlines()[-1] in (errors + hints)


class Terminal:
    """A command on a pseudo-terminal, as a person sees it; everything shown is kept in `screen`."""

    def __init__(self, paths: Paths, *words: str | Path, is_installed: bool = False) -> None:
        ours, theirs = os.openpty()
        self._shown, self._seen, self._terminal, self._is_over = b"", 0, ours, False
        self._process: subprocess.Popen[bytes] | None = None
        command, known = list(map(str, words)), environment(paths)
        if is_installed:
            command = [*PYTHON, ON_TERMINAL, str(theirs), LOCKBOX, *command]
            self._process = subprocess.Popen(command, env=known, pass_fds=[theirs])
            self._pid = self._process.pid
        else:
            self._pid = forks().start(command, known, [theirs], is_terminal=True)
        os.close(theirs)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_exception: object) -> None:
        if not self._is_over:
            os.kill(self._pid, signal.SIGKILL)
            self._wait()
        if self._terminal >= 0:
            os.close(self._terminal)

    @property
    def screen(self) -> str:
        """Everything shown so far, with plain line ends."""
        return self._shown.decode(errors="replace").replace("\r\n", "\n")

    @property
    def echoes(self) -> bool:
        """Whether the terminal shows what is typed."""
        return bool(termios.tcgetattr(self._terminal)[3] & termios.ECHO)

    def wait_for(self, text: str) -> str:
        """Read until this stands on the screen after what was waited for before; give back what came with it."""
        until = time.monotonic() + PATIENCE
        while text not in self.screen[self._seen :]:
            assert self._read(until), f"{text!r} did not come: {self.screen[self._seen :]!r}"
        found = self.screen[self._seen :]
        self._seen = self.screen.index(text, self._seen) + len(text)
        return found

    def type(self, line: str) -> None:
        os.write(self._terminal, line.encode() + b"\n")

    def answer(self, keys: str) -> None:
        """A line, or a control key alone."""
        self.type(keys) if keys.isprintable() else os.write(self._terminal, keys.encode())

    def press_ctrl_c(self) -> None:
        """Once the command waits for something: between a look for signals and the wait one would go unheard."""
        until = time.monotonic() + PATIENCE
        while Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()[0] != "S":
            assert time.monotonic() < until, "the command waits for nothing"
        os.write(self._terminal, b"\x03")

    def press_ctrl_d(self) -> None:
        os.write(self._terminal, b"\x04")

    def hang_up(self) -> int:
        """Close the terminal, and give back how the command ended."""
        os.close(self._terminal)
        self._terminal = -1
        return self._wait()

    def end(self) -> int:
        """Read to the end and give back the exit code."""
        until = time.monotonic() + PATIENCE
        while self._read(until):
            pass
        return self._wait()

    def _wait(self) -> int:
        code = forks().wait(self._pid) if self._process is None else self._process.wait(timeout=PATIENCE)
        self._is_over = True
        return code

    def _read(self, until: float) -> bool:
        """Take what comes next; False when the command has ended."""
        ready, _, _ = select.select([self._terminal], [], [], max(0.0, until - time.monotonic()))
        assert ready, f"nothing came any more: {self.screen[self._seen :]!r}"
        data = b""
        # Linux answers EIO once nobody has the other end open.
        with suppress(OSError):
            data = os.read(self._terminal, 65536)
        self._shown += data
        return bool(data)
