"""How long the terminal UI takes to its first paint, and from a key to the screen while a job trains and while not.

python benchmarks/terminal_ui.py [ROUNDS]

Everything happens on real pseudo-terminals over a real process that serves the vault. While the same job runs, its
learner is stopped and continued in turns, so that each key with training has one without beside it.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Thread

from vault.client import attach
from vault.errors.families import LockboxError
from vault.owner.interface.owner import Owner

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.worlds.approving import approve  # noqa: E402
from tests.worlds.daemon import serving  # noqa: E402 (found by the line above)
from tests.worlds.terminal import LOCKBOX, Screen, places  # noqa: E402
from tests.worlds.vaults import new_world  # noqa: E402
from tests.worlds.world import PASSPHRASE, World  # noqa: E402

STEPS = 10_000
ROWS = 20_000  # enough for a run that outlasts the measuring
KEYS_A_ROUND = 4
FIRST_WORDS = "sample data"


def first_paint(folder: Path) -> float:
    """Seconds from starting the program to the words of its first screen."""
    begun = time.perf_counter()
    with Screen(LOCKBOX, environ=places(folder)) as screen:
        screen.wait_for(FIRST_WORDS)
        taken = time.perf_counter() - begun
        screen.type("\x11")
        screen.ended()
    return taken


def empty_python() -> float:
    """Seconds that an empty Python takes."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - begun


def until_bytes(screen: Screen, key: str) -> float:
    """Seconds from a key to the first bytes that the program writes for it."""
    screen.rest(0.1)
    before, begun = len(screen.written), time.perf_counter()
    screen.type(key)
    while len(screen.written) == before:
        screen.read(1.0)
    return time.perf_counter() - begun


def until_words(screen: Screen, key: str, words: str) -> float:
    """Seconds from a key that opens a screen to the words that only the vault can tell."""
    screen.rest(0.1)
    before, begun = len(screen.written), time.perf_counter()
    screen.type(key)
    screen.wait_for(words, after=before)
    return time.perf_counter() - begun


def learner_of(parent: int) -> int:
    """The process that learns for this one; it may take a moment to appear."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for one in Path("/proc").glob("[0-9]*"):
            try:
                stat, line = (one / "stat").read_text(), (one / "cmdline").read_bytes()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == parent and b"learner" in line:
                return int(one.name)
        time.sleep(0.05)
    raise SystemExit("no learner was started")


def has_torch(pid: int) -> bool:
    """Whether a process has the library that learns in its memory."""
    return "torch" in Path(f"/proc/{pid}/maps").read_text()


def approved(folder: Path) -> tuple[World, str]:
    """A vault with a long job that may run."""
    world = new_world(folder, now=datetime.now(UTC))
    with world.vault() as vault:
        world.imported(vault, rows=ROWS)
        world.introduced(vault)
        request = vault.submit(world.job(steps=STEPS)).line.id
        approve(vault, request, draft=True)
    return world, request


def trained(vault: Owner, request: str) -> None:
    """Run a request until it is stopped."""
    with suppress(LockboxError):  # that it was stopped
        vault.train(request)


def measure_keys(folder: Path, rounds: int) -> tuple[dict[str, list[tuple[float, float]]], dict[str, bool]]:
    """Pairs of seconds, with training and without; and who has loaded what learns."""
    world, request = approved(folder)
    environ = places(world.folder)
    found: dict[str, list[tuple[float, float]]] = {"key to screen": [], "key to another screen": []}
    with (
        serving(world) as daemon,
        attach.attach(world.paths, attach.passphrase_secret(PASSPHRASE), is_owner=True) as vault,
        Screen(LOCKBOX, environ=environ, size=(100, 30)) as screen,
    ):
        screen.wait_for("passphrase")
        screen.rest()
        screen.type(f"{PASSPHRASE}\r")
        screen.wait_for("What happened")
        run = Thread(target=trained, args=(vault, request))
        run.start()
        learner = learner_of(daemon.pid)
        while not any(run.step for run in vault.runs()):
            time.sleep(0.1)
        loaded = {"the screens": has_torch(screen.pid), "the process of the vault": has_torch(daemon.pid)}
        loaded["the learner, to compare"] = has_torch(learner)
        for _ in range(rounds):
            found["key to another screen"].append(
                pair(learner, lambda: until_words(screen, "8", "entries #") + back(screen))
            )
            screen.type("8")
            screen.rest()
            for key in "jk" * (KEYS_A_ROUND // 2):
                found["key to screen"].append(pair(learner, partial(until_bytes, screen, key)))
            screen.type("7")
            screen.rest()
        vault.stop_training(request)
        run.join()
        screen.type("\x11")
    return found, loaded


def back(screen: Screen) -> float:
    """To the budget again, counted with it."""
    return until_words(screen, "7", "left,")


def pair(learner: int, measure: Callable[[], float]) -> tuple[float, float]:
    """The same measured while the learner works and right after it was stopped."""
    busy = measure()
    os.kill(learner, signal.SIGSTOP)
    try:
        return busy, measure()
    finally:
        os.kill(learner, signal.SIGCONT)


def main(rounds: int) -> None:
    """Measure, and print medians with their ratios."""
    with tempfile.TemporaryDirectory(prefix="lb") as place:
        os.environ["LOCKBOX_RUNTIME"], os.environ["LOCKBOX_CONFIG"] = f"{place}/run", f"{place}/config.toml"
        folder = Path(place)
        paints = [(first_paint(folder / "none"), empty_python()) for _ in range(rounds)]
        row("first paint, from process start", paints, "an empty Python")
        (folder / "w").mkdir()
        found, loaded = measure_keys(folder / "w", rounds)
        for name, pairs in found.items():
            row(f"{name}, while a job trains", pairs, "while none does")
        for who, has in loaded.items():
            print(f"torch in {who}: {'yes' if has else 'no'}")


def row(name: str, pairs: list[tuple[float, float]], beside: str) -> None:
    """Both medians, and the median of the ratios of the pairs."""
    ours, theirs = (statistics.median(values) * 1000 for values in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    print(f"{name:45} {ours:7.0f} ms  {ratio:6.2f} × {beside} ({theirs:.0f} ms)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
