"""The watched actions that this process was asked for: each in one living thread, so that who asked need not wait.

One thread starts a learner and trains with it: on Linux a learner dies with the thread that started it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final, Literal

from vault.errors.daemon import Stopped, UnknownAction
from vault.errors.exhaustion import truly
from vault.errors.families import LockboxError
from vault.errors.storage import OutOfResources
from vault.errors.training import LearnerFailed, RunLost
from vault.sealing.random import random_id
from vault.training.living import stop_learner_of
from vault.views.runs import BegunAction
from vault.wire.errors import ErrorBody, error_body, unforeseen
from vault.wire.messages import Outcome

if TYPE_CHECKING:
    from vault.owner.interface.kinds import Progress
    from vault.vault import Vault

KEPT: Final = 64
"""So many ended actions are remembered."""
RUN: Final = "train"


@dataclass(slots=True, kw_only=True)
class Watched:
    """One action from its beginning until it is forgotten; its own thread alone writes, but for `is_stopped`."""

    id: str
    action: str
    arguments: Mapping[str, object]
    state: Literal["running", "done", "failed"] = "running"
    done: int = 0
    of: int = 0
    error: ErrorBody | None = None
    answer: Any = None
    is_stopped: bool = False
    thread: Thread = field(init=False)

    def follow(self, done: int, of: int) -> None:
        """Note how far it is; raises `Stopped` once it was stopped."""
        self.done, self.of = done, of
        if self.is_stopped:
            raise Stopped

    def carry_out(self, work: Callable[[Progress], object]) -> None:
        """Do it, and note what became of it."""
        try:
            self.answer = work(self.follow)
        except LockboxError as error:
            self.error, self.state = error_body(self._as_told(truly(error))), "failed"
        except Exception as error:  # the end of a thread is the end of a process: nothing above could hear it
            self.error, self.state = error_body(unforeseen(error)), "failed"
        else:
            self.state = "done"

    def _as_told(self, error: LockboxError) -> LockboxError:
        """A learner that was ended because this was stopped is no failure; where the budget is spent, that is said."""
        was_ended = self.is_stopped and isinstance(error, LearnerFailed) and not isinstance(error, RunLost)
        return Stopped() if was_ended else error

    def outcome(self, kind: type[Outcome[Any]]) -> Outcome[Any]:
        """How far it is, and what became of it."""
        state = self.state  # first, since what belongs to an end is there before the state says so
        return kind(state=state, done=self.done, of=self.of, error=self.error, answer=self.answer)

    def view(self) -> BegunAction:
        """The same for somebody who looks at all of them."""
        return BegunAction(
            id=self.id, action=self.action, arguments=self.arguments, state=self.state, done=self.done, of=self.of,
            error=self.error.sentence if self.error else "",
        )  # fmt: skip


class WatchedActions:
    """The watched actions by their ids, the oldest first."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._begun: dict[str, Watched] = {}
        self._stopped: deque[str] = deque(maxlen=KEPT)
        self._guard = Lock()

    def begin(
        self, action: str, arguments: Mapping[str, object], work: Callable[[Progress], object], *,
        action_id: str | None = None,
    ) -> str:  # fmt: skip
        """Begin an action and return its id at once; what was begun or stopped under a chosen id begins no more."""
        one = Watched(id=action_id or random_id(), action=action, arguments=arguments)
        one.thread = Thread(target=one.carry_out, args=(work,), name=f"{action} {one.id[:8]}")
        with self._guard:
            if one.id in self._stopped:
                raise Stopped
            if one.id in self._begun:
                return one.id
            ended = [old for old, each in self._begun.items() if each.state != "running"]
            for old in ended[: max(0, len(ended) - KEPT)]:
                del self._begun[old]
            try:
                one.thread.start()
            except (RuntimeError, MemoryError):  # no thread can be started
                raise OutOfResources(what="memory") from None
            self._begun[one.id] = one
        return one.id

    def find(self, action_id: str, action: str = "") -> Watched:
        """One that was begun here, of this name if one is given; raises `UnknownAction`."""
        one = self._begun.get(action_id)
        if one is None or action not in ("", one.action):
            raise UnknownAction(action=action_id)
        return one

    def stop(self, action_id: str) -> None:
        """End an action as soon as it can be; nothing of it is kept but what was paid for.

        Raises `UnknownAction` for one that has not begun, which then never does.
        """
        with self._guard:
            if action_id not in self._begun:
                self._stopped.append(action_id)
        one = self.find(action_id)
        one.is_stopped = True
        if one.thread.is_alive() and one.thread.ident is not None:
            self._vault.stop_run_of(one.thread.ident)

    def views(self) -> list[BegunAction]:
        """All of them, the oldest first."""
        with self._guard:
            return [one.view() for one in self._begun.values()]

    @property
    def has_run(self) -> bool:
        """Whether a run was begun here that has not ended."""
        return any(one.action == RUN and one.thread.is_alive() for one in self._all())

    @property
    def is_busy(self) -> bool:
        """Whether anything was begun here that has not ended."""
        return any(one.thread.is_alive() for one in self._all())

    def stop_all(self) -> None:
        """Let no run begin any more, and end everything as soon as it can be."""
        self._vault.end_runs()
        for one in self._all():
            one.is_stopped = True
            if one.thread.is_alive() and one.thread.ident is not None:
                stop_learner_of(one.thread.ident)

    def end_all(self, until: float) -> bool:
        """End everything, and return whether that was done and written down by this moment of the monotonic clock."""
        self.stop_all()
        for one in self._all():
            one.thread.join(max(0.0, until - time.monotonic()))
        return not self.is_busy

    def _all(self) -> list[Watched]:
        with self._guard:
            return list(self._begun.values())
