"""Scoring, predicting and fitting for the owner alone: without noise, and so in no form for anybody else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from learner.data import Rows, constant_frame, encode_rows
from learner.dp.books import Network
from learner.dp.plan import plan_of
from learner.dp.totals import Total, flat
from learner.minimum import minimum
from learner.models.network import network_of
from learner.models.scores import OwnerView
from learner.models.weights import read_start
from learner.protocol import (
    FIT_FOLDS,
    FIT_RIDGES,
    Answer,
    ColumnFrame,
    Job,
    LabelSpec,
    OwnJob,
    Progress,
    ProtocolError,
    job_shapes,
)
from learner.update import encode_update

Vector = NDArray[np.float64]
Places = NDArray[np.int64]

_REHEARSED: Final = 32


def rehearse(own: OwnJob, weights: bytes) -> None:
    """Do as much on public constants, before any record is there; raises what ``answer`` would raise."""
    theta, kept = read_start(weights, own.job)
    use = _use(own.job, constant_frame(own.job, _REHEARSED), kept)
    use.scored(theta)
    use.predicted(theta)
    if own.task == "fit":
        use.fit(use.network(), theta, np.arange(_REHEARSED), FIT_RIDGES[-1])


@np.errstate(all="ignore")  # an overflow of a hostile model ends in a score that does not exist
def answer(own: OwnJob, weights: bytes, frame: ColumnFrame, *, progress: Progress) -> Answer:
    """What the owner asked; raises ProtocolError for weights or columns that are not those of the job."""
    if frame.rows != own.rows:
        raise ProtocolError("the rows are not as many as were said")
    theta, kept = read_start(weights, own.job)
    use = _use(own.job, frame, kept)
    match own.task:
        case "fit":
            return use.fitted(theta, progress, own.steps)
        case "score":
            found = use.scored(theta)
        case _:
            found = use.predicted(theta)
    progress(1, own.steps)
    return found


def _use(job: Job, frame: ColumnFrame, kept: Vector) -> _Use:
    rows, unit = encode_rows(job, frame), np.asarray(frame.unit)
    return _Use(job=job, rows=rows, block=plan_of(job).block, unit=unit, kept=kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """One use of a model on some rows."""

    job: Job
    rows: Rows
    block: int
    unit: NDArray[np.int32]
    kept: Vector

    def network(self) -> Network:
        """The model over these rows."""
        return network_of(self.job, self.rows, self.block, self.kept)

    def view(self, network: Network) -> OwnerView:
        """What scores it."""
        return OwnerView(self.job, self.rows, network, self.block)

    def scored(self, theta: Vector) -> Answer:
        """The score on every row with a known label, beside the best guess that knows no column."""
        return Answer(facts=self.view(self.network()).to_json(theta), numbers=b"")

    def predicted(self, theta: Vector) -> Answer:
        """Of each row the number in the label's own units, or the likeliest class and its chance."""
        network, label, count = self.network(), self.job.label, len(self.rows.known)
        outputs_of, found = network.outputs_at(theta), np.empty((count, 2 if label.kind == "classes" else 1))
        for first in range(0, count, self.block):
            outputs = outputs_of(np.arange(first, min(first + self.block, count)))
            found[first : first + self.block] = _told(outputs, label)
        return Answer(facts=b"{}", numbers=found.astype("<f8").tobytes())

    def fitted(self, prior: Vector, progress: Progress, of: int) -> Answer:
        """Weights fitted to every row, drawn to those of the prior; how strongly, the units held out decide.

        The maximum a posteriori under a Gaussian prior around the model, its strength by cross-validation over units.
        """
        network, known = self.network(), np.flatnonzero(self.rows.known)
        view, folds = self.view(network), _folds(self.unit[known])
        sums, done = np.zeros((len(FIT_RIDGES), 2)), 0
        for fold in range(FIT_FOLDS):
            for place, ridge in enumerate(FIT_RIDGES):
                theta = self.fit(network, prior, known[folds != fold], ridge)
                sums[place] += view.sums(theta, known[folds == fold])
                done += 1
                progress(done, of)
        best = int(np.argmin(np.where(np.isfinite(sums[:, 0]), sums[:, 0], np.inf)))
        theta = self.fit(network, prior, known, FIT_RIDGES[best])
        progress(of, of)
        facts = {
            "v": 1,
            "rows": len(known),
            "held_out": view.named(sums[best], len(known)),
            "prior": view.named(view.sums(prior, known), len(known)),
            "base": view.base(),
        }
        numbers = encode_update(theta.astype(np.float32), job_shapes(self.job))
        return Answer(
            facts=json.dumps(facts, allow_nan=False, separators=(",", ":")).encode(), numbers=numbers
        )

    def fit(self, network: Network, prior: Vector, rows: Places, ridge: float) -> Vector:
        """Where the rows' loss and half of ``ridge`` times the squared way from the prior are least together."""
        view, count = self.view(network), max(len(rows), 1)

        def objective(theta: Vector) -> tuple[float, Vector]:
            away = theta - prior
            value = float(view.sums(theta, rows)[0]) + ridge * float(away @ away) / 2
            return value / count, (self._gradient(network, theta, rows) + ridge * away) / count

        return minimum(objective, prior)

    def _gradient(self, network: Network, theta: Vector, rows: Places) -> Vector:
        """The sum over the rows, each as long as it is."""
        books = network.books_at(theta)
        totals = [Total((shape.rows, shape.columns), network) for shape in network.shapes]
        for first in range(0, len(rows), self.block):
            for total, layer in zip(totals, books(rows[first : first + self.block]), strict=True):
                total.add(layer)
        return flat(totals, network.shapes)


def _told(outputs: Vector, label: LabelSpec) -> Vector:
    """What is said of some rows (rows, numbers) by the outputs (outputs, rows)."""
    if label.kind == "standard":
        return (outputs * label.scale + label.center).T
    above = np.exp(outputs - outputs.max(axis=0))
    return np.column_stack((outputs.argmax(axis=0), above.max(axis=0) / above.sum(axis=0)))


def _folds(unit: NDArray[np.int32]) -> NDArray[np.int64]:
    """The fold of each row: that of its unit, so that no unit is on both sides."""
    _, places = np.unique(unit, return_inverse=True)
    found: NDArray[np.int64] = places % FIT_FOLDS
    return found
