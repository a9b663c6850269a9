"""What a private step costs: the learner's engine and Opacus (ghost clipping, where it is installed) over plain SGD.

Run from the repository root: ``.venv/bin/python benchmarks/dp_step.py``, with words for the workloads that have them
in their names alone. One thread, processor seconds, by the
difference of two whole runs of different lengths, so that what is paid once cancels, as does the owner's view, which
looks about forty times however long a run is; noise and sampling are in. Every round runs the engines one after
another and gives a ratio of its own; the table has the medians.
"""

from __future__ import annotations

import statistics
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from time import process_time

import numpy as np
import torch
from learner_step import DEMO, columns, weights
from torch import nn
from torch.nn import functional

from learner import engine
from learner.protocol import BYTES, ColumnFrame, FeatureSpec, Job, ModelSpec

ROUNDS = 7
WIDTH = 100
BYTES_LONG = 160


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A job, its units, and the lengths of the two runs."""

    name: str
    job: Job
    units: int
    rows_each: int
    steps: tuple[int, int]


def workload(name: str, *, hidden: tuple[int, ...], rows: int, batch: int, rows_each: int = 1) -> Workload:
    """A job over units of equal size that takes ``batch`` rows a step of ``rows``."""
    units = rows // rows_each
    job = replace(
        DEMO,
        model=ModelSpec(kind="mlp", hidden=hidden, activation="tanh") if hidden else DEMO.model,
        features=DEMO.features[:1] * WIDTH,
        max_rows_per_unit=rows_each,
        sampling_rate=batch / rows,
        expected_batch=batch / rows_each,
        noise_multiplier=1.0,
        lr=0.1,
        grid=16,
    )
    return Workload(
        name=name, job=job, units=units, rows_each=rows_each, steps=(40, 80) if hidden else (40, 240)
    )


def of_texts(name: str, *, rows: int, batch: int) -> Workload:
    """A job over texts of 160 bytes, with what the recipe has for a model of texts."""
    job = replace(
        DEMO,
        model=ModelSpec(
            kind="text",
            image=(1, BYTES_LONG, 8),
            filters=(16,),
            kernel=(1, 5),
            pool=(1, 1),
            activation="tanh",
        ),
        features=(FeatureSpec(kind="onehot", labels=BYTES, fill_index=0),) * BYTES_LONG,
        max_rows_per_unit=1,
        sampling_rate=batch / rows,
        expected_batch=float(batch),
        noise_multiplier=1.0,
        lr=0.1,
        grid=16,
    )
    return Workload(name=name, job=job, units=rows, rows_each=1, steps=(40, 80))


WORKLOADS = (
    workload("logistic 100-2, 4,096 of 100,000 rows", hidden=(), rows=100_000, batch=4096),
    workload("mlp 100-256-256-2, 1,024 of 20,000 rows", hidden=(256, 256), rows=20_000, batch=1024),
    workload("logistic, 24 rows a unit", hidden=(), rows=98_304, batch=4096, rows_each=24),
    workload("mlp, 24 rows a unit", hidden=(256, 256), rows=19_200, batch=1024, rows_each=24),
    of_texts("text of 160 bytes, 8 numbers, 16 filters of 5, 512 of 5,000 rows", rows=5_000, batch=512),
)


def of_ours(work: Workload, frame: ColumnFrame, steps: int) -> float:
    """Seconds of a whole run of the engine."""
    job = replace(work.job, steps=steps)
    start_weights = weights(job)
    start = process_time()
    engine.train(job, start_weights, frame, progress=lambda _step, _steps: None)
    return process_time() - start


class TextTwin(nn.Module):
    """The same model of texts of torch's own layers, for texts that fill their length."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.last = nn.Embedding(BYTES, 8), nn.Linear(16, 2)
        self.kernel = nn.Conv1d(8, 16, 5, padding=2)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """The scores."""
        active = torch.tanh(self.kernel(self.table(codes).permute(0, 2, 1)))
        scores: torch.Tensor = self.last(active.mean(dim=2))
        return scores


def model_of(job: Job) -> nn.Module:
    """The same model of torch's own layers."""
    if job.model.kind == "text":
        return TextTwin()
    widths = (WIDTH, *job.model.hidden, 2)
    layers: list[nn.Module] = []
    for wide_in, wide_out in pairwise(widths):
        layers += [nn.Linear(wide_in, wide_out), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def of_sgd(work: Workload, inputs: torch.Tensor, labels: torch.Tensor, steps: int) -> float:
    """Seconds of plain SGD in float32 on batches drawn by index."""
    model = model_of(work.job)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batch = round(work.job.sampling_rate * len(inputs))
    start = process_time()
    for _ in range(steps):
        rows = torch.randint(len(inputs), (batch,))
        optimizer.zero_grad()
        functional.cross_entropy(model(inputs[rows]), labels[rows]).backward()
        optimizer.step()
    return process_time() - start


def of_ghost(work: Workload, inputs: torch.Tensor, labels: torch.Tensor, steps: int) -> float:
    """Seconds of Opacus with ghost clipping, rows as units, its ordinary generator, on batches drawn by index."""
    from opacus.grad_sample import GradSampleModuleFastGradientClipping
    from opacus.optimizers import DPOptimizerFastGradientClipping
    from opacus.utils.fast_gradient_clipping_utils import DPLossFastGradientClipping

    batch = round(work.job.sampling_rate * len(inputs))
    model = GradSampleModuleFastGradientClipping(
        model_of(work.job), max_grad_norm=1.0, use_ghost_clipping=True, loss_reduction="mean"
    )
    optimizer = DPOptimizerFastGradientClipping(
        torch.optim.SGD(model.parameters(), lr=0.1),
        noise_multiplier=1.0,
        max_grad_norm=1.0,
        expected_batch_size=batch,
        loss_reduction="mean",
    )
    criterion = DPLossFastGradientClipping(model, optimizer, nn.CrossEntropyLoss(), "mean")
    start = process_time()
    for _ in range(steps):
        rows = torch.randint(len(inputs), (batch,))
        optimizer.zero_grad()
        criterion(model(inputs[rows]), labels[rows]).backward()
        optimizer.step()
    return process_time() - start


def texts(job: Job, units: int, _rows_each: int) -> ColumnFrame:
    """Random letters that fill their length, and labels that follow the first of them."""
    codes = np.random.default_rng(0).integers(1, BYTES, (BYTES_LONG, units)).astype(np.int32)
    label = (codes[0] > BYTES // 2).astype(np.int32)
    unit = np.arange(units, dtype=np.int32)
    data = ColumnFrame.encode(job, unit=unit.data, features=[each.data for each in codes], label=label.data)
    return ColumnFrame.decode(job, data)


def a_step(run: Callable[[int], float], steps: tuple[int, int]) -> float:
    """Milliseconds of a step."""
    few, many = steps
    return (run(many) - run(few)) / (many - few) * 1000


def measure(work: Workload) -> str:
    """One row of the table."""
    is_text = work.job.model.kind == "text"
    frame = (texts if is_text else columns)(work.job, work.units, work.rows_each)
    features = [np.asarray(column) for column in frame.features]
    inputs = torch.from_numpy(np.column_stack(features).astype(np.int64 if is_text else np.float32))
    labels = torch.from_numpy(np.asarray(frame.label).astype(np.int64))
    runs: dict[str, Callable[[int], float]] = {
        "sgd": lambda steps: of_sgd(work, inputs, labels, steps),
        "ours": lambda steps: of_ours(work, frame, steps),
    }
    if work.rows_each == 1 and has_opacus():
        runs["ghost"] = lambda steps: of_ghost(work, inputs, labels, steps)
    rounds = [{name: a_step(run, work.steps) for name, run in runs.items()} for _ in range(ROUNDS)]
    sgd = statistics.median(each["sgd"] for each in rounds)
    over = [
        f"{statistics.median(each[name] / each['sgd'] for each in rounds):.2f}"
        for name in runs
        if name != "sgd"
    ]
    return " | ".join((f"| {work.name}", f"{sgd:.1f}", *over, *["–"] * (2 - len(over)))) + " |"


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
    torch.set_num_threads(1)
    print("| workload | plain SGD, ms | ours, times SGD | Opacus ghost, times SGD |")
    print("| --- | --- | --- | --- |")
    for work in WORKLOADS:
        if not all(word in work.name for word in sys.argv[1:]):
            continue
        print(measure(work), flush=True)


if __name__ == "__main__":
    main()
