"""From a description to an unsigned job: the noise calibrated to an epsilon, the grid, and starting weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from learner.protocol import MAX_UNITS, MOST_PAIRS
from vault.consent.grants import purpose_iri
from vault.errors.families import Invalid
from vault.errors.requests import ManifestInvalid
from vault.requester import recipe
from vault.requester.aim import Aim
from vault.requester.closed_words import KEYS_OF_MODELS
from vault.requester.description import FieldDescription, JobDescription
from vault.requests.canonical import NotCanonical, canonical, parse_as
from vault.requests.manifest import UNSIGNED_KEY, Manifest, SecondManifest
from vault.requests.optimizers import DecayedSgd, Sgd
from vault.requests.parse import parse_manifest
from vault.requests.shapes import coarsest_grid, oversize_faults, shapes, usual_grid
from vault.requests.translate import mechanism
from vault.requests.values import TIME_FORMAT
from vault.requests.weights import Tensor, write_tensors
from vault.sealing.digest import sha256_hex
from vault.sealing.random import random_bytes, random_id

MOST_UNITS: Final = 1_000_000_000
ROOM_FOR_GUESS: Final = 10
_KERNELS: Final[Mapping[str, int]] = {"cnn": 3, "series": 3, "text": 5}
VALID_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An unsigned job: canonical manifest bytes and safetensors bytes."""

    manifest: bytes
    weights: bytes


def draft_job(description: JobDescription, *, aim: Aim, now: datetime) -> Draft:
    """Make a job that keeps to ``aim``; raises ``ManifestInvalid`` or ``Invalid``.

    Linear and logistic models start from zero, a network from small random weights, as zeros would keep all
    of its hidden units equal for ever.
    """
    document, outline = outlined_job(description, aim=aim, now=now)
    weights = write_tensors(_start(outline))
    document["model"]["weights"] = sha256_hex(weights)
    noise, document["output"]["grid"] = _calibrated(outline, aim)
    document["dp"]["noise_multiplier"] = noise
    optimizer, guess = outline.optimizer, description.training_units_guess
    if guess is not None and description.training_lr is None and isinstance(optimizer, Sgd | DecayedSgd):
        document["optimizer"]["lr"] = recipe.learning_rate(outline, optimizer, noise)
    manifest = canonical(document)
    parse_manifest(manifest)
    return Draft(manifest=manifest, weights=weights)


def outlined_job(description: JobDescription, *, aim: Aim, now: datetime) -> tuple[dict[str, Any], Manifest]:
    """The job with noise, grid and weights still to come, which takes no time; raises as ``draft_job``."""
    document = _document(description, now)
    return document, _paced(document, description, aim)


def _paced(document: dict[str, Any], description: JobDescription, aim: Aim) -> Manifest:
    """The outline, with what the description leaves out of its training chosen for the guess."""
    outline, units = _outline(document), _guess(description)
    if units is None:
        _check_written_out(description)
        return outline
    dp, steps = document["dp"], outline.dp.steps
    if description.training_sampling_rate is None:
        dp["sampling_rate"] = recipe.sampling_rate(strength=aim.strength, steps=steps, units=units)
    if description.training_expected_batch is None:
        dp["expected_batch"] = recipe.expected_batch(dp["sampling_rate"], units)
    if description.training_clip is None:
        dp["clip"] = recipe.clip_norm(outline)
    return _outline(document)


def _guess(description: JobDescription) -> int | None:
    """How many units are guessed; raises ``Invalid``."""
    units = description.training_units_guess
    if units is not None and (type(units) is not int or not 1 <= units <= MOST_UNITS):
        raise Invalid(reason=f"a guess of the units is a whole number from 1 to {MOST_UNITS:,}")
    return units


def _check_written_out(description: JobDescription) -> None:
    written = {
        "sampling_rate": description.training_sampling_rate,
        "expected_batch": description.training_expected_batch,
        "steps": description.training_steps,
    }
    for name in (name for name, number in written.items() if number is None):
        raise Invalid(reason=f"the description has neither [training] units_guess nor [training] {name}")


def _outline(document: Mapping[str, Any]) -> Manifest:
    """The manifest with noise, grid and weights still to come; its bounds hold already."""
    try:
        outline = parse_as(SecondManifest, canonical(document))
    except NotCanonical as error:
        raise ManifestInvalid(reason=str(error)) from error
    for fault in oversize_faults(outline):
        raise ManifestInvalid(reason=fault)
    return outline


def _calibrated(outline: Manifest, aim: Aim) -> tuple[float, int]:
    """The noise multiplier and the exponent of its grid.

    The grid follows the noise, and the price (by the sampler's slack) the grid: so the noise is found on the
    coarsest grid, and once more only when it no longer keeps to the aim on the grid that suits it.
    """
    dp, asked = outline.dp, mechanism(outline)
    coarsest = max(coarsest_grid(dp.clip, asked.parameters), 0)
    noise = aim.noise(replace(asked, grid_exponent=coarsest))
    grid = usual_grid(noise, dp.clip, asked.parameters)
    suited = replace(asked, noise_multiplier=noise, grid_exponent=grid)
    return noise if aim.is_kept(suited) else aim.noise(suited), grid


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
        "output": _output(description),
        "dp": {
            "sampling_rate": _given(description.training_sampling_rate, 1.0),
            "expected_batch": _given(description.training_expected_batch, 1),
            "clip": _given(description.training_clip, 1.0),
            "noise_multiplier": 1,
            "steps": _given(description.training_steps, recipe.steps(_taught_as(description))),
        },
        "slot_minutes": description.slot_minutes,
    }


def _output(description: JobDescription) -> dict[str, Any]:
    """What leaves; few bytes a number have room for ten times the guessed units, unless others are written."""
    encoding, most, guess = (
        description.training_encoding,
        description.training_most_units,
        _guess(description),
    )
    output = {"average": description.training_average, "grid": 0, "encoding": encoding}
    if most is not None and encoding == "int64":
        raise Invalid(
            reason="[training] most_units is for [training] encoding int16 or int8, and there is none"
        )
    if most is not None and guess is not None and most < guess:
        raise Invalid(reason="[training] most_units is less than units_guess, so the update would be cut off")
    if most is not None:
        return output | {"most_units": most}
    if encoding == "int64":
        return output
    if guess is None:
        raise Invalid(
            reason=f"the encoding {encoding} needs [training] most_units, or [training] units_guess"
        )
    return output | {"most_units": min(ROOM_FOR_GUESS * guess, MAX_UNITS)}


def _optimizer(description: JobDescription) -> dict[str, Any]:
    """The optimizer with the keys that its kind has; whether there is such a kind is checked with the manifest."""
    kind, decay = _kind_of_optimizer(description)
    if kind == "none":
        return {"kind": kind}
    rate = _given(description.training_lr, recipe.ADAM_RATE if kind == "adam" else 0.5)
    if kind == "adam":
        betas = {"beta1": description.training_beta1, "beta2": description.training_beta2}
        return {"kind": kind, "lr": rate, **betas, "decay": decay}
    moved = {"lr": rate, "momentum": description.training_momentum}
    return (
        {"kind": kind, **moved} if decay == "none" else {"kind": f"{kind}_decayed", **moved, "decay": decay}
    )


def _kind_of_optimizer(description: JobDescription) -> tuple[str, str]:
    """The optimizer and its decay: those of the recipe where a guess is given and neither kind nor rate is written."""
    kind, decay = description.training_optimizer, description.training_decay
    if description.training_units_guess is None or kind or description.training_lr is not None:
        return kind or "sgd", decay or "none"
    chosen, faded = recipe.optimizer(_taught_as(description))
    return chosen, decay or faded


def _taught_as(description: JobDescription) -> str:
    """As the recipe has it of the model that is described."""
    only_fixed = (
        description.model_kind == "cnn" and description.model_outlines and not description.model_filters
    )
    return "logistic" if only_fixed else description.model_kind


def _given(number: float | None, otherwise: float) -> float:
    return otherwise if number is None else number


def _field(field: FieldDescription) -> dict[str, Any]:
    return {
        "name": field.name,
        "role": field.role,
        "necessity": field.necessity,
        "transform": dict(field.transform) | _open_fill(field.transform),
    }


def _open_fill(transform: Mapping[str, Any]) -> dict[str, Any]:
    """TOML has no null: without ``fill`` a missing category sets no input, and a missing text has no bytes."""
    return {"fill": transform.get("fill")} if transform.get("kind") in ("onehot", "bytes") else {}


def _model(description: JobDescription) -> dict[str, Any]:
    model: dict[str, Any] = {"kind": description.model_kind, "weights": "0" * 64}
    given = {
        key: getattr(description, f"model_{key}") for key in KEYS_OF_MODELS.get(description.model_kind, ())
    }
    if "filters" in given:
        given |= _usual_layers(description, given)
    if description.model_kind in ("text", "transformer") and given["length"] is None:
        given["length"] = _length_of_text(description.fields)
    if "heads" in given and given["heads"] is None:
        given["heads"] = _heads(given["length"] or 0)
    return model | {key: value for key, value in given.items() if value is not None}


def _usual_layers(description: JobDescription, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the description leaves out of filters: sixteen, or none behind those for outlines."""
    usual: dict[str, Any] = {"kernel": _KERNELS[description.model_kind]}
    usual |= {"filters": (), "pool": 3} if given.get("outlines") else {"filters": (16,), "pool": 2}
    return {name: usual[name] for name in usual.keys() & given.keys() if given[name] is None}


def _heads(length: int) -> int:
    """Two where so many bytes leave room for them, else one."""
    return 2 if 2 * length**2 <= MOST_PAIRS else 1


def _length_of_text(fields: tuple[FieldDescription, ...]) -> int | None:
    """The bytes that the one text of a job has: what its model takes in needs not be written twice."""
    lengths = [each.transform.get("length") for each in fields if each.transform.get("kind") == "bytes"]
    return lengths[0] if len(lengths) == 1 else None


def _loss(fields: tuple[FieldDescription, ...]) -> str:
    predicts_class = any(
        field.role == "label" and field.transform.get("kind") == "classes" for field in fields
    )
    return "cross_entropy" if predicts_class else "squared"


def _start(manifest: Manifest) -> dict[str, Tensor]:
    sizes = shapes(manifest)
    if recipe.is_network(recipe.taught_as(manifest.model)):
        return {name: _begun(name, shape) for name, shape in sizes.items()}
    return {name: np.zeros(shape, dtype=np.float32) for name, shape in sizes.items()}


def _begun(name: str, shape: tuple[int, ...]) -> Tensor:
    """Ones for what a norm is multiplied with, else small numbers."""
    if len(shape) == 1 and name.endswith(".weight"):
        return np.ones(shape, dtype=np.float32)
    return _small(shape)


def _small(shape: tuple[int, ...]) -> Tensor:
    """Uniform in ±1/sqrt(fan-in) for a matrix (outputs, inputs), zero for a vector of biases."""
    if len(shape) == 1:
        return np.zeros(shape, dtype=np.float32)
    words = np.frombuffer(random_bytes(4 * math.prod(shape)), dtype="<u4").reshape(shape)
    return ((words / 2**31 - 1) / math.sqrt(shape[1])).astype(np.float32)
