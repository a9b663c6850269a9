"""The vault of one command: which folder, and how its passphrase is given."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tui.terminal import ask_secret, read_secret, say
from vault.settings import Paths

if TYPE_CHECKING:
    from vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The options that stand before the command."""

    vault: Path | None
    passphrase_fd: int | None
    recovery_key: bool

    @property
    def paths(self) -> Paths:
        """The vault folder and the state folder outside it."""
        return Paths.from_environment(os.environ, vault=self.vault)


def session(context: typer.Context) -> Session:
    """The options of this command line."""
    found = context.find_root().obj
    assert isinstance(found, Session)
    return found


@contextmanager
def opened(context: typer.Context, *, writable: bool = True) -> Iterator[Vault]:
    """The vault, opened for one command; an older copy is said aloud."""
    from vault.vault import Vault, harden_process, passphrase_secret

    options = session(context)
    harden_process()
    Vault.check_there(options.paths)
    word = "recovery key" if options.recovery_key else "passphrase"
    given = ask_secret(f"{word}: ") if options.passphrase_fd is None else read_secret(options.passphrase_fd)
    secret = passphrase_secret(given)
    del given
    with Vault.open(options.paths, secret, writable=writable, recovery=options.recovery_key) as vault:
        if vault.older_because:
            say(f"lockbox: warning: this vault is read-only: {vault.older_because}")
        yield vault
