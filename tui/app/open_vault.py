"""Open a vault for the screens, always in a process of its own; these functions take seconds and run in threads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vault.sample.make import is_sample, sample_folder, sample_paths, sample_secret

if TYPE_CHECKING:
    from vault.client.attach import Secret
    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths

OPENING: Final = "Opening the vault; the key is made from it slowly on purpose"
CREATING_SAMPLE: Final = "Making the sample, once: 2,190 made-up days and a practice request"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSample:
    """The sample, opened."""

    vault: OwnerSession
    paths: Paths

    def close(self) -> None:
        """End the session again."""
        self.vault.close()


def open_vault(paths: Paths, typed: str, *, recovery: bool = False) -> OwnerSession:
    """Attach to the process that has the vault open, and start it where there is none.

    Raises `WrongPassphrase`, `WrongRecoveryKey`, `Invalid` for nothing typed, and what opening the vault raises.
    """
    from vault.client import attach

    return open_by_secret(paths, attach.passphrase_secret(typed), recovery=recovery)


def open_by_secret(paths: Paths, secret: Secret, *, recovery: bool = False) -> OwnerSession:
    """Attach with a secret, and start the process where there is none."""
    from vault.client import attach, launch

    attach.harden_process()
    attach.check_there(paths)
    if not attach.is_served(paths):
        launch.start(paths, secret, recovery=recovery)
    return attach.attach(paths, secret, recovery=recovery, is_owner=True)


def sample_exists() -> bool:
    """Whether the sample was made before."""
    return is_sample(sample_folder(os.environ))


def open_or_create_sample() -> OpenSample:
    """Open the sample, which a process of its own creates where there is none; its passphrase lies beside it."""
    from tui.app.create_vault import run_lockbox

    folder = sample_folder(os.environ)
    if not is_sample(folder):
        run_lockbox("demo", "--sample")
    paths = sample_paths(folder)
    return OpenSample(vault=open_by_secret(paths, sample_secret(folder)), paths=paths)
