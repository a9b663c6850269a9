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

from learner.protocol import SUMS, ColumnFrame, FeatureSpec, Job, job_shapes, update_shapes
from vault.training.canary_rows import Canary, Matrix, canary_rows, largest, usual

if TYPE_CHECKING:
    from learner.protocol import Bytes

MOST_CANARIES: Final = 200
"""In one run: half of them set the threshold, the other half is guessed about."""
_SURE: Final = 1000.0
"""The bias by which the model is sure of one answer whatever it learns: the largest weight that a job may bring."""

_Column: TypeAlias = npt.NDArray[np.float64] | npt.NDArray[np.int32]


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
    found, hidden = canary_rows(job)
    found = found[:MOST_CANARIES]
    return _of_moments(job, found) if job.kind == "moments" else _of_model(job, found, hidden)


# rows -------------------------------------------------------------------------------------------------------


def _usual_column(spec: FeatureSpec, rows: int) -> _Column:
    """A column of what teaches nothing: the middle of a number, the usual label."""
    if spec.kind == "onehot":
        return np.full(rows, usual(spec), dtype=np.int32)
    return np.full(rows, spec.center)


def _sure_column(job: Job, rows: int) -> _Column:
    """The answer that the model is sure of."""
    if job.label.kind == "classes":
        return np.zeros(rows, dtype=np.int32)
    return np.full(rows, job.label.center)


def _other_answer(job: Job) -> float:
    if job.label.kind == "classes":
        return 1
    return job.label.center + job.label.scale * largest(job.label.clip)


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
    answer = largest(job.label.clip)
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
