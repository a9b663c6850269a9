"""A job that runs in this process: how far it is, how its learner is confined, and how to end it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, get_ident

from learner.protocol import SandboxFacts

LONGEST_END = 20.0
"""Seconds that ending a run may take until who stopped it goes on."""


@dataclass(slots=True, kw_only=True)
class Run:
    """A request whose learner runs here; `step` follows what the learner says, and is 0 until it begins."""

    end_learner: Callable[[], None]
    of: int
    started_at: datetime
    sandbox: SandboxFacts
    step: int = 0
    is_stopped: bool = False
    stopped_because: str = ""
    thread: int = field(default_factory=get_ident)
    ended: Event = field(default_factory=Event)

    def stop(self, because: str = "") -> None:
        """End the learner at once, from any thread; whoever trains gets `LearnerFailed`.

        `because` is the code that the trail then gives as the reason, if there is a better one than the learner's end.
        """
        self.is_stopped, self.stopped_because = True, because
        self.end_learner()

    def wait(self) -> None:
        """Until the vault has written down how the run ended; at once on the thread that trains."""
        if self.thread != get_ident():
            self.ended.wait(LONGEST_END)
