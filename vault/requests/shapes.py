"""A manifest as the learner's protocol sees it: specs, tensor shapes, number of parameters, noise grid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from learner.protocol import (
    BYTES,
    MAX_FEATURES,
    MAX_PARAMETERS,
    FeatureSpec,
    LabelSpec,
    input_width,
    moment_shapes,
    output_width,
    parameter_count,
    parameter_shapes,
)
from vault.budget.mechanism import LEAST_GRID, MOST_GRID
from vault.requests.manifest import kind_of
from vault.requests.models import model_spec

if TYPE_CHECKING:
    from vault.requests.manifest import Feature, Label, Manifest


def feature_specs(feature: Feature, *, present: bool = True) -> tuple[FeatureSpec, ...]:
    """The feature as the learner reads it, a vector number by number and a text byte by byte.

    One that is not present is its public fill.
    """
    transform = feature.transform
    if transform.kind == "onehot":
        fill = None if transform.fill is None else transform.labels.index(transform.fill)
        return (FeatureSpec(kind="onehot", labels=len(transform.labels), fill_index=fill, present=present),)
    if transform.kind == "bytes":
        return tuple(
            FeatureSpec(kind="onehot", labels=BYTES, fill_index=byte, present=present)
            for byte in transform.fill_bytes
        )
    number = FeatureSpec(
        kind="standard",
        center=transform.center,
        scale=transform.scale,
        clip=transform.clip,
        fill=transform.fill,
        present=present,
    )
    return (number,) * (transform.size if transform.kind == "vector" else 1)


def all_specs(manifest: Manifest, allowed: frozenset[str] | None = None) -> tuple[FeatureSpec, ...]:
    """Every feature as the learner reads it; with ``allowed``, only those are present."""
    return tuple(
        spec
        for feature in manifest.features
        for spec in feature_specs(feature, present=allowed is None or feature.name in allowed)
    )


def label_spec(label: Label) -> LabelSpec:
    """The label as the learner reads it."""
    transform = label.transform
    if transform.kind == "classes":
        return LabelSpec(kind="classes", classes=len(transform.labels))
    return LabelSpec(kind="standard", center=transform.center, scale=transform.scale, clip=transform.clip)


def shapes(manifest: Manifest) -> dict[str, tuple[int, ...]]:
    """The tensors of the model by name, in their fixed order."""
    inputs = input_width(all_specs(manifest))
    return parameter_shapes(model_spec(manifest.model), inputs, output_width(label_spec(manifest.label)))


def update_shapes(manifest: Manifest) -> dict[str, tuple[int, ...]]:
    """The tensors of what leaves: those of the model, or the moments of its inputs and its label."""
    if kind_of(manifest) == "moments":
        return moment_shapes(input_width(all_specs(manifest)))
    return shapes(manifest)


def dimension(manifest: Manifest) -> int:
    """The number of numbers that get noise, d."""
    return parameter_count(update_shapes(manifest))


def oversize_faults(manifest: Manifest) -> tuple[str, ...]:
    """What is wrong with the model's size, as clauses; empty when nothing is."""
    if len(all_specs(manifest)) > MAX_FEATURES:
        return (f"its features are more than {MAX_FEATURES} numbers and categories",)
    if dimension(manifest) > MAX_PARAMETERS:
        return (f"its model has more than {MAX_PARAMETERS:,} parameters",)
    return ()


def grid_faults(manifest: Manifest) -> tuple[str, ...]:
    """What is wrong with the noise grid for the model's size, as clauses; empty when nothing is."""
    faults = []
    if manifest.output.grid < coarsest_grid(manifest.dp.clip, dimension(manifest)):
        faults.append("its noise grid is too coarse for its clip norm and its number of parameters")
    if math.ldexp(manifest.dp.noise_multiplier * manifest.dp.clip, manifest.output.grid) > MOST_GRID:
        faults.append("its noise grid is too fine for its noise")
    return tuple(faults)


def coarsest_grid(clip_norm: float, parameters: int) -> int:
    """The smallest exponent k with ``clip_norm * 2^k >= 32 sqrt(parameters)``: rounding adds at most 3 %."""
    return math.ceil(math.log2(LEAST_GRID * math.sqrt(parameters) / clip_norm))


def usual_grid(noise_multiplier: float, clip_norm: float, parameters: int) -> int:
    """The exponent k that makes ``noise_multiplier * clip_norm * 2^k`` about 2^16, or the least allowed."""
    wanted = round(math.log2(2**16 / (noise_multiplier * clip_norm)))
    return max(wanted, coarsest_grid(clip_norm, parameters), 0)
