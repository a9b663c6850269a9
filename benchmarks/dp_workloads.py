"""What a private step is measured on: jobs and a language model, with their made-up rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from learner_step import DEMO, columns

from learner.protocol import (
    BYTES,
    OF_TEXTS,
    ColumnFrame,
    FeatureSpec,
    Job,
    LabelSpec,
    ModelSpec,
    TextBlocks,
)

WIDTH = 100
RANK = 8
IMAGE = (28, 28, 1)


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A job, its units, and the lengths of the two runs.

    Where there are ``blocks`` it is a language model of that size over the texts, beyond what a job may have.
    """

    name: str
    job: Job
    units: int
    rows_each: int = 1
    steps: tuple[int, int]
    blocks: TextBlocks | None = None


def sampled(job: Job, *, rows: int, batch: int, rows_each: int = 1) -> Job:
    """The job with so many of so many rows a step, in units of equal size, and a fixed recipe."""
    return replace(
        job,
        max_rows_per_unit=rows_each,
        sampling_rate=batch / rows,
        expected_batch=batch / rows_each,
        noise_multiplier=1.0,
        lr=0.1,
        grid=16,
    )


def workload(
    name: str, *, hidden: tuple[int, ...], rows: int, batch: int, rows_each: int = 1, rank: int = 0
) -> Workload:
    """A linear model or an mlp, with adapters where there is a rank, over 100 numbers."""
    mlp = ModelSpec(kind="mlp", hidden=hidden, activation="tanh", rank=rank)
    job = replace(DEMO, model=mlp if hidden else DEMO.model, features=DEMO.features[:1] * WIDTH)
    return Workload(
        name=name,
        job=sampled(job, rows=rows, batch=batch, rows_each=rows_each),
        units=rows // rows_each,
        rows_each=rows_each,
        steps=(40, 80) if hidden else (40, 240),
    )


def of_texts(name: str, *, length: int, rows: int, batch: int) -> Workload:
    """A job over texts of so many bytes, with what the recipe has for a model of texts."""
    model = ModelSpec(
        kind="text", image=(1, length, 8), filters=(16,), kernel=(1, 5), pool=(1, 1), activation="tanh"
    )
    features = (FeatureSpec(kind="onehot", labels=BYTES, fill_index=0),) * length
    job = sampled(replace(DEMO, model=model, features=features), rows=rows, batch=batch)
    return Workload(name=name, job=job, units=rows, steps=(10, 30))


def of_attention(name: str, *, rows: int, batch: int) -> Workload:
    """A job over texts of 128 bytes, with the largest blocks of attention that a job may ask for."""
    model = ModelSpec(kind="transformer", image=(1, 128, 64), heads=4, hidden=(256,) * 3, activation="tanh")
    features = (FeatureSpec(kind="onehot", labels=BYTES, fill_index=0),) * 128
    job = sampled(replace(DEMO, model=model, features=features), rows=rows, batch=batch)
    return Workload(name=name, job=job, units=rows, steps=(5, 15))


def of_language(name: str, *, blocks: TextBlocks, rows: int) -> Workload:
    """A language model over texts, all of which are in every step."""
    texts = of_texts(name, length=blocks.length, rows=rows, batch=rows)
    return replace(texts, job=replace(texts.job, grid=18, average="last"), steps=(1, 3), blocks=blocks)


def of_images(name: str, *, filters: tuple[int, ...], rows: int, batch: int) -> Workload:
    """A job over grey images of 28 by 28 in ten classes."""
    model = ModelSpec(kind="cnn", image=IMAGE, filters=filters, kernel=(3, 3), pool=(2, 2), activation="tanh")
    features = DEMO.features[:1] * int(np.prod(IMAGE))
    job = replace(DEMO, model=model, features=features, label=LabelSpec(kind="classes", classes=10))
    return Workload(name=name, job=sampled(job, rows=rows, batch=batch), units=rows, steps=(5, 15))


WORKLOADS = (
    workload("logistic 100-2, 4,096 of 100,000 rows", hidden=(), rows=100_000, batch=4096),
    workload("mlp 100-256-256-2, 1,024 of 20,000 rows", hidden=(256, 256), rows=20_000, batch=1024),
    of_images(
        "cnn 28×28, filters 16, 32, 56 of 3×3, means of 2×2, 10 classes, 512 of 4,000 rows",
        filters=(16, 32, 56),
        rows=4_000,
        batch=512,
    ),
    workload(
        "adapters of rank 8 beside 100-256-256-2, 1,024 of 20,000 rows",
        hidden=(256, 256),
        rows=20_000,
        batch=1024,
        rank=RANK,
    ),
    of_attention(
        "attention over 128 bytes, 64 numbers, 3 blocks of 4 heads and 256, 64 of 1,280 rows",
        rows=1_280,
        batch=64,
    ),
    workload("logistic, 24 rows a unit", hidden=(), rows=98_304, batch=4096, rows_each=24),
    workload("mlp, 24 rows a unit", hidden=(256, 256), rows=19_200, batch=1024, rows_each=24),
    of_texts(
        "text of 160 bytes, 8 numbers, 16 filters of 5, 512 of 5,000 rows", length=160, rows=5_000, batch=512
    ),
    of_language(
        "language model of 7.4 million, 128 bytes, 384 numbers, 4 blocks of 6 heads and 1,568, all of 32 rows",
        blocks=TextBlocks(length=128, numbers=384, heads=6, hidden=(1568,) * 4),
        rows=32,
    ),
)


# made-up rows --------------------------------------------------------------------------------------------


def rows_of(work: Workload) -> ColumnFrame:
    """Random rows whose label follows their first column."""
    job = work.job
    if job.model.kind not in OF_TEXTS:
        return columns(job, work.units, work.rows_each)
    codes = np.random.default_rng(0).integers(1, BYTES, (len(job.features), work.units)).astype(np.int32)
    label = (codes[0] > BYTES // 2).astype(np.int32)
    unit = np.arange(work.units, dtype=np.int32)
    data = ColumnFrame.encode(job, unit=unit.data, features=[each.data for each in codes], label=label.data)
    return ColumnFrame.decode(job, data)


def tensors_of(work: Workload, frame: ColumnFrame) -> tuple[torch.Tensor, torch.Tensor]:
    """The same rows and labels as torch takes them; what a language model is told is the texts themselves."""
    features = np.column_stack([np.asarray(column) for column in frame.features])
    inputs = features.astype(np.int64 if work.job.model.kind in OF_TEXTS else np.float32)
    labels = inputs if work.blocks else np.asarray(frame.label).astype(np.int64)
    return torch.from_numpy(inputs), torch.from_numpy(labels)
