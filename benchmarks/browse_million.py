"""What a big collection costs its owner: import, pages, a search, the drawing, and erasing; and the memory it takes.

python benchmarks/browse_million.py [ROWS]    1,000,000 rows of 8 columns unless told otherwise

Each line is one step in a process of its own, so that the memory is that step's alone: seconds on the clock, seconds
of processor time, and how far the resident memory rose above that of the opened vault.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from vault.sealing.slots import TEST_COST
from vault.settings import Paths
from vault.vault import Vault, passphrase_secret
from vault.views.records import FileChoice

NAME, PASSPHRASE = "rows", "made up for a benchmark"
COLUMNS = ("when", "steps", "weight", "pulse", "activity", "active", "note", "score")
Step = Callable[[Vault, FileChoice], object]


def main(rows: int) -> None:
    """Make a throw-away vault and take every step in it."""
    with TemporaryDirectory() as folder:
        paths = Paths(vault=Path(folder) / "vault", state=Path(folder) / "state")
        Vault.create(paths, passphrase_secret(PASSPHRASE), cost=TEST_COST)
        choice = FileChoice(path=Path(folder) / "rows.csv", name=NAME)
        write_rows(choice.path, rows)
        print(f"{rows:,} rows of {len(COLUMNS)} columns, {choice.path.stat().st_size / 1e6:.0f} MB")
        print(f"{'step':34} {'clock s':>8} {'cpu s':>8} {'memory MB':>10}")
        for name, step in steps(rows).items():
            in_a_process(name, paths, choice, step)


def steps(rows: int) -> dict[str, Step]:
    """What is measured, in order."""
    return {
        "import, looked at first": lambda vault, choice: vault.import_planned(vault.plan_import(choice).id),
        "first page": lambda vault, _: vault.browse(NAME),
        "page in the middle": lambda vault, _: vault.browse(NAME, first=rows // 2, limit=500),
        "search of a word, found once": lambda vault, _: found(vault, f"note {rows - 1},"),
        "search of digits in every column": lambda vault, _: found(vault, "77"),
        "search that finds nothing": lambda vault, _: found(vault, "no such text"),
        "show": lambda vault, _: vault.show_collection(NAME),
        "erase": lambda vault, _: vault.erase_collection(NAME),
    }


def found(vault: Vault, text: str) -> None:
    """Search, and say how much was found."""
    page = vault.browse(NAME, search=text)
    print(f"  {text!r} is in {page.matches:,} rows")


def write_rows(file: Path, rows: int) -> None:
    """A file of plausible health rows, the same every time."""
    dice, begin = random.Random(1), datetime(2000, 1, 1, tzinfo=UTC)
    with file.open("w") as target:
        target.write(",".join(COLUMNS) + "\n")
        for number in range(rows):
            when = begin + timedelta(minutes=13 * number)
            activity = dice.choice(("walk", "run", "bike"))
            target.write(
                f"{when:%Y-%m-%dT%H:%M:%SZ},{dice.randint(0, 20_000)},{dice.gauss(70, 9):.2f},"
                f"{dice.randint(40, 180)},{activity},{dice.random() < 0.5},"
                f'"note {number}, {"x" * dice.randint(0, 20)}",{dice.random()}\n'
            )


def in_a_process(name: str, paths: Paths, choice: FileChoice, step: Step) -> None:
    """Open the vault in a child, take the step and print what it cost."""
    child = os.fork()
    if child == 0:
        with Vault.open(paths, passphrase_secret(PASSPHRASE)) as vault:
            before, clock, cpu = highest(), time.perf_counter(), time.process_time()
            step(vault, choice)
            spent = time.perf_counter() - clock, time.process_time() - cpu
        print(f"{name:34} {spent[0]:8.2f} {spent[1]:8.2f} {highest() - before:10.0f}", flush=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit(f"{name} failed")


def highest() -> float:
    """The most memory this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
