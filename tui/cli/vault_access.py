"""Open the vault for one command: here, or in the process that has it open, by the passphrase that is given."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tui.cli.terminal import ask_secret, read_secret, say
from tui.text.wording import counted
from vault.settings import Paths

if TYPE_CHECKING:
    from vault.client.attach import Secret
    from vault.owner.interface.owner import Owner
    from vault.owner.interface.session import OwnerSession
    from vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalOptions:
    """The options before the command."""

    vault: Path | None
    passphrase_fd: int | None
    recovery_key: bool
    wait: int = 0

    @property
    def paths(self) -> Paths:
        """The vault folder and the state folder outside it."""
        return Paths.from_environment(os.environ, vault=self.vault)

    def secret(self, why: str = "") -> Secret:
        """The passphrase or recovery key, from the descriptor that was named or else from the terminal."""
        from vault.client.attach import passphrase_secret

        word = "recovery key" if self.recovery_key else "passphrase"
        if self.passphrase_fd is not None:
            return passphrase_secret(read_secret(self.passphrase_fd))
        return passphrase_secret(ask_secret(f"{word}{why}: ", doing=f"trying the {word}"))


def global_options(context: typer.Context) -> GlobalOptions:
    """The options of this command line."""
    found = context.find_root().obj
    assert isinstance(found, GlobalOptions)
    return found


@contextmanager
def open_vault(
    context: typer.Context, *, writable: bool = True, reads_records: bool = False
) -> Iterator[Owner]:
    """Open the vault, in the process that has it open or else here, and warn of an older copy.

    What `reads_records` takes longer to load, and loads it while the passphrase is tried.
    """
    from vault.client import attach

    options = global_options(context)
    attach.harden_process()
    attach.check_there(options.paths)
    if attach.is_served(options.paths):
        with attach_session(options) as remote:
            status = remote.status()
            _warn_of_older(status.read_only_because)
            warn_of_date(status.date_question)
            yield remote
        return
    with _open_here(options, writable=writable, reads_records=reads_records) as vault:
        _warn_of_older(vault.rollback_reason)
        for warning in (vault.mark_missing, vault.header_damage):
            if warning:
                say(f"lockbox: warning: {warning}")
        warn_of_date(vault.date().question)
        yield vault


def attach_session(options: GlobalOptions) -> OwnerSession:
    """Attach to the process that has the vault open.

    What is given by hand is used: a passphrase, a recovery key. Without, it is the session that `lockbox unlock` left,
    which then asks for the passphrase where an act needs it; and without that one too the passphrase is asked.
    """
    from vault.client import attach

    if options.passphrase_fd is None and not options.recovery_key:
        found = attach.attach_by_session(
            options.paths, ask=lambda: (options.secret(", so that it is you who means it"), False)
        )
        if found is not None:
            return found
    return attach.attach(options.paths, options.secret(), recovery=options.recovery_key)


def check_new_file(context: typer.Context, target: Path) -> None:
    """Refuse a place for a new file before any passphrase is asked; the vault looks again before it writes."""
    from vault.client import attach

    attach.check_destination(target, vault_folder=global_options(context).paths.vault)


def ask_beforehand(vault: Owner) -> None:
    """Ask for the passphrase that the next act needs before a bar is drawn, unless it was given already."""
    get_ready = getattr(vault, "get_ready_to_prove", None)  # a vault that is open here was opened by it
    if get_ready is not None:
        get_ready()


def _open_here(options: GlobalOptions, *, writable: bool, reads_records: bool) -> Vault:
    """Open it while the passphrase is still tried: to load what a vault needs takes as long as that."""
    from vault.client import attach

    secret = options.secret()
    with attach.unlocking(options.paths, secret, recovery=options.recovery_key) as begun:
        from vault.errors.storage import VaultBusy
        from vault.vault import Vault

        if reads_records:
            Vault.load_reading()
        opening = partial(Vault.open, options.paths, secret, recovery=options.recovery_key, begun=begun)
        try:
            return opening(writable=writable)
        except VaultBusy:
            if not options.wait:
                raise
        say(f"Another process is writing to this vault; waiting at most {counted(options.wait, 'second')}.")
        return opening(writable=writable, wait=options.wait)


def warn_of_date(question: str) -> None:
    """Say that vault and clock differ, if they do."""
    if question:
        say(f"lockbox: warning: {question} (lockbox date show)")


def _warn_of_older(reason: str) -> None:
    if reason:
        say(f"lockbox: warning: this vault is read-only: {reason}")
