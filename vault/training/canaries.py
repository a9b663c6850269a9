"""What an attacker chooses who knows all but one unit: the starting weights, and units that show as much as any can.

A canary is a unit whose rows light one input of the last layer that no other canary lights. The weights make its
gradient as long as the clip norm in every step, along an axis of its own: what is seen there of the update is that
unit and noise, and the noises of two canaries are independent. Everything is made from public constants of the job.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load, save

from learner.protocol import (
    BYTES,
    SUMS,
    ColumnFrame,
    FeatureSpec,
    Job,
    blocks_of,
    convolutions_of,
    job_shapes,
    update_shapes,
)

if TYPE_CHECKING:
    from learner.protocol import Bytes

MOST_CANARIES: Final = 200
"""In one run: half of them set the threshold, the other half is guessed about."""
_SURE: Final = 1000.0
"""The bias by which the model is sure of one answer whatever it learns: the largest weight that a job may bring."""
_AT_ITS_END: Final = 10.0
"""What a lit tanh is given: there it hardly moves, so that no gradient gets past it."""
_LONG: Final = 100.0
"""What a lit relu is given: beside it what the layers before it learn is short."""
_LARGEST_INPUT: Final = 1000.0

Matrix: TypeAlias = npt.NDArray[np.float64]
_Column: TypeAlias = npt.NDArray[np.float64] | npt.NDArray[np.int32]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Canaries:
    """All canaries of a job, the weights that make them so, and where in the update each of them is seen.

    ``places`` and ``pulls`` (canaries, numbers): which numbers of the flat update a canary moves that is in, and by how
    much before the learning rate. A unit of one has so many ``rows``.
    """

    job: Job
    weights: bytes = field(repr=False)
    canaries: Sequence[Canary] = field(repr=False)
    rows: int
    places: npt.NDArray[np.int64] = field(repr=False)
    pulls: Matrix = field(repr=False)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.canaries)

    def columns(self, members: npt.NDArray[np.bool_], others: int) -> bytearray:
        """The columns of so many units that teach nothing, of the ``members``, and in the place of the rest of nothing.

        They are as long whoever is in.
        """
        rows = others + self.count * self.rows
        places = np.arange(rows) - others
        unit = np.where(places < 0, np.arange(rows), others + places // self.rows).astype(np.int32)
        features, label = (
            [_usual_column(spec, rows) for spec in self.job.features],
            _sure_column(self.job, rows),
        )
        for number in np.flatnonzero(members):
            first = others + number * self.rows
            for feature, value in self.canaries[int(number)].changed.items():
                features[feature][first : first + self.rows] = value
            label[first : first + self.rows] = _other_answer(self.job)
        return ColumnFrame.encode(
            self.job, unit=unit.data, features=[one.data for one in features], label=label.data
        )

    def scores(self, update: Bytes) -> Matrix:
        """How far the update went where each canary pulls: larger for one that is in."""
        tensors = load(bytes(update))
        flat = np.concatenate([tensors[name].ravel() for name in update_shapes(self.job)])
        seen = flat[self.places] * self.job.output_step
        found: Matrix = (seen * self.pulls).sum(axis=1) / (self.pulls**2).sum(axis=1)
        return found


def canaries_of(job: Job) -> Canaries:
    """The canaries that a job's model has room for, at most `MOST_CANARIES`; of some models there are none."""
    found, hidden = _canaries(job)
    found = found[:MOST_CANARIES]
    return _of_moments(job, found) if job.kind == "moments" else _of_model(job, found, hidden)


# what is lit ------------------------------------------------------------------------------------------------


def _canaries(job: Job) -> tuple[list[Canary], dict[str, Matrix]]:
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
    constant = 1 + sum(1 for spec in job.features if _usual(spec) == 0 and spec.kind == "onehot")
    numbers, labels, axis = list[Canary](), list[Canary](), 0
    for feature, spec in enumerate(job.features):
        if spec.kind == "standard":
            value = _largest(spec.clip)
            lit = {feature: spec.center + spec.scale * value}
            numbers.append(Canary(changed=lit, axis=axis, value=value, rest=constant))
            axis += 1
            continue
        beside = constant - (_usual(spec) == 0)
        for label in range(_usual(spec) + 1, spec.labels):
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
    if any(spec.kind != "standard" for spec in job.features):
        return [], {}
    value = min(_largest(spec.clip) for spec in job.features)
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
    table[np.arange(room) + 1, np.arange(room)] = _LARGEST_INPUT
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


def _largest(clip: float) -> float:
    return min(clip, _LARGEST_INPUT)


def _usual(spec: FeatureSpec) -> int:
    """The label that a row has which is no canary: none, where the job takes that for no label at all."""
    return -1 if spec.fill_index is None else 0


# rows -------------------------------------------------------------------------------------------------------


def _usual_column(spec: FeatureSpec, rows: int) -> _Column:
    """A column of what teaches nothing: the middle of a number, the usual label."""
    if spec.kind == "onehot":
        return np.full(rows, _usual(spec), dtype=np.int32)
    return np.full(rows, spec.center)


def _sure_column(job: Job, rows: int) -> _Column:
    """The answer that the model is sure of."""
    if job.label.kind == "classes":
        return np.zeros(rows, dtype=np.int32)
    return np.full(rows, job.label.center)


def _other_answer(job: Job) -> float:
    if job.label.kind == "classes":
        return 1
    return job.label.center + job.label.scale * _largest(job.label.clip)


# where it is seen -------------------------------------------------------------------------------------------


def _of_model(job: Job, found: Sequence[Canary], hidden: Mapping[str, Matrix]) -> Canaries:
    """One is seen in the weights of the last layer, where the answer it has and the sure one part."""
    shapes = job_shapes(job)
    *_, last, bias = shapes
    outputs, inputs = shapes[last]
    first = sum(math.prod(shape) for shape in shapes.values()) - outputs * (inputs + 1)
    signs, slope = (
        (np.array([1.0, -1.0]), math.sqrt(2)) if job.label.kind == "classes" else (-np.ones(1), _SURE)
    )
    lengths = np.array([slope * math.sqrt(one.value**2 + one.rest) for one in found])
    axes = np.array([one.axis for one in found], dtype=np.int64)
    values = np.array([one.value for one in found])
    rows = _rows(job, lengths)
    alone = values / np.sqrt(values**2 + np.array([one.rest for one in found])) / math.sqrt(len(signs))
    start = {name: np.zeros(shape) for name, shape in shapes.items()} | dict(hidden)
    start[bias][0] = _SURE if job.label.kind == "classes" else -_SURE
    way = 1.0 if job.kind in SUMS else -1.0  # a step goes against the gradient
    return Canaries(
        job=job,
        weights=save({name: value.astype(np.float32) for name, value in start.items()}),
        canaries=found,
        rows=rows,
        places=first + np.arange(len(signs)) * inputs + axes[:, None],
        pulls=way * signs * (_bounded(job, lengths * _summed(job, rows)) * alone)[:, None],
    )


def _of_moments(job: Job, found: Sequence[Canary]) -> Canaries:
    """One is seen in the square of its input, and in its products with the constant one and with the label."""
    width = sum(spec.labels if spec.kind == "onehot" else 1 for spec in job.features) + 1
    answer = _largest(job.label.clip)
    axes = np.array([one.axis for one in found], dtype=np.int64)
    values, rest = np.array([one.value for one in found]), np.array([one.rest for one in found])
    squares = values**2 + rest
    products = (squares**2 + values**4 + rest) / 2  # of a triangle of products: the rest are ones
    lengths = np.sqrt(products + answer**2 * squares)
    row = (
        axes * width - axes * (axes - 1) // 2
    )  # where the products of an input with itself and later ones begin
    own = np.column_stack((values**2, values, answer * values)) / lengths[:, None]
    rows = _rows(job, lengths)
    return Canaries(
        job=job,
        weights=save({name: np.zeros(shape, np.float32) for name, shape in job_shapes(job).items()}),
        canaries=found,
        rows=rows,
        places=np.column_stack((row, row + width - 1 - axes, width * (width + 1) // 2 + axes)),
        pulls=own * _bounded(job, lengths * _summed(job, rows))[:, None],
    )


def _rows(job: Job, lengths: Matrix) -> int:
    """So many rows a unit that its gradient is as long as the clip norm, where rows are added up."""
    if job.unit_reduction == "mean" or not len(lengths):
        return 1
    return max(1, min(job.max_rows_per_unit, math.ceil(1.5 * job.clip_norm / float(lengths.min()))))


def _summed(job: Job, rows: int) -> int:
    return rows if job.unit_reduction == "sum" else 1


def _bounded(job: Job, lengths: Matrix) -> Matrix:
    return np.minimum(lengths, job.clip_norm)
