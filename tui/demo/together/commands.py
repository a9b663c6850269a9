"""Commands that the demo runs as anybody would: each a process of its own, printed before it begins."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from tui.cli.terminal import write
from vault.client.launch import LOCKBOX
from vault.errors.families import LockboxError
from vault.settings import RUNTIME_VARIABLE, STATE_VARIABLE, VAULT_VARIABLE

if TYPE_CHECKING:
    from vault.settings import Paths

END_SECONDS: Final = 20
PATIENCE: Final = 120.0


class CommandFailed(LockboxError):
    """The demo's own command failed: {command}: {reason}"""


def places(paths: Paths) -> dict[str, str]:
    """The variables that name the folders of a vault."""
    return {
        VAULT_VARIABLE: str(paths.vault),
        STATE_VARIABLE: str(paths.state),
        RUNTIME_VARIABLE: str(paths.runtime),
    }


def show(*words: object, who: str = "") -> None:
    """Print a command; with ``who``, whose it is."""
    text = " ".join(shlex.quote(str(word)) for word in ("lockbox", *words))
    write(f"  {who or 'who asks'} $ {text}")


def lockbox(
    *words: object, folder: Path, extra: Mapping[str, str] | None = None, passphrase: str = ""
) -> str:
    """Run a command in a folder and return what it writes; raises ``CommandFailed`` with its last line."""
    ours, theirs = os.pipe()
    os.write(theirs, f"{passphrase}\n".encode())
    os.close(theirs)
    options = ["--passphrase-fd", str(ours)] if passphrase else []
    try:
        done = subprocess.run(  # noqa: S603 (our own program)
            [*LOCKBOX, *options, *map(str, words)], cwd=folder, env={**os.environ, **(extra or {})}, pass_fds=[ours],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(ours)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("lockbox: error:")]
        reason = said[0] if said else "it ended without a word"
        raise CommandFailed(command=" ".join(map(str, words)), reason=reason)
    return done.stdout


def facts(*words: object, folder: Path) -> dict[str, Any]:
    """What a command says as one JSON object."""
    found: dict[str, Any] = json.loads(lockbox(*words, "--json", folder=folder))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A command that goes on; what it says, a line of JSON for each thing that happens, is read as it comes."""

    words: tuple[str, ...]
    begun: dict[str, Any] = field(default_factory=dict)
    """What it said when it had begun."""
    said: SimpleQueue[dict[str, Any]] = field(default_factory=SimpleQueue)

    def read(self, lines: Iterable[str]) -> None:
        """Keep what it says until it ends, and then that it did."""
        for line in lines:
            self.said.put(json.loads(line))
        self.said.put({"event": "ended"})

    def wait_for(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Come back when something happened, with what was said of it.

        Raises ``CommandFailed`` once it ended, or waited for too long.
        """
        until = time.monotonic() + PATIENCE
        while True:
            try:
                found = self.said.get(timeout=max(0.0, until - time.monotonic()))
            except Empty:
                raise CommandFailed(command=" ".join(self.words), reason="nothing happens any more") from None
            if is_it(found):
                return found
            if found.get("event") == "ended":
                raise CommandFailed(command=" ".join(self.words), reason="it ended")


@contextmanager
def running(
    *words: object, folder: Path, begun: str = "port", extra: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """A command that serves until this block ends; it has begun once it says what is called ``begun``."""
    found = Running(words=tuple(map(str, words)))
    with subprocess.Popen(  # noqa: S603 (our own program)
        [*LOCKBOX, *found.words], cwd=folder, env={**os.environ, **(extra or {})}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        threading.Thread(target=found.read, args=(process.stdout,), daemon=True).start()
        try:
            found.begun.update(found.wait_for(lambda said: begun in said))
            yield found
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
