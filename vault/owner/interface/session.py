"""What only a session with another process has, beside the actions of the owner."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from vault.owner.interface.owner import Owner
from vault.views.runs import BegunAction, Pulse

if TYPE_CHECKING:
    from vault.sealing.secret import Secret


class Session(Protocol):
    """A session with the process that has the vault open; close it, or use it in a with statement."""

    @property
    def token(self) -> str:
        """The bearer token of this session."""

    def log_in(self, secret: Secret, *, recovery: bool = False, is_owner: bool = False) -> None:
        """Open the session by the passphrase or, with `recovery`, by the recovery key."""

    def get_ready_to_prove(self) -> None:
        """Have the passphrase asked now if nothing could be proven without; raises `ApprovalNotProven`."""

    def keep_session(self) -> str:
        """The token, for a file: the session then outlives this line."""

    def quietly(self) -> Self:
        """The same session for calls that nobody asked for: they do not keep the vault unlocked; never closed."""

    def pulse(self, *, is_background: bool = True) -> Pulse:
        """What changes by itself; asking in the background keeps nothing unlocked."""

    def begin(self, action: str, /, **arguments: object) -> str:
        """Begin a watched action there, do not wait for it, and return its id."""

    def begun(self) -> list[BegunAction]:
        """The watched actions that were begun there, the oldest first, and what became of each."""

    def change_passphrase(self, current: Secret, new: Secret, *, recovery: bool = False) -> None:
        """Give the vault another passphrase, knowing the current one or, with `recovery`, the recovery key."""

    def lock(self, *, stop_training: bool = False) -> None:
        """End every session and the process itself; raises `TrainingRuns` unless a run may be stopped for it."""

    def lock_after(self, minutes: int) -> None:
        """Lock after so many minutes without use, from now on, in that process alone; longer than now is proven."""

    def close(self) -> None:
        """End the session, if it was opened by this process, and the line."""

    def __enter__(self) -> Self:
        """The session itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close it."""


class OwnerSession(Owner, Session, Protocol):
    """The owner of a vault that another process has open."""
