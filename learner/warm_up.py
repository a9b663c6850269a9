"""Small jobs on constants of their own, run once before the lock-in: what they load need not be read later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from safetensors.numpy import save

from learner import engine
from learner.protocol import BYTES, SUMS, FeatureSpec, Job, LabelSpec, ModelSpec, OwnJob, start_shapes

_CLASSES = Job(
    model=ModelSpec(kind="mlp", hidden=(20, 4), activation="tanh"),
    loss="cross_entropy",
    features=(FeatureSpec(kind="standard", clip=3.0), FeatureSpec(kind="onehot", labels=3)),
    label=LabelSpec(kind="classes", classes=2),
    unit_reduction="mean",
    max_rows_per_unit=2,
    sampling_rate=1.0,
    expected_batch=64.0,
    clip_norm=1.0,
    noise_multiplier=1.0,
    steps=2,
    lr=0.1,
    momentum=0.5,
    average="tail",
    grid=16,
)
_NUMBER = replace(
    _CLASSES,
    model=ModelSpec(kind="mlp", hidden=(200, 100), activation="relu"),
    loss="squared",
    label=LabelSpec(kind="standard", clip=3.0),
    unit_reduction="sum",
    average="last",
)
_LAYERED = (
    _CLASSES,
    _NUMBER,
    replace(_NUMBER, max_rows_per_unit=1),
    replace(_CLASSES, model=replace(_CLASSES.model, rank=3)),
)
_AFFINE = (
    replace(_CLASSES, model=ModelSpec(kind="logistic")),
    replace(_NUMBER, model=ModelSpec(kind="linear"), max_rows_per_unit=1),
    replace(
        _NUMBER,
        model=ModelSpec(kind="linear"),
        kind="moments",
        sampling_rate=1.0,
        expected_batch=1.0,
        steps=1,
    ),
)


_IMAGES = replace(
    _CLASSES,
    model=ModelSpec(
        kind="cnn", image=(4, 4, 2), filters=(3, 9), kernel=(3, 3), pool=(2, 2), activation="tanh"
    ),
    features=(FeatureSpec(kind="standard", clip=3.0),) * 32,
)
_CONVOLVED = (
    _IMAGES,
    replace(
        _NUMBER,
        model=replace(_IMAGES.model, filters=(40, 40), activation="relu", groups=4),
        features=_IMAGES.features,
        max_rows_per_unit=1,
    ),
)
_TEXT = replace(
    _CLASSES,
    model=ModelSpec(
        kind="text", image=(1, 6, 3), filters=(3, 9), kernel=(1, 3), pool=(1, 1), activation="tanh"
    ),
    features=(FeatureSpec(kind="onehot", labels=BYTES, fill_index=0),) * 6,
)
_TEXTS = (
    _TEXT,
    replace(
        _NUMBER,
        model=replace(_TEXT.model, filters=(40,), activation="relu"),
        features=_TEXT.features,
        max_rows_per_unit=1,
    ),
)
_TRANSFORMED = (
    replace(
        _TEXT,
        model=ModelSpec(kind="transformer", image=(1, 6, 4), heads=2, hidden=(5, 9), activation="tanh"),
    ),
    replace(
        _NUMBER,
        model=ModelSpec(kind="transformer", image=(1, 6, 24), heads=3, hidden=(40,), activation="relu"),
        features=_TEXT.features,
        max_rows_per_unit=1,
    ),
)
_JOBS = {"mlp": _LAYERED, "cnn": _CONVOLVED, "text": _TEXTS, "transformer": _TRANSFORMED}


def warm_up_own(kind: str) -> None:
    """Use models of this kind on constants as their owner does."""
    from learner import own

    for job in _JOBS.get(kind, _AFFINE):
        if job.kind not in SUMS:
            own.rehearse(OwnJob(task="fit", rows=0, job=job), _weights(job))


def warm_up(kind: str) -> None:
    """Train models of this kind on constants; what comes out is of no account."""
    for job in _JOBS.get(kind, _AFFINE):
        engine.rehearse(job, _weights(job))


def _weights(job: Job) -> bytes:
    return save({name: np.full(shape, 0.1, np.float32) for name, shape in start_shapes(job).items()})
