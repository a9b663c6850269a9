"""What the owner decided on rounds, for the commands of couriers and meshes, which need no open vault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from tui.cli.vault_access import global_options, open_vault
from tui.couriers.decided import UNKNOWN, Decided, decided
from vault.errors.families import LockboxError

if TYPE_CHECKING:
    import typer

    from learner.federation.courier_folder import RoundState
    from learner.federation.mesh_folder import MeshRound

NOT_ASKED: Final = (
    "What you decided on a round that waits, the vault alone knows until it is carried; it is said here while the "
    "vault is unlocked: lockbox unlock"
)


def not_asked(rounds: Iterable[RoundState | MeshRound], known: Decided) -> Iterator[str]:
    """That the vault was not asked, where a round waits in it."""
    if known is UNKNOWN and any(one.word == "waiting" for one in rounds):
        yield NOT_ASKED


def decided_here(context: typer.Context) -> Decided:
    """What the vault says of its rounds: by the passphrase that is given, or by the session of `lockbox unlock`.

    No passphrase is asked for; where there is neither, nothing is known.
    """
    from vault.client import attach

    options = global_options(context)
    if options.passphrase_fd is not None:
        with open_vault(context, writable=False) as vault:
            return decided(vault.requests())
    try:
        session = attach.attach_by_session(options.paths) if attach.is_served(options.paths) else None
    except LockboxError:
        # the status of a courier is told whatever state the vault is in, and says what it lacks
        return UNKNOWN
    if session is None:
        return UNKNOWN
    with session as remote:
        return decided(remote.requests())
