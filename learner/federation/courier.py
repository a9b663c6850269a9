"""Couriers are started here, one process for one errand, and started again; this process has no key and opens no port.

Each campaign has a time of its own, so that what several requesters get is never sent together.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from learner.federation.confined_process import Event, Lines, Tried, error_in, started, tried
from learner.federation.confined_task import Exit
from learner.federation.courier_folder import KEY_FILE, PROOF_FILE, CourierFolder, CourierState, carried
from vault.errors.families import LockboxError
from vault.errors.federation import CourierFailed, CourierFolderDamaged

if TYPE_CHECKING:
    import socket

Tell = Callable[[CourierFolder, Event], None]
Connect = Callable[[], "socket.socket | None"]
Go = Callable[..., None]

EVERY: Final = 300.0
"""Seconds from one errand for a campaign to the next, on the average."""
LONGEST: Final = 6 * 3600.0
PATIENCE: Final = 900.0
"""Seconds that an errand may take."""
_TELLS: Final = {
    "look": frozenset({"trouble", "looked"}),
    "enrol": frozenset({"trouble", "enrolled"}),
    "carry": frozenset({
        *("trouble", "handed over", "not handed over", "released", "sent", "not sent", "refused", "expired"),
        *("not here", "model", "no model"),
    }),
    "probe": frozenset({"trouble", "tried"}),
}  # fmt: skip
"""What a courier tells on each task, and nothing else: there is a sentence for each event of an errand."""
_PROGRAM: Final = "from learner.federation.courier_process import main; main(sys.argv[1:])"


def look(folder: CourierFolder) -> None:
    """Let a courier check who invites, and put the campaign into its folder; nothing of the vault is told by it.

    Raises the error that it tells, and ``CourierFailed``.
    """
    _raise_told(list(_events(folder, "look")))


def enrol(folder: CourierFolder, key: bytes, proof: bytes) -> None:
    """Let a courier check who invites, give this public key to the coordinator and put the campaign into its folder.

    ``proof`` is the key's signature of its enrolment.

    Raises the error that it tells, and ``CourierFailed``.
    """
    folder.write(KEY_FILE, key)  # arguments can be read by everybody on this computer
    folder.write(PROOF_FILE, proof)
    told = list(_events(folder, "enrol"))
    _raise_told(told)


def errand(folder: CourierFolder, *, connect: Connect, tell: Tell) -> None:
    """Let a courier go once; raises the error that it tells, and ``CourierFailed``.

    Where nobody has the vault open it sends what was released before and nothing else. One that loses the vault on its
    way ends as if the vault were locked: were it started again at once, the coordinator could tell.
    """
    told = []
    for event in _carried_out(folder, connect):
        told.append(event)
        if event.get("event") not in ("trouble", "ended"):
            tell(folder, event)
    if told[-1].get("code") == Exit.LINE_LOST:
        tell(folder, {"event": "locked"})
    else:
        _raise_told(told)


def probe(targets: Mapping[str, Path]) -> list[Tried]:
    """What a locked-in courier tried on these paths, by what they are called, and on the rest of the computer.

    Raises ``CourierFailed`` when it does not come to its end.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = list(_events(CourierFolder(Path(folder)), "probe", *map(str, targets.values())))
    _raise_told(told)
    return [tried(one, list(targets), who="courier") for one in told if one["event"] == "tried"]


@dataclass(slots=True, kw_only=True)
class Couriers:
    """The couriers of one person, each at its own time; ``every`` is in seconds."""

    home: Path
    connect: Connect
    tell: Tell
    every: float = EVERY
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = field(default_factory=lambda: random.SystemRandom().random)
    go: Go = errand
    _due: dict[Path, float] = field(default_factory=dict)
    _last: dict[Path, str] = field(default_factory=dict)
    _killed: Counter[Path] = field(default_factory=Counter)

    def go_on(self) -> None:
        """Go on until the process is ended."""
        while True:
            self.turn()

    def turn(self) -> None:
        """Let go whose time has come, or wait for whose comes next, but no longer than until others may be there."""
        folders, now = self._by_time(), self.clock()
        first = min([now + self.every, *(self._due[one.path] for one in folders[:1])])
        if folders and first <= now:
            self._go(folders[0])
        else:
            self.pause(first - now)

    def _by_time(self) -> list[CourierFolder]:
        """Every campaign that is not over, whose turn is next first: one at once, others at times of their own."""
        folders = [one for one in carried(self.home) if not _is_over(one)]
        for folder in folders:
            if folder.path not in self._due:
                self._due[folder.path] = self.clock() + (self.every * self.chance() if self._due else 0.0)
        return sorted(folders, key=lambda one: self._due[one.path])

    def _go(self, folder: CourierFolder) -> None:
        path, killed = folder.path, 0
        try:
            self.go(folder, connect=self.connect, tell=self._tell_news)
        except LockboxError as error:
            # who was killed could not write down that it failed
            killed = self._killed[path] + 1 if isinstance(error, CourierFailed) else 0
            self._tell_news(folder, {"event": "trouble", "sentence": str(error)})
        self._killed[path] = killed
        self._due[path] = self.clock() + wait_after(_failures(folder) + killed, self.every, self.chance())
        self._draw_anew(path)

    def _draw_anew(self, gone: Path) -> None:
        """Put off whoever came due during an errand: who made it long would make all others go right after it."""
        now = self.clock()
        for path in self._due.keys() - {gone}:
            if self._due[path] <= now:
                self._due[path] = now + self.every * self.chance()

    def _tell_news(self, folder: CourierFolder, event: Event) -> None:
        """Tell what happened, but not again and again that the vault is locked or that there is the same trouble."""
        said = json.dumps(dict(event), sort_keys=True)
        if event["event"] not in ("locked", "trouble") or self._last.get(folder.path) != said:
            self.tell(folder, event)
        self._last[folder.path] = said


def wait_after(failures: int, every: float, chance: float) -> float:
    """Seconds to the next errand: half to one and a half of the usual, twice as long after each that failed."""
    usual = min(every * 2.0 ** min(max(failures, 0), 32), max(LONGEST, every))
    return usual * (0.5 + chance)


def _is_over(folder: CourierFolder) -> bool:
    state = _state(folder)
    return state is not None and state.is_over


def _failures(folder: CourierFolder) -> int:
    state = _state(folder)
    return 1 if state is None else state.failures


def _state(folder: CourierFolder) -> CourierState | None:
    """How far it is, or None where that cannot be read: its next errand says so."""
    try:
        return folder.state()
    except CourierFolderDamaged:
        return None


def _carried_out(folder: CourierFolder, connect: Connect) -> Iterator[Event]:
    line = connect()
    if line is None:
        yield {"event": "locked"}
        yield from _events(folder, "carry")
        return
    with line:
        yield from _events(folder, "carry", str(line.fileno()), line=line.fileno())


def _events(folder: CourierFolder, task: str, *rest: str, line: int | None = None) -> Iterator[Event]:
    """What a courier tells, line by line, and in the end its exit code; ended when nobody listens any more."""
    with started(_PROGRAM, task, str(folder.path), *rest, line=line) as process:
        lines = Lines(process, CourierFailed, _TELLS[task])
        yield from lines.until_over(PATIENCE)
        yield {"event": "ended", "code": lines.exit_code()}


def _raise_told(told: list[Event]) -> None:
    """Raise the error that a courier told, if it did."""
    for one in told:
        if one["event"] == "trouble":
            raise error_in(one)
    if told[-1].get("code") != Exit.DONE:
        raise CourierFailed(reason="it ended without a word")
