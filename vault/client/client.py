"""The owner of a vault that another process has open: every action of the interface, carried out over its socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from vault.client.connection import decode
from vault.client.perform import begin, perform
from vault.errors.daemon import ApprovalNotProven
from vault.owner.interface.actions import ACTIONS, Action
from vault.wire.addresses import BEGUN, LOCK, LOCK_AFTER, PASSPHRASE, PULSE

if TYPE_CHECKING:
    from vault.client.login import Login
    from vault.sealing.secret import Secret
    from vault.views.runs import BegunAction, Pulse


class Client:
    """A session with the process that has the vault open; to callers it is an `OwnerSession`.

    What the interface promises and raises, every action promises and raises here.
    """

    def __init__(self, login: Login, actions: Mapping[str, Action] = ACTIONS) -> None:
        self._login = login
        self._actions = actions

    def __getattr__(self, name: str) -> Any:
        """An action of the interface; raises AttributeError for anything else."""
        if name.startswith("_") or name not in self._actions:
            raise AttributeError(f"an owner has no action {name}", name=name, obj=self)
        return partial(perform, self._login, self._actions[name])

    @property
    def token(self) -> str:
        """The bearer token of this session."""
        return self._login.token

    def log_in(self, secret: Secret, *, recovery: bool = False, is_owner: bool = False) -> None:
        """Open the session by the passphrase or, with `recovery`, by the recovery key; see `attach`."""
        self._login.log_in(secret, recovery=recovery, is_owner=is_owner)

    def get_ready_to_prove(self) -> None:
        """Have the passphrase asked now if nothing could be proven without; raises `ApprovalNotProven`."""
        self._login.need_approver()

    def keep_session(self) -> str:
        """The token, for a file: the session then outlives this line."""
        self._login.own_token = False
        return self._login.token

    def quietly(self) -> Self:
        """The same session for calls that nobody asked for: they do not keep the vault unlocked; never closed."""
        return type(self)(replace(self._login, is_quiet=True), self._actions)

    def pulse(self, *, is_background: bool = True) -> Pulse:
        """What changes by itself; asking in the background keeps nothing unlocked."""
        from vault.views.runs import Pulse

        return decode(Pulse, self._login.tell(PULSE, is_background=is_background))

    def begin(self, action: str, /, **arguments: object) -> str:
        """Begin a watched action there, do not wait for it, and return its id."""
        return begin(self._login, self._actions[action], arguments)

    def begun(self) -> list[BegunAction]:
        """The watched actions that were begun there, the oldest first, and what became of each."""
        from vault.views.runs import BegunAction

        return decode(list[BegunAction], self._login.tell(BEGUN, is_background=True))

    def change_passphrase(self, current: Secret, new: Secret, *, recovery: bool = False) -> None:
        """Give the vault another passphrase, knowing the current one or, with `recovery`, the recovery key."""
        from pydantic import SecretStr

        from vault.wire.messages import PassphraseChange

        change = PassphraseChange(
            current=SecretStr(current.reveal().decode()),
            new=SecretStr(new.reveal().decode()),
            recovery=recovery,
        )
        self._login.tell(PASSPHRASE, change)

    def lock(self, *, stop_training: bool = False) -> None:
        """End every session and the process itself; raises `TrainingRuns` unless a run may be stopped for it."""
        from vault.wire.messages import LockRequest

        self._login.tell(LOCK, LockRequest(stop_training=stop_training))

    def lock_after(self, minutes: int) -> None:
        """Lock after so many minutes without use, from now on, in that process alone.

        Longer than now is proven; raises `ApprovalNotProven`.
        """
        from vault.wire.proofs import LOCK_AFTER as ACTION
        from vault.wire.proofs import LockAfter

        try:
            self._login.tell(LOCK_AFTER, LockAfter(minutes=minutes))
        except ApprovalNotProven:
            proof = self._login.proof(ACTION, {"minutes": minutes})
            self._login.tell(LOCK_AFTER, LockAfter.model_validate({"minutes": minutes, "proof": proof}))

    def close(self) -> None:
        """End the session, if it was opened by this process, and the line."""
        self._login.log_out()
        self._login.line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
