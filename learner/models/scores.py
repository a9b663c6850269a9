"""What only the owner sees: how well the noised model fits the records. Nothing here flows into training."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from learner.data import Rows
from learner.models.losses import row_losses
from learner.models.network import forward, unflatten
from learner.protocol import Job, job_shapes

CURVE_POINTS = 40
_ROWS_AT_ONCE = 1024


class OwnerView:
    """The learning curve and the final scores over all rows with a known label.

    ``loss`` is the mean loss; ``accuracy`` a share of rows, ``rmse`` in the label's own units. A score that
    does not exist (no rows, an overflow) is null.
    """

    def __init__(self, job: Job, rows: Rows) -> None:
        self._job = job
        self._rows = rows
        self._known = np.flatnonzero(rows.known)
        self._steps = curve_steps(job.steps)
        self._curve: list[dict[str, float | None]] = []

    def look(self, step: int, theta: NDArray[np.float64]) -> None:
        """Note the scores of the noised model after ``step`` steps, if the curve has a point there."""
        if step in self._steps:
            self._curve.append({"step": step, **self._scores(theta)})

    def to_json(self, released: NDArray[np.float64]) -> bytes:
        """The envelope's private part, with the scores of the model that the update makes."""
        facts = {"v": 1, "rows": len(self._known), "curve": self._curve, "final": self._scores(released)}
        return json.dumps(facts, allow_nan=False, separators=(",", ":")).encode()

    def _scores(self, theta: NDArray[np.float64]) -> dict[str, float | None]:
        parameters = unflatten(theta, job_shapes(self._job))
        sums = np.zeros(2)
        for first in range(0, len(self._known), _ROWS_AT_ONCE):
            sums += self._sums(parameters, self._known[first : first + _ROWS_AT_ONCE])
        loss, fit = (total / len(self._known) if len(self._known) else math.nan for total in sums.tolist())
        if self._job.label.kind == "classes":
            return {"loss": _or_null(loss), "accuracy": _or_null(fit)}
        return {"loss": _or_null(loss), "rmse": _or_null(math.sqrt(fit) * self._job.label.scale)}

    def _sums(self, parameters: Mapping[str, Tensor], rows: NDArray[np.int64]) -> tuple[float, float]:
        """The summed loss of the rows, and how many are right or their summed squared error."""
        batch = self._rows.batch(rows, len(rows))
        outputs = forward(self._job.model, parameters, batch.inputs)
        losses = row_losses(self._job.loss, outputs, batch.labels).double().sum().item()
        if self._job.label.kind == "classes":
            return losses, float((outputs.argmax(dim=1) == batch.labels).sum())
        return losses, (outputs[:, 0].double() - batch.labels).square().sum().item()


def curve_steps(steps: int) -> frozenset[int]:
    """At most 40 evenly spaced steps, with 0 (the starting weights) and the last one."""
    return frozenset(int(step) for step in np.linspace(0, steps, min(steps + 1, CURVE_POINTS)).round())


def _or_null(score: float) -> float | None:
    return score if math.isfinite(score) else None
