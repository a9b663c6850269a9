"""A mesh is run from here: a process with the network that stays, and one after another that speaks to the vault.

This process has no key and opens no port.
"""

from __future__ import annotations

import json
import os
import random
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from learner.federation import mesh_folder
from learner.federation.mesh_folder import MeshFolder
from learner.protocol import ENVIRONMENT
from vault.errors.families import LockboxError
from vault.errors.meshes import MeshFailed

if TYPE_CHECKING:
    import socket

Event = Mapping[str, Any]
Tell = Callable[[Event], None]
Connect = Callable[[], "socket.socket | None"]

EVERY: Final = 60.0
"""Seconds from one errand at the vault to the next, on the average."""
PATIENCE: Final = 300.0
"""Seconds that an errand may take."""
LINE_LOST: Final = 3
"""The exit code of an errand whose line to the vault was lost."""
_LONGEST_LINE: Final = 64 << 10

# from where this very code was loaded, whatever the interpreter would find by itself
_ROOT: Final = str(Path(mesh_folder.__file__).parents[2])
_START: Final = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from learner.federation.mesh_process import main; main(sys.argv[1:])"
)


@dataclass(slots=True, kw_only=True)
class Running:
    """One mesh that runs; ``every`` is in seconds."""

    folder: MeshFolder
    connect: Connect
    tell: Tell
    listen: Sequence[str] = ()
    others: Sequence[str] = ()
    every: float = EVERY
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = field(default_factory=lambda: random.SystemRandom().random)
    _last: str = ""

    def go_on(self) -> None:
        """Stay on the network and go on errands; raises what the process with the network tells before it ends."""
        where = (json.dumps(list(self.listen)), json.dumps(list(self.others)))
        with started("net", self.folder.net, *where) as process:
            assert process.stdout is not None
            lines, due = _Lines(process.stdout.fileno()), self.clock()
            while True:
                if self.clock() >= due:
                    self._errand()
                    due = self.clock() + self.every * (0.5 + self.chance())
                for event in lines.within(max(0.0, due - self.clock())):
                    self._tell_network(event)
                if lines.is_over:
                    raise MeshFailed(reason="the process with the network ended without a word")

    def _tell_network(self, event: Event) -> None:
        if event["event"] == "trouble":
            raise error_in(event)
        self.tell(event)

    def _errand(self) -> None:
        """Go to the vault; what goes wrong there is told once, and ends nothing."""
        try:
            for event in errand(self.folder, self.connect):
                self._tell_news(event)
        except LockboxError as error:
            self._tell_news({"event": "vault trouble", "sentence": str(error)})

    def _tell_news(self, event: Event) -> None:
        said = json.dumps(dict(event), sort_keys=True)
        if event["event"] not in ("locked", "vault trouble") or said != self._last:
            self.tell(event)
        self._last = said


def errand(folder: MeshFolder, connect: Connect) -> Iterator[Event]:
    """Let a process go to the vault once, and say what it tells; raises the error that it tells, and ``MeshFailed``.

    Where nobody has the vault open, or it is lost on the way, that is all there is to tell.
    """
    line = connect()
    if line is None:
        yield {"event": "locked"}
        return
    with line, started("mix", folder, str(line.fileno()), line=line.fileno()) as process:
        assert process.stdout is not None
        lines, until = _Lines(process.stdout.fileno()), time.monotonic() + PATIENCE
        while not lines.is_over:
            if time.monotonic() >= until:
                raise MeshFailed(reason="it took too long")
            for event in lines.within(until - time.monotonic()):
                if event["event"] == "trouble":
                    raise error_in(event)
                yield event
        code = process.wait(PATIENCE)
    if code == LINE_LOST:
        yield {"event": "locked"}
    elif code:
        raise MeshFailed(reason="it ended without a word")


def error_in(event: Event) -> LockboxError:
    """The error that a process told."""
    from vault.wire.errors import ErrorBody, error_from

    return error_from(
        ErrorBody.model_validate({key: value for key, value in event.items() if key != "event"})
    )


@contextmanager
def started(
    task: str, folder: MeshFolder, *rest: str, line: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process for one task, ended with this block."""
    command = (sys.executable, "-I", "-c", _START, _ROOT, task, str(folder.path), *rest)
    process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=dict(ENVIRONMENT),
        pass_fds=() if line is None else (line,),
    )
    assert process.stdout is not None
    try:
        with process.stdout:
            yield process
    finally:
        process.kill()
        process.wait()


class _Lines:
    """What a process tells, line by line."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._data = b""
        self.is_over = False

    def within(self, seconds: float) -> list[Event]:
        """What it tells next, or nothing within that time."""
        ready, _, _ = select.select([self._descriptor], [], [], max(0.0, seconds))
        if not ready:
            return []
        more = os.read(self._descriptor, _LONGEST_LINE)
        self.is_over = not more
        *lines, self._data = (self._data + more).split(b"\n")
        if len(self._data) > _LONGEST_LINE:
            raise MeshFailed(reason="it says what nobody understands")
        return [_parsed(one) for one in lines]


def _parsed(line: bytes) -> Event:
    try:
        told = json.loads(line)
    except ValueError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("event"), str):
        raise MeshFailed(reason="it says what nobody understands")
    return told
