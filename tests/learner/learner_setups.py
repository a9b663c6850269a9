"""Small jobs, columns and listeners for the learner's tests; a test stream that production refuses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load, save

from learner import engine
from learner.protocol import (
    BYTES,
    OF_TEXTS,
    ColumnFrame,
    FeatureSpec,
    Job,
    LabelSpec,
    ModelSpec,
    job_shapes,
    start_shapes,
)
from learner.second_thread import ALONE, SecondThread
from learner.update import UPDATE_GRID

WIDTH = 8

torch.set_num_threads(1)  # as a run does, for the tests that call its parts


class SeededWords:
    """A repeatable stream of words: for tests alone."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def words(self, count: int) -> NDArray[np.uint64]:
        return self._bits.random_raw(count)


class Recorder:
    """Taps that keep what they hear, and add no noise when ``silent``."""

    def __init__(self, *, silent: bool = False) -> None:
        self.silent = silent
        self.batches: list[NDArray[np.bool_]] = []
        self.totals: list[NDArray[np.float64]] = []
        self.noises: list[NDArray[np.int64]] = []

    def batch(self, chosen: NDArray[np.bool_]) -> None:
        self.batches.append(chosen.copy())

    def total(self, total: NDArray[np.float64]) -> None:
        self.totals.append(total.copy())

    def noise(self, noise: NDArray[np.int64]) -> NDArray[np.int64]:
        self.noises.append(noise.copy())
        return np.zeros_like(noise) if self.silent else noise


def ignore(_step: int, _steps: int) -> None:
    """Hear progress and do nothing."""


NUMBERS = tuple(FeatureSpec(kind="standard", clip=100.0) for _ in range(WIDTH))
LOGISTIC = Job(
    model=ModelSpec(kind="logistic"),
    loss="cross_entropy",
    features=NUMBERS,
    label=LabelSpec(kind="classes", classes=2),
    unit_reduction="sum",
    max_rows_per_unit=8,
    sampling_rate=1.0,
    expected_batch=20.0,
    clip_norm=0.5,
    noise_multiplier=4.0,
    steps=1,
    lr=1.0,
    momentum=0.0,
    average="last",
    grid=22,
)
LINEAR = replace(
    LOGISTIC,
    model=ModelSpec(kind="linear"),
    loss="squared",
    label=LabelSpec(kind="standard", center=1.0, scale=2.0, clip=10.0),
)


def mlp(job: Job, *hidden: int, activation: Any = "tanh") -> Job:
    """The job with an mlp for its model, on a grid that fits many parameters."""
    return replace(job, model=ModelSpec(kind="mlp", hidden=hidden, activation=activation))


def cnn(
    job: Job,
    image: tuple[int, int, int],
    *filters: int,
    kernel: tuple[int, int] = (3, 3),
    pool: tuple[int, int] = (2, 2),
    activation: Any = "tanh",
    groups: int = 0,
    outlines: int = 0,
) -> Job:
    """The job with convolutions for its model, over as many features as the image has numbers."""
    model = ModelSpec(
        kind="cnn",
        image=image,
        filters=filters,
        kernel=kernel,
        pool=pool,
        activation=activation,
        groups=groups,
        outlines=outlines,
    )
    return replace(job, model=model, features=job.features[:1] * math.prod(image), grid=max(20, job.grid))


def text(
    job: Job, length: int, numbers: int, *filters: int, kernel: int = 3, activation: Any = "tanh"
) -> Job:
    """The job with a model of texts, over so many bytes that each become so many numbers."""
    model = ModelSpec(
        kind="text",
        image=(1, length, numbers),
        filters=filters,
        kernel=(1, kernel),
        pool=(1, 1),
        activation=activation,
    )
    byte = FeatureSpec(kind="onehot", labels=BYTES, fill_index=0)
    return replace(job, model=model, features=(byte,) * length, grid=max(20, job.grid))


def transformer(
    job: Job, length: int, numbers: int, *hidden: int, heads: int = 2, activation: Any = "tanh"
) -> Job:
    """The job with blocks of attention over so many bytes that each become so many numbers."""
    model = ModelSpec(
        kind="transformer", image=(1, length, numbers), hidden=hidden, heads=heads, activation=activation
    )
    return replace(text(job, length, 1, 1), model=model)


def random_texts(job: Job, rows: int, *, seed: int = 0) -> NDArray[np.int32]:
    """Bytes (places, rows) of random texts of every length, the first of them empty."""
    rng, length = np.random.default_rng(seed), len(job.features)
    ends = rng.integers(1, length + 1, rows)
    ends[:1] = 0
    found = rng.integers(1, BYTES, (length, rows)).astype(np.int32)
    found[np.arange(length)[:, None] >= ends] = 0
    return found


def frame_of(
    job: Job, unit: Sequence[int] | NDArray[Any], features: Sequence[Any], label: Any
) -> ColumnFrame:
    """Columns of plain numbers as the vault would hand them over."""

    def column(values: Any, is_number: bool) -> Any:
        return np.ascontiguousarray(values, dtype=np.float64 if is_number else np.int32).data

    return ColumnFrame.decode(
        job,
        ColumnFrame.encode(
            job,
            unit=column(unit, False),
            features=[
                column(values, spec.kind == "standard") if spec.present else None
                for spec, values in zip(job.features, features, strict=True)
            ],
            label=column(label, job.label.kind == "standard"),
        ),
    )


def random_frame(
    job: Job, units: int, *, rows_each: int = 1, seed: int = 0, spread: float = 1.0
) -> ColumnFrame:
    """Normal features, and labels that follow the first of them."""
    rng = np.random.default_rng(seed)
    rows = units * rows_each
    if job.model.kind in OF_TEXTS:
        classes, codes = job.label.classes, random_texts(job, rows, seed=seed)
        label = rng.integers(0, classes, rows) if classes else rng.normal(size=rows)
        return frame_of(job, np.repeat(np.arange(units), rows_each), codes, label)
    features = rng.normal(scale=spread, size=(len(job.features), rows))
    label = features[0] > 0 if job.label.kind == "classes" else features[0] * 3 + 1
    return frame_of(job, np.repeat(np.arange(units), rows_each), features, label)


def without_unit(job: Job, frame: ColumnFrame, unit: int) -> ColumnFrame:
    """The same columns with every row of one unit taken out."""
    return _kept(job, frame, np.asarray(frame.unit) != unit)


def only_unit(job: Job, frame: ColumnFrame, unit: int) -> ColumnFrame:
    """The same columns with no rows but those of one unit."""
    return _kept(job, frame, np.asarray(frame.unit) == unit)


def _kept(job: Job, frame: ColumnFrame, keep: NDArray[np.bool_]) -> ColumnFrame:
    features = [None if column is None else np.asarray(column)[keep] for column in frame.features]
    return frame_of(job, np.asarray(frame.unit)[keep], features, np.asarray(frame.label)[keep])


def weights_of(job: Job, *, scale: float = 0.0, seed: int = 0) -> bytes:
    """Starting weights: zeros, or normal ones."""
    rng = np.random.default_rng(seed)
    return save(
        {
            name: (rng.normal(size=shape) * scale).astype(np.float32)
            for name, shape in start_shapes(job).items()
        }
    )


def change_of(job: Job, update: bytes) -> NDArray[np.float64]:
    """The update as one flat vector of real numbers."""
    tensors = load(update)
    return np.concatenate([tensors[name].ravel() for name in job_shapes(job)]) * UPDATE_GRID


def listened(
    job: Job,
    frame: ColumnFrame,
    *,
    weights: bytes | None = None,
    silent: bool = False,
    words: Any = None,
    second: SecondThread = ALONE,
) -> tuple[Recorder, bytes]:
    """Run the recipe with production randomness (unless ``words`` are given) and a recorder."""
    taps = Recorder(silent=silent)
    update, _ = engine.run(
        job,
        weights or weights_of(job),
        frame,
        progress=ignore,
        words=words or engine.Keystream(),
        taps=taps,
        second=second,
    )
    return taps, update
