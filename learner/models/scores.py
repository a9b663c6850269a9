"""What only the owner sees: how well the noised model fits the records. Nothing here flows into training."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from learner.data import Rows
from learner.dp.books import Network
from learner.models.losses import row_losses
from learner.protocol import SCORE_LIMIT, Job

CURVE_POINTS = 40
CURVE_ROWS = 1024

_Outputs: TypeAlias = Callable[[NDArray[np.int64]], NDArray[np.float64]]


class OwnerView:
    """The learning curve and the final scores over the rows with a known label.

    ``loss`` is the mean loss; ``accuracy`` a share of rows, ``rmse`` in the label's own units. A score that
    does not exist (no rows, or beyond ``SCORE_LIMIT``) is null. The final scores are over all rows, the curve over
    at most 1,024 of them, evenly spaced, because it is drawn again and again. ``base`` is the score of always
    guessing the commonest class, or the mean.
    """

    def __init__(self, job: Job, rows: Rows, network: Network, block: int) -> None:
        self._job = job
        self._rows = rows
        self._network = network
        self._block = block
        self._known = np.flatnonzero(rows.known)
        self._shown = self._known
        if len(self._known) > CURVE_ROWS:
            self._shown = self._known[np.linspace(0, len(self._known) - 1, CURVE_ROWS).astype(np.int64)]
        self._steps = curve_steps(job.steps)
        self._curve: list[dict[str, float | None]] = []

    def look(self, step: int, theta: NDArray[np.float64]) -> None:
        """Note the scores of the noised model after ``step`` steps, if the curve has a point there."""
        if step in self._steps:
            self._curve.append({"step": step, **self._scores(theta, self._shown)})

    def to_json(self, released: NDArray[np.float64], guesses: Mapping[str, int] | None = None) -> bytes:
        """The envelope's private part: the scores of the model that the update makes, and guesses about the run."""
        facts = {
            "v": 1,
            "rows": len(self._known),
            "curve": self._curve,
            "final": self._scores(released, self._known),
            "base": self.base(),
            "guesses": guesses,
        }
        return json.dumps(facts, allow_nan=False, separators=(",", ":")).encode()

    @np.errstate(all="ignore")
    def base(self) -> float | None:
        """The score on all rows of one guess, the best that knows no column."""
        labels = self._rows.labels[self._known]
        if not len(labels):
            return None
        if self._job.label.kind == "classes":
            return float(np.bincount(labels.astype(np.int64)).max() / len(labels))
        return _or_null(float(np.std(labels, dtype=np.float64)) * self._job.label.scale)

    def _scores(self, theta: NDArray[np.float64], rows: NDArray[np.int64]) -> dict[str, float | None]:
        return self.named(self.sums(theta, rows), len(rows))

    @np.errstate(all="ignore")
    def sums(self, theta: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The summed loss of some rows with a known label, and how many are right or their summed squared error."""
        outputs, sums = self._network.outputs_at(theta), np.zeros(2)
        for first in range(0, len(rows), self._block):
            sums += self._sums(outputs, rows[first : first + self._block])
        return sums

    def named(self, sums: NDArray[np.float64], count: int) -> dict[str, float | None]:
        """The scores of so many rows, of which these are the sums."""
        loss, fit = (total / count if count else math.nan for total in sums.tolist())
        if self._job.label.kind == "classes":
            return {"loss": _or_null(loss), "accuracy": _or_null(fit)}
        return {"loss": _or_null(loss), "rmse": _or_null(math.sqrt(fit) * self._job.label.scale)}

    def _sums(self, outputs_of: _Outputs, rows: NDArray[np.int64]) -> tuple[float, float]:
        outputs, labels = outputs_of(rows), self._rows.labels[rows]
        losses = float(row_losses(self._job.loss, outputs, labels).sum())
        if self._job.label.kind == "classes":
            return losses, float((outputs.argmax(axis=0) == labels).sum())
        return losses, 2 * losses


def curve_steps(steps: int) -> frozenset[int]:
    """At most 40 evenly spaced steps, with 0 (the starting weights) and the last one."""
    return frozenset(int(step) for step in np.linspace(0, steps, min(steps + 1, CURVE_POINTS)).round())


def _or_null(score: float) -> float | None:
    return score if 0 <= score <= SCORE_LIMIT else None
