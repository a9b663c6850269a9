"""Notice that a run has ended, whatever page is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.text import wording

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.views.runs import BegunAction

RUNNING = "running"


class RunWatch:
    """The runs whose end has still to be told; the vault is not called while none has ended."""

    def __init__(self) -> None:
        self._followed: set[str] = set()
        self._known_to_end: set[str] = set()

    def follow(self, request_id: str) -> None:
        """Tell about this run when it ends, even when it is too quick to be seen."""
        self._known_to_end.discard(request_id)
        self._followed.add(request_id)

    def ignore(self, request_id: str) -> None:
        """Tell nothing about this run: whoever stopped it knows."""
        self._known_to_end.add(request_id)
        self._followed.discard(request_id)

    def expects(self, now: set[str]) -> bool:
        """Whether a run was begun that is not among those that go on, because it gets ready or has just ended."""
        return bool(self._followed - now)

    def missing(self, now: set[str]) -> set[str]:
        """The runs that are followed and no longer among those that go on."""
        return self._followed - now

    def unfollow(self, request_id: str) -> bool:
        """Follow this run no longer; whether it was followed until now."""
        is_followed = request_id in self._followed
        self._followed.discard(request_id)
        return is_followed

    def update(self, now: set[str]) -> None:
        """Follow the runs that go on, but for those that were stopped here."""
        self._followed |= now - self._known_to_end


def _is_of(begun: BegunAction, request_id: str) -> bool:
    """Whether it is the run of this request, which may have been named by the beginning of its id."""
    return begun.action == "train" and request_id.startswith(str(begun.arguments["request_id"]).lower())


def outcome_of_run(vault: OwnerSession, request_id: str) -> tuple[str, str]:
    """How a run ended as a title and a sentence, or two empty texts as long as it goes on."""
    begun = [one for one in vault.begun() if _is_of(one, request_id)]
    # None where another process ran it, or this one was started anew meanwhile.
    last = begun[-1] if begun else None
    if last is not None and last.state == RUNNING:
        return "", ""
    line = vault.request(request_id).line
    who = wording.short(line.requester, 30)
    if line.state == "held":
        return (
            "A result waits for you",
            f"The run for {who} has ended; its result is held here, and nothing has left. To look at it: 6, Release.",
        )
    if last is None or not last.error:
        return "A run ended", f"The run for {who} has ended. {wording.after_a_stop(line.state)}"
    cost = (
        "Nothing was read, and nothing is spent." if line.state == "approved" else "What it cost stays spent."
    )
    return "A run ended", f"The run for {who} has ended without a result. {last.error} {cost}"
