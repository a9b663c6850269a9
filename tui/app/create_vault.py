"""Create a vault as a draft beside its place, so that nobody has a vault whose recovery sheet was never seen.

The vault is made by `lockbox init` in a process of its own, in a draft folder, and moved to its place when two groups
of the recovery key were typed back. A program killed before leaves a draft without records, which the next start
removes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vault.client.launch import LOCKBOX
from vault.errors.families import Unavailable
from vault.errors.storage import DiskFull, DiskReadOnly, VaultExists

if TYPE_CHECKING:
    from vault.client.attach import Secret
    from vault.settings import Paths

CREATING: Final = "Making the vault; the key is made from your passphrase slowly on purpose"
_MARK: Final = ".being-made-"


@dataclass(slots=True, kw_only=True)
class Draft:
    """A vault that is not yet in its place; as long as `_held` is open, nobody else removes it."""

    paths: Paths
    folder: Path
    recovery_key: str = field(default="", repr=False)
    _held: int = -1

    @property
    def groups(self) -> list[str]:
        """The recovery key in the groups it is printed in."""
        return self.recovery_key.split("-")

    def move_into_place(self) -> None:
        """Move the vault to its place; raises `VaultExists` when something lies there by now."""
        target = self.paths.vault
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.folder / "vault").rename(target)  # never replaces a folder that holds something
        except OSError as error:
            if target.exists():
                raise VaultExists(path=target) from None
            raise _refused(error, Path(error.filename or target)) from None
        self.close()

    def close(self) -> None:
        """Remove what is left of the draft."""
        self.recovery_key = ""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._held >= 0:
            os.close(self._held)
            self._held = -1


def create_draft(paths: Paths, passphrase: Secret) -> Draft:
    """Create a vault as a draft beside its place.

    Raises `VaultExists`, `DiskReadOnly`, `DiskFull`, and in one sentence what `lockbox init` says when it fails.
    """
    if paths.vault.exists() and any(paths.vault.iterdir()):
        raise VaultExists(path=paths.vault)
    remove_drafts(paths)
    draft = _new_folder(paths)
    try:
        said = run_lockbox(
            "--vault", str(draft.folder / "vault"), "init", "--skip-type-back", secret=passphrase
        )
        draft.recovery_key = said.strip()
    except BaseException:
        draft.close()
        raise
    return draft


def _new_folder(paths: Paths) -> Draft:
    folder = paths.vault.with_name(f".{paths.vault.name}{_MARK}{secrets.token_hex(4)}")
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise _refused(error, folder.parent) from None
    return Draft(paths=paths, folder=folder, _held=held)


def _refused(error: OSError, path: Path) -> DiskFull | DiskReadOnly:
    return DiskFull() if error.errno in (errno.ENOSPC, errno.EDQUOT) else DiskReadOnly(path=path)


def remove_drafts(paths: Paths) -> None:
    """Remove the drafts of programs that ended in the middle; a program that still runs holds a lock on its own."""
    for folder in _drafts(paths):
        with suppress(OSError):
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(held)


def _drafts(paths: Paths) -> Iterator[Path]:
    beginning = f".{paths.vault.name}{_MARK}"
    with suppress(OSError):
        yield from (one for one in paths.vault.parent.iterdir() if one.name.startswith(beginning))


def run_lockbox(*words: str, secret: Secret | None = None) -> str:
    """Run a `lockbox` command in a process and return what it wrote; raises `Unavailable` with its sentence.

    The secret goes through a pipe: no list of processes and no environment shows it.
    """
    ours, theirs = os.pipe()
    given = [] if secret is None else ["--passphrase-fd", str(ours)]
    try:
        process = subprocess.Popen(  # noqa: S603 (our own program)
            [*LOCKBOX, *given, *words],
            pass_fds=[ours],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    finally:
        os.close(ours)
    with suppress(BrokenPipeError), os.fdopen(theirs, "wb") as pipe:
        pipe.write(b"" if secret is None else secret.reveal() + b"\n")
    written, told = process.communicate()
    if process.returncode:
        raise Unavailable(reason=_reason(told))
    return written


def _reason(told: str) -> str:
    for line in told.splitlines():
        if line.startswith("lockbox: error: "):
            return line.removeprefix("lockbox: error: ")
    return "it ended without a word"
