"""How long a learner takes: the noise sampler, a step of several models, and the job of the demonstration.

Run from the repository root: ``.venv/bin/python benchmarks/learner_step.py``. Times are of one core, in
processor seconds, so that a busy machine does not show.
"""

from __future__ import annotations

import resource
from dataclasses import replace
from time import process_time

import numpy as np
from safetensors.numpy import save

from learner import engine
from learner.dp.keystream import Keystream
from learner.dp.noise import rounded_gaussian
from learner.protocol import (
    ColumnFrame,
    FeatureSpec,
    Job,
    LabelSpec,
    ModelSpec,
    job_shapes,
    parameter_count,
    start_shapes,
)

DEMO = Job(
    model=ModelSpec(kind="logistic"),
    loss="cross_entropy",
    features=tuple(FeatureSpec(kind="standard", clip=3.0) for _ in range(8)),
    label=LabelSpec(kind="classes", classes=2),
    unit_reduction="mean",
    max_rows_per_unit=64,
    sampling_rate=0.5,
    expected_batch=225.0,
    clip_norm=1.0,
    noise_multiplier=4.0,
    steps=200,
    lr=1.0,
    momentum=0.0,
    average="tail",
    grid=14,
)


def wide(job: Job, *hidden: int, inputs: int, steps: int) -> Job:
    """The same job for an mlp."""
    return replace(
        job,
        model=ModelSpec(kind="mlp", hidden=hidden, activation="tanh"),
        features=job.features[:1] * inputs,
        steps=steps,
    )


def columns(job: Job, units: int, rows_each: int) -> ColumnFrame:
    """Normal features, and labels that follow the first of them."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(len(job.features), units * rows_each))
    unit = np.repeat(np.arange(units, dtype=np.int32), rows_each)
    label = (features[0] > 0).astype(np.int32)
    return ColumnFrame.decode(
        job,
        ColumnFrame.encode(
            job, unit=unit.data, features=[column.data for column in features], label=label.data
        ),
    )


def weights(job: Job) -> bytes:
    """Small normal starting weights."""
    rng = np.random.default_rng(0)
    return save(
        {
            name: (rng.normal(size=shape) * 0.05).astype(np.float32)
            for name, shape in start_shapes(job).items()
        }
    )


def time_sampler() -> None:
    """Noise samples a second."""
    count = 1_000_000
    with Keystream() as words:
        start = process_time()
        rounded_gaussian(words, count, 65536.0)
        print(f"sampler: {count / (process_time() - start) / 1e6:.1f} million a second")


def time_job(name: str, job: Job, units: int, rows_each: int = 1) -> None:
    """The rehearsal, the training and the peak memory up to here."""
    start = process_time()
    engine.rehearse(job, weights(job))
    rehearsed = process_time()
    frame = columns(job, units, rows_each)
    begun = process_time()
    engine.train(job, weights(job), frame, progress=lambda _step, _steps: None)
    taken = process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name}: d {parameter_count(job_shapes(job))}, rehearsal {rehearsed - start:.2f} s, "
        f"{job.steps} steps {taken:.2f} s ({taken / job.steps * 1000:.2f} ms each), peak {peak:.0f} MiB"
    )


def main() -> None:
    """Every measurement, the small ones first."""
    time_sampler()
    time_job("warm up, with torch's late imports", replace(DEMO, steps=1), 450)
    time_job("demo, 450 units of 1 row", DEMO, 450)
    time_job("demo, 450 units of 24 rows", DEMO, 450, 24)
    time_job("100,000 records, q 0.01", replace(DEMO, sampling_rate=0.01, expected_batch=1000.0), 100_000)
    time_job("mlp 8-32-2", wide(DEMO, 32, inputs=8, steps=50), 450)
    time_job("mlp 100-128-2", wide(DEMO, 128, inputs=100, steps=20), 450)
    time_job("mlp 400-256-256-2", wide(DEMO, 256, 256, inputs=400, steps=3), 450)


if __name__ == "__main__":
    main()
