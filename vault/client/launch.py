"""Starting a process that has a vault open, and waiting for its end; light imports alone."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from vault.client.attach import check_there, poll, served_by
from vault.errors.daemon import DaemonNotStarted, DaemonUnreachable
from vault.errors.storage import OpenElsewhere, VaultBusy
from vault.settings import CONFIG_VARIABLE, RUNTIME_VARIABLE, STATE_VARIABLE, VAULT_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.sealing.secret import Secret
    from vault.settings import Paths

LOCKBOX = (sys.executable, "-I", "-m", "tui.cli")
START_SECONDS = 60.0
END_SECONDS = 60.0


def start(paths: Paths, secret: Secret, *, recovery: bool = False, command: Sequence[str] = LOCKBOX) -> None:
    """Start a process that has the vault open, and come back when it answers.

    It lives on when this one ends. The secret goes through a pipe: no list of processes and no environment shows it.
    Raises the error that ends it before it answers, or `DaemonNotStarted`.
    """
    ours, theirs = os.pipe()
    options = ["--vault", str(paths.vault), "--passphrase-fd", str(ours)]
    options += ["--recovery-key"] if recovery else []
    try:
        process = subprocess.Popen(  # noqa: S603 (our own program)
            [*command, *options, "serve", "--json"],
            pass_fds=[ours],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={**os.environ, **_places(paths)},
            start_new_session=True,
        )
    except OSError as error:
        os.close(theirs)
        raise DaemonNotStarted(reason=error.strerror or "it cannot be run") from None
    finally:
        os.close(ours)
    # A child is waited for, or its id stays taken as long as we live; nothing else depends on this thread.
    threading.Thread(target=process.wait, daemon=True).start()
    _hand_over(theirs, secret)
    assert process.stdout is not None
    try:
        with process.stdout as said:
            _raise_unless_served(_first_line(said.fileno()))
    except BaseException:
        process.kill()  # whoever does not wait for it any more leaves no half-open vault behind
        raise


def _places(paths: Paths) -> dict[str, str]:
    return {
        VAULT_VARIABLE: str(paths.vault),
        STATE_VARIABLE: str(paths.state),
        RUNTIME_VARIABLE: str(paths.runtime),
        CONFIG_VARIABLE: str(paths.config),
    }


def _hand_over(descriptor: int, secret: Secret) -> None:
    with suppress(BrokenPipeError), os.fdopen(descriptor, "wb") as pipe:
        pipe.write(secret.reveal() + b"\n")


def _first_line(descriptor: int) -> bytes:
    data, until = b"", time.monotonic() + START_SECONDS
    while b"\n" not in data:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
        more = os.read(descriptor, 65536) if ready else b""
        if not more:
            break
        data += more
    return data


def _raise_unless_served(line: bytes) -> None:
    try:
        told = json.loads(line)
    except ValueError:
        raise DaemonNotStarted(reason="it ended without a word, or says nothing") from None
    if not isinstance(told, dict):
        raise DaemonNotStarted(reason="it says something else than it should")
    if "error" in told:
        from vault.wire.errors import ErrorBody, error_from

        raise error_from(ErrorBody.model_validate(told))


def wait_until_locked(paths: Paths, pid: int | None) -> None:
    """Come back when that process has ended and the vault can be opened; raises `DaemonUnreachable`."""
    for _ in poll(END_SECONDS):
        if not (_lives(pid) if pid else served_by(paths) is not None):
            return
    raise DaemonUnreachable(reason="it has not ended yet")


def check_nobody_writes(paths: Paths) -> None:
    """Raise `OpenElsewhere` where a process has the vault open, although nobody listens for it here, and `NoVault`."""
    from vault.store.lock import writer_lock

    check_there(paths)
    try:
        with writer_lock(paths.vault):
            return
    except VaultBusy:
        raise OpenElsewhere from None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not _is_over(pid)


def _is_over(pid: int) -> bool:
    """Whether a process has ended and only waits to be asked for its exit code."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return told.rpartition(")")[2].split()[0] == "Z"
