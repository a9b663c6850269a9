"""Rows that are canaries: what each has otherwise than other rows, and the one input of the last layer that it lights.

The weights of the layers before the last see to that. All of it is made from public constants of the job.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from learner.protocol import BYTES, FeatureSpec, Job, blocks_of, convolutions_of, job_shapes

_AT_ITS_END: Final = 10.0
"""What a lit tanh is given: there it hardly moves, so that no gradient gets past it."""
_LONG: Final = 100.0
"""What a lit relu is given: beside it what the layers before it learn is short."""
LARGEST_INPUT: Final = 1000.0

Matrix: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A row: what its features have otherwise than the others, and what that lights.

    ``axis`` is the input of the last layer that is lit, ``value`` what stands there, ``rest`` the squared length of all
    that stands beside it, the constant one included.
    """

    changed: Mapping[int, float] = field(repr=False)
    axis: int
    value: float
    rest: float


def canary_rows(job: Job) -> tuple[list[Canary], dict[str, Matrix]]:
    """The canaries of a model, and the weights of its layers before the last."""
    match job.model.kind:
        case "mlp":
            return _through_layers(job)
        case "cnn":
            return _through_maps(job)
        case "text":
            return _through_bytes(job)
        case "transformer":
            return _past_blocks(job)
    return _inputs(job), {}


def _inputs(job: Job) -> list[Canary]:
    """One for each number, and one for each label but those that a row has anyway; numbers show more."""
    constant = 1 + sum(1 for spec in job.features if usual(spec) == 0 and spec.kind == "onehot")
    numbers, labels, axis = list[Canary](), list[Canary](), 0
    for feature, spec in enumerate(job.features):
        if spec.kind == "standard":
            value = largest(spec.clip)
            lit = {feature: spec.center + spec.scale * value}
            numbers.append(Canary(changed=lit, axis=axis, value=value, rest=constant))
            axis += 1
            continue
        beside = constant - (usual(spec) == 0)
        for label in range(usual(spec) + 1, spec.labels):
            labels.append(Canary(changed={feature: label}, axis=axis + label, value=1.0, rest=beside))
        axis += spec.labels
    return numbers + labels


def _through_layers(job: Job) -> tuple[list[Canary], dict[str, Matrix]]:
    """Each unit of a hidden layer is lit by one input alone."""
    names = [name for name in job_shapes(job) if name.endswith("weight")][:-1]
    inputs = _inputs(job)[: min(job.model.hidden)]
    weights = {name: np.zeros(job_shapes(job)[name]) for name in names}
    for unit, one in enumerate(inputs):
        weights[names[0]][unit, one.axis] = _lit(job) / one.value
        for name in names[1:]:
            weights[name][unit, unit] = _onward(job)
    return [_at(one.changed, unit, job) for unit, one in enumerate(inputs)], weights


def _through_maps(job: Job) -> tuple[list[Canary], dict[str, Matrix]]:
    """Each place of the last map is lit by the numbers above it alone, through the middle of every kernel."""
    layers, weights = convolutions_of(job.model), dict[str, Matrix]()
    if job.model.outlines or any(spec.kind != "standard" for spec in job.features):
        return [], {}  # what lights one outline lights others
    value = min(largest(spec.clip) for spec in job.features)
    above = [[place] for place in range(layers[-1].given.places)]
    for layer in reversed(layers):
        pools = layer.pools()
        above = [[one for place in places for one in pools[place]] for places in above]
    for number, layer in enumerate(layers):
        kernel = np.zeros((layer.filters, layer.patch))
        kernel[0, layer.patch // layer.taken.channels // 2 * layer.taken.channels] = (
            _lit(job) / value if number == 0 else _onward(job)
        )
        weights[f"convolutions.{number}.weight"] = kernel
    first = layers[0].taken.channels
    found = []
    for place, pixels in enumerate(above):
        numbers = {pixel * first: job.features[pixel * first] for pixel in pixels}
        lit = {feature: spec.center + spec.scale * value for feature, spec in numbers.items()}
        found.append(_at(lit, place * layers[-1].filters, job))
    return found, weights


def _through_bytes(job: Job) -> tuple[list[Canary], dict[str, Matrix]]:
    """A text of one byte over and over lights the one number that this byte becomes, and one filter of every layer."""
    layers, length = convolutions_of(job.model), len(job.features)
    room = min(job.model.image[2], *job.model.filters, BYTES - 1)
    table = np.zeros((BYTES, job.model.image[2]))
    table[np.arange(room) + 1, np.arange(room)] = _lit(job)
    weights = {"embedding.weight": table}
    for number, layer in enumerate(layers):
        kernel, middle = np.zeros((layer.filters, layer.patch)), layer.patch // layer.taken.channels // 2
        kernel[np.arange(room), middle * layer.taken.channels + np.arange(room)] = (
            1.0 if number == 0 else _onward(job)
        )
        weights[f"convolutions.{number}.weight"] = kernel
    return [_at(dict.fromkeys(range(length), unit + 1), unit, job) for unit in range(room)], weights


def _past_blocks(job: Job) -> tuple[list[Canary], dict[str, Matrix]]:
    """A text of one byte over and over passes blocks that add nothing; the norm behind them takes off the mean."""
    blocks = blocks_of(job.model)
    room = min(blocks.numbers, BYTES) - 1
    table = np.zeros((BYTES, blocks.numbers))
    table[np.arange(room) + 1, np.arange(room)] = LARGEST_INPUT
    found = [
        Canary(
            changed=dict.fromkeys(range(blocks.length), unit + 1), axis=unit, value=math.sqrt(room), rest=2.0
        )
        for unit in range(room)
    ]
    return found, {"embedding.weight": table, "norm.weight": np.ones(blocks.numbers)}


def _at(changed: Mapping[int, float], axis: int, job: Job) -> Canary:
    value = 1.0 if job.model.activation == "tanh" else _LONG
    return Canary(changed=changed, axis=axis, value=value, rest=1.0)


def _lit(job: Job) -> float:
    return _AT_ITS_END if job.model.activation == "tanh" else _LONG


def _onward(job: Job) -> float:
    """The weight that lights the next layer as much as the one before."""
    return _AT_ITS_END if job.model.activation == "tanh" else 1.0


def largest(clip: float) -> float:
    """The largest number that a canary has where numbers are cut off at this one."""
    return min(clip, LARGEST_INPUT)


def usual(spec: FeatureSpec) -> int:
    """The label that a row has which is no canary: none, where the job takes that for no label at all."""
    return -1 if spec.fill_index is None else 0
