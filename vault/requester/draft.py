"""From a description to an unsigned job: the noise calibrated to an epsilon, the grid, and starting weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np

from vault.budget import pricing
from vault.consent.grants import purpose_iri
from vault.errors.requests import ManifestInvalid
from vault.requester.description import FieldDescription, JobDescription
from vault.requests.canonical import NotCanonical, canonical, parse_as
from vault.requests.manifest import UNSIGNED_KEY, Manifest, SecondManifest
from vault.requests.parse import parse_manifest
from vault.requests.shapes import coarsest_grid, dimension, oversize_faults, shapes, usual_grid
from vault.requests.translate import mechanism
from vault.requests.values import TIME_FORMAT
from vault.requests.weights import Tensor, write_tensors
from vault.sealing.digest import sha256_hex
from vault.sealing.random import random_bytes, random_id

VALID_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An unsigned job: canonical manifest bytes and safetensors bytes."""

    manifest: bytes
    weights: bytes


def draft_job(description: JobDescription, *, epsilon: Decimal, delta: Decimal, now: datetime) -> Draft:
    """Make a job that costs at most ``epsilon`` at ``delta`` (PLD); raises ``ManifestInvalid`` or ``Invalid``.

    Linear and logistic models start from zero, a network from small random weights, as zeros would keep all
    of its hidden units equal for ever.
    """
    document = _document(description, now)
    outline = _outline(document)
    weights = write_tensors(_start(outline))
    document["model"]["weights"] = sha256_hex(weights)
    document["dp"]["noise_multiplier"], document["output"]["grid"] = _calibrated(outline, epsilon, delta)
    manifest = canonical(document)
    parse_manifest(manifest)
    return Draft(manifest=manifest, weights=weights)


def _outline(document: Mapping[str, Any]) -> Manifest:
    """The manifest with noise, grid and weights still to come; its bounds hold already."""
    try:
        outline = parse_as(SecondManifest, canonical(document))
    except NotCanonical as error:
        raise ManifestInvalid(reason=str(error)) from error
    for fault in oversize_faults(outline):
        raise ManifestInvalid(reason=fault)
    return outline


def _calibrated(outline: Manifest, epsilon: Decimal, delta: Decimal) -> tuple[float, int]:
    """The noise multiplier and the exponent of its grid.

    The grid follows the noise, and the price (by the sampler's slack) the grid: so the noise is found on the
    coarsest grid, and once more only when it no longer keeps to ``epsilon`` on the grid that suits it.
    """
    dp, parameters = outline.dp, dimension(outline)

    def noise_on(grid: int) -> float:
        return pricing.calibrate(
            epsilon,
            sampling_rate=dp.sampling_rate,
            steps=dp.steps,
            delta=delta,
            parameters=parameters,
            grid_exponent=grid,
            clip_norm=dp.clip,
        )

    noise = noise_on(max(coarsest_grid(dp.clip, parameters), 0))
    grid = usual_grid(noise, dp.clip, parameters)
    suited = replace(mechanism(outline), noise_multiplier=noise, grid_exponent=grid)
    return noise if pricing.price(suited, delta).epsilon <= epsilon else noise_on(grid), grid


def _document(description: JobDescription, now: datetime) -> dict[str, Any]:
    expires = description.expires or (now + VALID_FOR).strftime(TIME_FORMAT)
    return {
        "v": 2,
        "job_id": random_id(),
        "job": {"kind": description.kind},
        "campaign": None,
        "requester": {
            "name": description.requester_name,
            "key": UNSIGNED_KEY,
            "contact": description.requester_contact,
        },
        "purpose": {"dpv": purpose_iri(description.purpose_dpv), "text": description.purpose_text},
        "recipients": description.recipients,
        "retention": description.retention,
        "expires": expires,
        "collection": description.collection,
        "unit": description.unit,
        "max_rows_per_unit": description.max_rows_per_unit,
        "unit_reduction": description.unit_reduction,
        "where": {"from": description.where_from, "to": description.where_to},
        "fields": [_field(field) for field in description.fields],
        "model": _model(description),
        "loss": _loss(description.fields),
        "optimizer": _optimizer(description),
        "output": {"average": description.training_average, "grid": 0, "encoding": "int64"},
        "dp": {
            "sampling_rate": description.training_sampling_rate,
            "expected_batch": description.training_expected_batch,
            "clip": description.training_clip,
            "noise_multiplier": 1,
            "steps": description.training_steps,
        },
        "slot_minutes": description.slot_minutes,
    }


def _optimizer(description: JobDescription) -> dict[str, Any]:
    """The optimizer with the keys that its kind has; whether there is such a kind is checked with the manifest."""
    kind, rate, decay = description.training_optimizer, description.training_lr, description.training_decay
    if kind == "none":
        return {"kind": kind}
    if kind == "adam":
        betas = {"beta1": description.training_beta1, "beta2": description.training_beta2}
        return {"kind": kind, "lr": rate, **betas, "decay": decay}
    moved = {"lr": rate, "momentum": description.training_momentum}
    return (
        {"kind": kind, **moved} if decay == "none" else {"kind": f"{kind}_decayed", **moved, "decay": decay}
    )


def _field(field: FieldDescription) -> dict[str, Any]:
    return {
        "name": field.name,
        "role": field.role,
        "necessity": field.necessity,
        "transform": dict(field.transform) | _open_fill(field.transform),
    }


def _open_fill(transform: Mapping[str, Any]) -> dict[str, Any]:
    """TOML has no null: a one-hot transform without ``fill`` sets no input for a missing value."""
    return {"fill": transform.get("fill")} if transform.get("kind") == "onehot" else {}


def _model(description: JobDescription) -> dict[str, Any]:
    model: dict[str, Any] = {"kind": description.model_kind, "weights": "0" * 64}
    if description.model_kind == "mlp":
        model |= {"hidden": description.model_hidden, "activation": description.model_activation}
    return model


def _loss(fields: tuple[FieldDescription, ...]) -> str:
    predicts_class = any(
        field.role == "label" and field.transform.get("kind") == "classes" for field in fields
    )
    return "cross_entropy" if predicts_class else "squared"


def _start(manifest: Manifest) -> dict[str, Tensor]:
    sizes = shapes(manifest)
    if manifest.model.kind == "mlp":
        return {name: _small(shape) for name, shape in sizes.items()}
    return {name: np.zeros(shape, dtype=np.float32) for name, shape in sizes.items()}


def _small(shape: tuple[int, ...]) -> Tensor:
    """Uniform in ±1/sqrt(fan-in) for a matrix (outputs, inputs), zero for a vector of biases."""
    if len(shape) == 1:
        return np.zeros(shape, dtype=np.float32)
    words = np.frombuffer(random_bytes(4 * math.prod(shape)), dtype="<u4").reshape(shape)
    return ((words / 2**31 - 1) / math.sqrt(shape[1])).astype(np.float32)
