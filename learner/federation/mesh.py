"""A mesh is run from here: a process with the network that stays, and one after another that speaks to the vault.

This process has no key and opens no port.
"""

from __future__ import annotations

import json
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from learner.federation import confined_process
from learner.federation.confined_process import Event, Lines, Tried, error_in, tried
from learner.federation.confined_task import Exit
from learner.federation.mesh_folder import MeshFolder
from vault.errors.families import LockboxError
from vault.errors.meshes import MeshFailed

if TYPE_CHECKING:
    import socket
    from subprocess import Popen

Tell = Callable[[Event], None]
Connect = Callable[[], "socket.socket | None"]

EVERY: Final = 60.0
"""Seconds from one errand at the vault to the next, on the average."""
PATIENCE: Final = 300.0
"""Seconds that an errand may take."""
PAUSES: Final = (1, 5, 20, 60)
"""Seconds before the process with the network is started again, each time that it ended soon."""
STEADY: Final = 600.0
"""Seconds after which it did not end soon."""
_TELLS: Final = {
    "net": frozenset({
        *("trouble", "listening", "not listening", "peers", "alone", "told", "received", "dropped"),
    }),
    "mix": frozenset({
        *("trouble", "dropped", "mixed", "handed over", "not handed over", "released", "refused", "expired"),
        *("not here", "over", "not over"),
    }),
    "probe": frozenset({"trouble", "tried"}),
}  # fmt: skip
"""What a process tells on each task, and nothing else: there is a sentence for each event of a mesh that runs."""
_MOST_HEARD: Final = 20_000
"""From one errand to the next: more than all rounds of as many peers as a mesh can have."""
_PROGRAM: Final = "from learner.federation.mesh_process import main; main(sys.argv[1:])"


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
    wait: Callable[[float], None] = time.sleep
    _due: float = float("-inf")
    _last: str = ""

    def go_on(self) -> None:
        """Stay on the network and go on errands, until the mesh is left.

        A process with the network that ends unasked is started again, a few times. Raises what it tells before it ends,
        and ``MeshFailed``.
        """
        tries = iter(PAUSES)
        while True:
            begun = self.clock()
            ended = self._until_it_ends()
            if self._is_left():
                self.tell({"event": "left"})
                return
            if self.clock() - begun >= STEADY:
                tries = iter(PAUSES)
            within = next(tries, None)
            if within is None:
                raise MeshFailed(
                    reason=f"the process with the network {ended}, each time that it was started"
                )
            self.tell({"event": "network again", "note": ended, "within": within})
            self.wait(within)

    def _until_it_ends(self) -> str:
        """Let the process with the network run and go on errands meanwhile; says how it ended."""
        where = (json.dumps(list(self.listen)), json.dumps(list(self.others)))
        if not self._is_left():
            # to which ports it may speak it reads there, and one before it may have been turned
            self.folder.net.keep(self.folder.node())
        with started("net", self.folder.net, *where) as process:
            lines, heard = Lines(process, MeshFailed, _TELLS["net"]), 0
            while not lines.is_over:
                if self.clock() >= self._due:
                    self._errand()
                    self._due, heard = self.clock() + self.every * (0.5 + self.chance()), 0
                for event in lines.within(max(0.0, self._due - self.clock())):
                    self._tell_network(event)
                    heard += 1
                if heard > _MOST_HEARD:
                    raise MeshFailed(reason="the process with the network tells more than a mesh can")
            return how_ended(lines.exit_code())

    def _tell_network(self, event: Event) -> None:
        if event["event"] != "trouble":
            self.tell(event)
        elif not self._is_left():
            raise error_in(event)

    def _is_left(self) -> bool:
        return not self.folder.path.exists()

    def _errand(self) -> None:
        """Go to the vault; what goes wrong there is told once, and ends nothing."""
        try:
            for event in errand(self.folder, self.connect):
                self._tell_news(event)
        except LockboxError as error:
            if not self._is_left():
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
        lines = Lines(process, MeshFailed, _TELLS["mix"])
        for event in lines.until_over(PATIENCE):
            if event["event"] == "trouble":
                raise error_in(event)
            yield event
        code = lines.exit_code()
    if code == Exit.LINE_LOST:
        yield {"event": "locked"}
    elif code:
        raise MeshFailed(reason=f"the one that speaks to the vault {how_ended(code)}")


def is_installed() -> bool:
    """Whether zenoh, through which peers speak, is there; it is not loaded."""
    return find_spec("zenoh") is not None


def probe(targets: Mapping[str, Path]) -> list[Tried]:
    """What the locked-in process with the network tried on these paths, by what they are called, and on the rest.

    Raises the error that it tells, and ``MeshFailed`` when it does not come to its end.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        started("probe", MeshFolder(Path(folder)), *map(str, targets.values())) as process,
    ):
        lines = Lines(process, MeshFailed, _TELLS["probe"])
        told = list(lines.until_over(PATIENCE))
        code = lines.exit_code()
    for event in told:
        if event["event"] == "trouble":
            raise error_in(event)
    if code:
        raise MeshFailed(reason=f"the one that tries its own sandbox {how_ended(code)}")
    return [tried(one, list(targets), who="mesh") for one in told]


def how_ended(code: int) -> str:
    """What is known of a process that ended without saying why, by its exit code."""
    if code < 0:
        return f"was ended by the system or by somebody ({signal.strsignal(-code)})"
    if code == Exit.BROKEN:
        return "came upon something that it does not know, or upon too little memory"
    return f"ended by itself with code {code}"


def started(
    task: str, folder: MeshFolder, *rest: str, line: int | None = None
) -> AbstractContextManager[Popen[bytes]]:
    """A process for one task, ended with its block."""
    return confined_process.started(_PROGRAM, task, str(folder.path), *rest, line=line)
