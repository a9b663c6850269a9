"""What a private step is measured on: jobs with their made-up rows, and the same models of torch's own layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from learner_step import DEMO, columns
from torch import nn
from torch.nn import functional

from learner.protocol import (
    BYTES,
    OF_TEXTS,
    ColumnFrame,
    FeatureSpec,
    Job,
    LabelSpec,
    ModelSpec,
    kept_shapes,
    waves,
)

WIDTH = 100
BYTES_LONG = 160
RANK = 8
IMAGE = (28, 28, 1)


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A job, its units, and the lengths of the two runs."""

    name: str
    job: Job
    units: int
    rows_each: int = 1
    steps: tuple[int, int]


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


def of_texts(name: str, *, rows: int, batch: int) -> Workload:
    """A job over texts of 160 bytes, with what the recipe has for a model of texts."""
    model = ModelSpec(
        kind="text", image=(1, BYTES_LONG, 8), filters=(16,), kernel=(1, 5), pool=(1, 1), activation="tanh"
    )
    features = (FeatureSpec(kind="onehot", labels=BYTES, fill_index=0),) * BYTES_LONG
    job = sampled(replace(DEMO, model=model, features=features), rows=rows, batch=batch)
    return Workload(name=name, job=job, units=rows, steps=(10, 30))


def of_attention(name: str, *, rows: int, batch: int) -> Workload:
    """A job over texts of 128 bytes, with the largest blocks of attention that a job may ask for."""
    model = ModelSpec(kind="transformer", image=(1, 128, 64), heads=4, hidden=(256,) * 3, activation="tanh")
    features = (FeatureSpec(kind="onehot", labels=BYTES, fill_index=0),) * 128
    job = sampled(replace(DEMO, model=model, features=features), rows=rows, batch=batch)
    return Workload(name=name, job=job, units=rows, steps=(5, 15))


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
    of_texts("text of 160 bytes, 8 numbers, 16 filters of 5, 512 of 5,000 rows", rows=5_000, batch=512),
)


# the same models of torch's own layers -------------------------------------------------------------------


class TextTwin(nn.Module):
    """The same model of texts, for texts that fill their length."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.last = nn.Embedding(BYTES, 8), nn.Linear(16, 2)
        self.kernel = nn.Conv1d(8, 16, 5, padding=2)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """The scores."""
        active = torch.tanh(self.kernel(self.table(codes).permute(0, 2, 1)))
        scores: torch.Tensor = self.last(active.mean(dim=2))
        return scores


class AttentionTwin(nn.Module):
    """A part of a block, behind its norm and beside what it takes in: attention, or two affine layers."""

    def __init__(self, numbers: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.norm, self.heads, self.hidden = nn.LayerNorm(numbers), heads, hidden
        self.first = nn.Linear(numbers, hidden or 3 * numbers)
        self.second = nn.Linear(hidden or numbers, numbers)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """What is given out for each byte."""
        found = self.first(self.norm(values))
        if self.hidden:
            found = torch.tanh(found)
        else:
            parts = found.unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
            found = functional.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2)
        given: torch.Tensor = values + self.second(found)
        return given


class TransformerTwin(nn.Module):
    """The same blocks of attention, for texts that fill their length."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        _, length, numbers = job.model.image
        self.table, self.places = nn.Embedding(BYTES, numbers), torch.tensor(waves(length, numbers))
        parts = [(job.model.heads, wide) for hidden in job.model.hidden for wide in (0, hidden)]
        self.blocks = nn.Sequential(*(AttentionTwin(numbers, *each) for each in parts))
        self.norm, self.last = nn.LayerNorm(numbers), nn.Linear(numbers, job.label.classes)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """The scores."""
        table = self.table(codes)
        values = self.blocks(table + self.places.view(table.shape[1:]))
        scores: torch.Tensor = self.last(self.norm(values).mean(dim=1))
        return scores


class AdaptedTwin(nn.Module):
    """A layer that is kept, and the two narrow ones beside it."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.kept = nn.Linear(wide_in, wide_out).requires_grad_(False)
        self.beside = nn.Sequential(nn.Linear(wide_in, RANK), nn.Linear(RANK, wide_out))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """What both give together."""
        given: torch.Tensor = self.kept(values) + self.beside(values)
        return given


def twin_of(job: Job) -> nn.Module:
    """The same model of torch's own layers."""
    if job.model.kind == "text":
        return TextTwin()
    if job.model.kind == "transformer":
        return TransformerTwin(job)
    if job.model.kind == "cnn":
        return _image_twin(job)
    layer = AdaptedTwin if kept_shapes(job) else nn.Linear
    layers: list[nn.Module] = []
    for wide_in, wide_out in pairwise((WIDTH, *job.model.hidden, 2)):
        layers += [layer(wide_in, wide_out), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def _image_twin(job: Job) -> nn.Module:
    height, width, channels = IMAGE
    layers: list[nn.Module] = [nn.Unflatten(1, (channels, height, width))]
    for taken, given in pairwise((channels, *job.model.filters)):
        layers += [nn.Conv2d(taken, given, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2)]
        height, width = height // 2, width // 2
    flat = height * width * job.model.filters[-1]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(flat, job.label.classes))


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
    """The same rows and labels as torch takes them."""
    features = np.column_stack([np.asarray(column) for column in frame.features])
    inputs = features.astype(np.int64 if work.job.model.kind in OF_TEXTS else np.float32)
    return torch.from_numpy(inputs), torch.from_numpy(np.asarray(frame.label).astype(np.int64))
