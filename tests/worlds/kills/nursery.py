"""The tests' side of the nursery in child.py: orders, what owners say, and how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.worlds import learners
from tests.worlds.world import World

ROOT = Path(__file__).parents[3]
KILLED = signal.SIGKILL


@dataclass(slots=True)
class Nursery:
    """The parent of the owners that are killed."""

    process: subprocess.Popen[str]
    learner: tuple[str, ...]
    pid: int = 0
    said: list[str] = field(default_factory=list)

    def order(self, world: World, **words: object) -> None:
        """Let a new owner begin."""
        assert self.process.stdin is not None
        line = {"folder": str(world.folder), "learner": self.learner, "at": "", **words}
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        self.said = []
        self.pid = int(self.wait_for("pid ").split()[1])

    def wait_for(self, beginning: str) -> str:
        """Read what the owner says until a line begins so."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.strip())
            if line.startswith(beginning):
                return line
        raise AssertionError(f"the nursery ended: {self.said}")

    def end(self) -> int:
        """Read until the owner is dead, and give the signal that ended it."""
        status = int(self.wait_for("dead ").split()[1])
        assert not any(line.startswith("failed") for line in self.said), self.said
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0

    def kill(self) -> None:
        os.kill(self.pid, KILLED)
        assert self.end() == KILLED

    def subject(self) -> str:
        """What the act was about: a collection, a request or a job folder."""
        return next(line.split(maxsplit=1)[1] for line in self.said if line.startswith("subject "))


@contextmanager
def nursery_for(job: Path) -> Iterator[Nursery]:
    """One parent for all owners, so that none of them has to import anything; `job` is a calibrated one."""
    command = [sys.executable, "-m", "tests.worlds.kills.child", str(job)]
    learner = learners.pretended(learners.zeros(job))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        one = Nursery(process=process, learner=learner)
        one.wait_for("ready")
        yield one
        assert process.stdin is not None
        process.stdin.close()
