"""How much memory private steps take beyond what is there before them, over plain SGD and beside Opacus.

Run from the repository root: ``.venv/bin/python benchmarks/dp_memory.py``, with words for the workloads that have them
in their names alone; ``--threads`` for two threads. Each engine takes three steps in a process of its own, which has
its rows before; ours makes its inputs of them first, and so has them twice. The highest that the kernel saw is what
counts (Linux alone).
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import torch
from dp_step import NOBODY, of_ghost, of_ours, of_sgd, start_second_thread
from dp_workloads import WORKLOADS, Workload, rows_of, tensors_of

STEPS = 3
ENGINES = ("sgd", "ours", "ghost")


def run(work: Workload, engine: str) -> float:
    """MiB that the steps of an engine take, in this process."""
    warnings.simplefilter("ignore")  # of Opacus, which is looked at and not used
    frame = rows_of(work)
    inputs, labels = tensors_of(work, frame)
    start_second_thread()
    torch.rand(1000, 1000).mm(torch.rand(1000, 1000))  # what the library takes for itself, whoever asks
    before = _resets()
    if engine == "ours":
        of_ours(work, frame, STEPS, NOBODY)
    else:
        (of_sgd if engine == "sgd" else of_ghost)(work, inputs, labels, STEPS)
    return (_kib("VmHWM") - before) / 1024


def _resets() -> float:
    """Forget the highest so far, and give what is there now in KiB."""
    Path("/proc/self/clear_refs").write_text("5")
    return _kib("VmRSS")


def _kib(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def told(place: int, engine: str) -> float:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--run", str(place), engine, *sys.argv[1:]]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """The table, in Markdown, or with ``--run`` one number of it."""
    if sys.argv[1:2] == ["--run"]:
        print(run(WORKLOADS[int(sys.argv[2])], sys.argv[3]))
        return
    print("| workload | plain SGD, MiB | ours, times SGD | ghost, times SGD |")
    print("| --- | --- | --- | --- |")
    for place, work in enumerate(WORKLOADS):
        if work.rows_each == 1 and all(word in work.name for word in sys.argv[1:] if word != "--threads"):
            sgd, ours, ghost = (told(place, engine) for engine in ENGINES)
            print(f"| {work.name} | {sgd:.0f} | {ours / sgd:.2f} | {ghost / sgd:.2f} |", flush=True)


if __name__ == "__main__":
    main()
