"""How long `lockbox --help` and the imports of the houses take, next to an empty Python in the same run.

python benchmarks/cold_start.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "lockbox --help": [str(Path(sys.executable).with_name("lockbox")), "--help"],
    "import vault.vault": [sys.executable, "-c", "import vault.vault"],
    "learner, linear": [sys.executable, "-c", "from learner.warm_up import warm_up; warm_up('linear')"],
    "learner, mlp": [sys.executable, "-c", "from learner.warm_up import warm_up; warm_up('mlp')"],
}


def seconds(command: list[str]) -> float:
    """Wall seconds of one run."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main(rounds: int) -> None:
    """Interleave the commands round by round and print medians and their ratio to an empty Python."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            taken[name].append(seconds(command))
    empty = statistics.median(taken["python -c pass"])
    for name, found in taken.items():
        middle = statistics.median(found)
        print(f"{name:20} {middle * 1000:8.0f} ms  {middle / empty:6.1f} × an empty Python")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
