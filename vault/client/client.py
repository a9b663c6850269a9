"""A vault that another process has open: the façade's methods, each one call over that process's socket.

A test holds its methods and those of `Vault` to the same signatures. What the façade promises and raises, it promises
and raises; besides that every method may raise `SessionEnded`, `DaemonGone` and `DaemonUnreachable`, and those that
let something happen in the world (`PROVEN` on the wire) `ApprovalNotProven`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

from pydantic import SecretStr

from vault.client.connection import decode
from vault.client.remote.consents import RemoteConsents
from vault.client.remote.records import RemoteRecords
from vault.client.remote.releases import RemoteReleases
from vault.client.remote.requests import RemoteRequests
from vault.client.remote.trail import RemoteTrail
from vault.views.runs import Pulse
from vault.wire import messages

if TYPE_CHECKING:
    from vault.client.login import Caller
    from vault.sealing.secret import Secret


class RemoteVault(RemoteRecords, RemoteConsents, RemoteRequests, RemoteReleases, RemoteTrail):
    """A session with the process that has the vault open; close it, or use it in a with statement."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._shown = {}

    def close(self) -> None:
        """End the session, if it was opened by this process, and the line."""
        self._caller.log_out()
        self._caller.line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @property
    def rollback_reason(self) -> str:
        """Why this vault is read-only (an older copy was put back), or empty."""
        return self.status().read_only_because

    @property
    def token(self) -> str:
        """The bearer token of this session."""
        return self._caller.token

    # what only a vault in another process has

    def log_in(self, secret: Secret, *, recovery: bool = False, is_owner: bool = False) -> None:
        """Open a session by the passphrase or, with `recovery`, by the recovery key; see `link.attach`."""
        self._caller.log_in(secret, recovery=recovery, is_owner=is_owner)

    def keep_session(self) -> str:
        """The token, for a file: the session then outlives this line."""
        self._caller.own_token = False
        return self._caller.token

    def quietly(self) -> Self:
        """The same session for calls that nobody asked for: they do not keep the vault unlocked; never closed."""
        quiet = type(self)(replace(self._caller, is_quiet=True))
        quiet._shown = self._shown
        return quiet

    def pulse(self, *, is_background: bool = True) -> Pulse:
        """What changes by itself; asking in the background keeps nothing unlocked."""
        return decode(Pulse, self._caller.tell(messages.PULSE, is_background=is_background))

    def start_training(self, request_id: str) -> None:
        """Begin a run there and do not wait for it."""
        self._caller.tell(messages.START_TRAINING, messages.RequestId(request_id=request_id))

    def training_outcome(self, request_id: str) -> messages.Outcome:
        """What became of a run that was begun there."""
        body = messages.RequestId(request_id=request_id)
        return decode(
            messages.Outcome, self._caller.tell(messages.TRAINING_OUTCOME, body, is_background=True)
        )

    def change_passphrase(self, current: Secret, new: Secret, *, recovery: bool = False) -> None:
        """Give the vault another passphrase, knowing the current one or, with `recovery`, the recovery key."""
        wish = messages.PassphraseWish(
            current=SecretStr(current.reveal().decode()),
            new=SecretStr(new.reveal().decode()),
            recovery=recovery,
        )
        self._caller.tell(messages.PASSPHRASE, wish)

    def lock(self, *, stop_training: bool = False) -> None:
        """End every session and the process itself; raises `TrainingRuns` unless a run may be stopped for it."""
        self._caller.tell(messages.LOCK, messages.LockWish(stop_training=stop_training))

    def lock_after(self, minutes: int) -> None:
        """Lock after so many minutes without use, from now on, in that process alone."""
        self._caller.tell(messages.LOCK_AFTER, messages.LockAfter(minutes=minutes))
