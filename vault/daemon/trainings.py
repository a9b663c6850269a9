"""The runs that this process was asked for: each in one living thread, so that who asked does not have to wait.

One thread starts the learner and trains with it: on Linux a learner dies with the thread that started it.
"""

from __future__ import annotations

from threading import Lock, Thread
from typing import TYPE_CHECKING

from vault.errors.families import InternalError, LockboxError
from vault.errors.requests import UnknownRequest, WrongState
from vault.wire.errors import error_body
from vault.wire.messages import Outcome

if TYPE_CHECKING:
    from vault.vault import Vault

_RUNNING = Outcome(state="running")


class Trainings:
    """Runs by the full id of their request, from their start until this process ends."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._outcomes: dict[str, Outcome] = {}
        self._threads: list[Thread] = []
        self._guard = Lock()

    def start(self, request_id: str) -> None:
        """Begin a run and return at once; raises `UnknownRequest`, and `WrongState` when it runs here already."""
        full = self._vault.request(request_id).line.id
        with self._guard:
            if self._outcomes.get(full) is _RUNNING:
                raise WrongState(state="running already")
            self._outcomes[full] = _RUNNING
            thread = Thread(target=self._train, args=(full,), name=f"training {full[:8]}")
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]
            thread.start()

    def outcome(self, request_id: str) -> Outcome:
        """What became of a run that was begun here, by its id's beginning; raises `UnknownRequest`."""
        with self._guard:
            found = [
                one
                for full, one in self._outcomes.items()
                if request_id and full.startswith(request_id.lower())
            ]
        if len(found) != 1:
            raise UnknownRequest(request=request_id)
        return found[0]

    @property
    def are_going_on(self) -> bool:
        """Whether a run was begun here that has not ended."""
        return any(thread.is_alive() for thread in self._threads)

    def end_all(self) -> None:
        """End every run, and wait until what became of it is written down."""
        self._vault.end_runs()
        for thread in self._threads:
            thread.join()

    def _train(self, full: str) -> None:
        outcome = _outcome_of(self._vault, full)
        with self._guard:
            self._outcomes[full] = outcome


def _outcome_of(vault: Vault, full: str) -> Outcome:
    try:
        vault.train(full, progress=lambda _step, _of: None)
    except LockboxError as error:
        return Outcome(state="failed", error=error_body(error))
    except Exception as error:  # the end of a thread is the end of a process: nothing above could hear it
        return Outcome(state="failed", error=error_body(InternalError(what=type(error).__name__)))
    return Outcome(state="done")
