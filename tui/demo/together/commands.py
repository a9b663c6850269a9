"""Commands that the demo runs as anybody would: each a process of its own, printed before it begins."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tui.cli.terminal import write
from vault.client.launch import LOCKBOX
from vault.errors.families import LockboxError
from vault.settings import RUNTIME_VARIABLE, STATE_VARIABLE, VAULT_VARIABLE

if TYPE_CHECKING:
    from vault.settings import Paths

END_SECONDS: Final = 20


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


@contextmanager
def running(*words: object, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on, with its lines of JSON, until this block ends."""
    with subprocess.Popen(  # noqa: S603 (our own program)
        [*LOCKBOX, *map(str, words)], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            process.stdout.readline()  # the first thing that happens is that it listens
            yield process
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
