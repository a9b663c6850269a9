"""Plant every bug in a copy of the tree, one after the other, and see its test catch it (`make mutants`)."""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from all_mutants import MUTANTS
from mutant import Kind, Mutant
from mutant_copy import ROOT, Copy, copied
from mutant_trial import Outcome, Trial, run_tests, tried
from named_tests import node_id


def main(arguments: Sequence[str]) -> int:
    """Run the chosen mutants and print what became of them; 1 unless every one was caught."""
    chosen = parser().parse_args(arguments)
    mutants = [
        mutant
        for mutant in MUTANTS
        if chosen.kind in {None, mutant.kind} and (not chosen.names or mutant.name in chosen.names)
    ]
    if unknown := set(chosen.names) - {mutant.name for mutant in mutants}:
        parser().error(f"there is no such mutant: {', '.join(sorted(unknown))}")
    with TemporaryDirectory(prefix="mutants-") as folder:
        copies = [copied(Path(folder) / str(number)) for number in range(chosen.jobs)]
        if not tests_pass(copies[0], mutants):
            return 1
        trials = list(told(all_tried(copies, mutants), len(mutants)))
    print(table(trials))
    return 0 if trials and all(trial.outcome is Outcome.CAUGHT for trial in trials) else 1


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(prog="run_mutants.py", description=__doc__)
    found.add_argument("names", nargs="*", help="names of single mutants; by default all of them")
    found.add_argument("--kind", choices=[kind.value for kind in Kind], help="those of one kind alone")
    found.add_argument(
        "--jobs", type=int, default=1, help="how many processes try at once, each in its own copy"
    )
    return found


def tests_pass(copy: Copy, mutants: Sequence[Mutant]) -> bool:
    """Whether the named tests pass where no bug is planted: otherwise their failing says nothing."""
    ran = run_tests(copy, sorted({node_id(ROOT, mutant.caught_by) for mutant in mutants}))
    print(f"without a bug: {'all pass' if ran.code == 0 else ran.output} ({ran.seconds:.1f} s)", flush=True)
    return ran.code == 0


def all_tried(copies: Sequence[Copy], mutants: Sequence[Mutant]) -> Iterator[Trial]:
    """Try every mutant, as many at once as there are copies."""
    free: SimpleQueue[Copy] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def tried_in_one(mutant: Mutant) -> Trial:
        copy = free.get()
        try:
            return tried(copy, mutant)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(max_workers=len(copies)) as pool:
        yield from pool.map(tried_in_one, mutants)


def told(trials: Iterator[Trial], of: int) -> Iterator[Trial]:
    """The same trials, each told as it comes."""
    for number, trial in enumerate(trials, start=1):
        mutant = trial.mutant
        print(
            f"[{number}/{of}] {trial.outcome:<8} {trial.seconds:5.1f} s  {mutant.kind}: {mutant.name}",
            flush=True,
        )
        if trial.outcome is not Outcome.CAUGHT:
            print(f"    {trial.why}", flush=True)
        yield trial


def table(trials: Sequence[Trial]) -> str:
    """What became of the mutants by their kinds, with processor seconds, and by name what was not caught."""
    lines = [f"{'kind':<10}{'planted':>8}{'caught':>8}{'CPU s':>8}"]
    for kind in [*Kind, None]:
        some = [trial for trial in trials if kind in {None, trial.mutant.kind}]
        if some:
            caught = sum(trial.outcome is Outcome.CAUGHT for trial in some)
            seconds = sum(trial.seconds for trial in some)
            lines.append(f"{kind or 'all':<10}{len(some):>8}{caught:>8}{seconds:>8.1f}")
    for trial in trials:
        if trial.outcome is not Outcome.CAUGHT:
            lines.append(f"{trial.outcome}: {trial.mutant.name}, by {trial.mutant.caught_by}: {trial.why}")
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    lines.append(f"in all {sum(one.ru_utime + one.ru_stime for one in used):.0f} CPU seconds")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
