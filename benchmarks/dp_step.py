"""What a private step costs: the learner's engine and Opacus (ghost clipping, where it is installed) over plain SGD.

Run from the repository root: ``.venv/bin/python benchmarks/dp_step.py``, with words for the workloads that have them
in their names alone; ``--threads`` for the wall time of two threads instead. One thread, processor seconds, by the
difference of two whole runs of different lengths, so that what is paid once cancels, as does the owner's curve, which
looks about forty times however long a run is, and here twice; noise and sampling are in. What an attack on the very
run would come to, which the owner is told too, is looked at in every step: it has a column of its own. Every round
runs the engines one after another and gives a ratio of its own; the table has the medians.
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter, process_time
from unittest.mock import patch

import as_a_learner  # noqa: F401 (which must be there before torch is)
import torch
from dp_language import train_language_model
from dp_twins import criterion_of, twin_of
from dp_workloads import WORKLOADS, Workload, rows_of, tensors_of
from learner_step import weights

from learner import engine, membership_attack
from learner.models import scores
from learner.protocol import ColumnFrame
from learner.second_thread import SecondThread

# processor seconds on one thread, or the seconds of a clock on the wall on two
THREADS, clock = (2, perf_counter) if "--threads" in sys.argv else (1, process_time)
# units that an attack on the run needs: more than there are, or as many as it says
NOBODY, FEWEST = 1 << 30, membership_attack.FEWEST
# an attack looks at every step, so that it does not cancel
EVERY_STEP = 1 << 30
# the owner's curve looks this often, in the short run and in the long one
LOOKS = 2
SECOND = SecondThread()
ROUNDS = int(os.environ.get("ROUNDS", "7"))


def of_ours(work: Workload, frame: ColumnFrame, steps: int, fewest: int) -> float:
    """Seconds of a whole run of the engine, with an attack on it where there are so many units."""
    if work.blocks:
        start = clock()
        train_language_model(work.job, work.blocks, frame, steps, SECOND)
        return clock() - start
    job = replace(work.job, steps=steps)
    start_weights = weights(job)
    with patch.multiple(membership_attack, FEWEST=fewest, MOST_STEPS=EVERY_STEP):
        start = clock()
        engine.train(job, start_weights, frame, progress=lambda _step, _steps: None, second=SECOND)
        return clock() - start


def of_sgd(work: Workload, inputs: torch.Tensor, labels: torch.Tensor, steps: int) -> float:
    """Seconds of plain SGD in float32 on batches drawn by index."""
    model, criterion = twin_of(work), criterion_of(work)
    torch.set_num_threads(THREADS)
    trained = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.1)
    batch = round(work.job.sampling_rate * len(inputs))
    start = clock()
    for _ in range(steps):
        rows = torch.randint(len(inputs), (batch,))
        optimizer.zero_grad()
        criterion(model(inputs[rows]), labels[rows]).backward()
        optimizer.step()
    return clock() - start


def of_ghost(work: Workload, inputs: torch.Tensor, labels: torch.Tensor, steps: int) -> float:
    """Seconds of Opacus with ghost clipping, rows as units, its ordinary generator, on batches drawn by index."""
    from opacus.grad_sample import GradSampleModuleFastGradientClipping
    from opacus.optimizers import DPOptimizerFastGradientClipping
    from opacus.utils.fast_gradient_clipping_utils import DPLossFastGradientClipping

    batch = round(work.job.sampling_rate * len(inputs))
    model = GradSampleModuleFastGradientClipping(
        twin_of(work), max_grad_norm=1.0, use_ghost_clipping=True, loss_reduction="mean"
    )
    torch.set_num_threads(THREADS)  # a learner of this process sets it to one
    trained = [each for each in model.parameters() if each.requires_grad]
    optimizer = DPOptimizerFastGradientClipping(
        torch.optim.SGD(trained, lr=0.1),
        noise_multiplier=1.0,
        max_grad_norm=1.0,
        expected_batch_size=batch,
        loss_reduction="mean",
    )
    criterion = DPLossFastGradientClipping(model, optimizer, criterion_of(work), "mean")
    start = clock()
    for _ in range(steps):
        rows = torch.randint(len(inputs), (batch,))
        optimizer.zero_grad()
        criterion(model(inputs[rows]), labels[rows]).backward()
        optimizer.step()
    return clock() - start


def a_step(run: Callable[[int], float], steps: tuple[int, int]) -> float:
    """Milliseconds of a step."""
    few, many = steps
    return (run(many) - run(few)) / (many - few) * 1000


def measure(work: Workload) -> str:
    """One row of the table."""
    frame = rows_of(work)
    inputs, labels = tensors_of(work, frame)
    runs: dict[str, Callable[[int], float]] = {
        "sgd": lambda steps: of_sgd(work, inputs, labels, steps),
        "ours": lambda steps: of_ours(work, frame, steps, NOBODY),
    }
    if not work.blocks:
        runs["told"] = lambda steps: of_ours(work, frame, steps, FEWEST)
    if work.rows_each == 1 and has_opacus():
        runs["ghost"] = lambda steps: of_ghost(work, inputs, labels, steps)
    rounds = [{name: a_step(run, work.steps) for name, run in runs.items()} for _ in range(ROUNDS)]
    sgd = statistics.median(each["sgd"] for each in rounds)
    pairs = (("ours", "sgd"), ("told", "sgd"), ("ghost", "sgd"), ("ghost", "ours"))
    over = [
        f"{statistics.median(each[one] / each[two] for each in rounds):.2f}" if one in runs else "–"
        for one, two in pairs
    ]
    return " | ".join((f"| {work.name}", f"{sgd:.1f}", *over)) + " |"


def start_second_thread() -> None:
    """Let our engine have its second thread too, where two are asked for."""
    if THREADS > 1:
        SECOND.load(lambda: torch.set_num_threads(1))
        SECOND.start()


def has_opacus() -> bool:
    """Whether Opacus is installed, a library that only tests and this page use."""
    try:
        import opacus  # noqa: F401 (to see whether it is there)
    except ImportError:
        return False
    return True


def main() -> None:
    """The table, in Markdown."""
    warnings.simplefilter("ignore")  # of Opacus, which is looked at and not used
    names = [word for word in sys.argv[1:] if word != "--threads"]
    scores.CURVE_POINTS = LOOKS
    start_second_thread()
    has_opacus()
    gc.freeze()  # as the learner does when all is loaded; for the others too
    print("| workload | SGD, ms | ours, times SGD | with the attack | ghost, times SGD | ghost, times ours |")
    print("| --- | --- | --- | --- | --- | --- |")
    for work in WORKLOADS:
        if not all(word in work.name for word in names):
            continue
        print(measure(work), flush=True)


if __name__ == "__main__":
    main()
