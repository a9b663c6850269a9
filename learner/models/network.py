"""The closed list of models, each by the file that computes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learner.data import Rows
from learner.dp.books import Network
from learner.protocol import Job, kept_shapes, parameter_count


def network_of(job: Job, rows: Rows, block: int, kept: NDArray[np.float64] | None = None) -> Network:
    """The job's model over these rows, in blocks of ``block`` of them; without ``kept`` weights on made-up ones."""
    # torch takes longer to import than a small job to run, and only models of several layers need it
    if job.model.kind == "cnn":
        from learner.models.convolutional import Convolutional

        return Convolutional(job, rows, block)
    if job.model.kind == "text":
        from learner.models.textual import Textual

        return Textual(job, rows, block)
    if job.model.kind == "transformer":
        from learner.models.transformer import Transformer

        return Transformer(job, rows, block)
    if job.model.kind == "mlp":
        return _layered(job, rows, block, kept)
    if job.kind == "moments":
        from learner.models.moments import Moments

        return Moments(job, rows, block)
    from learner.models.affine import Affine

    return Affine(job, rows, block)


def _layered(job: Job, rows: Rows, block: int, kept: NDArray[np.float64] | None) -> Network:
    from learner.models.adapted import Adapted
    from learner.models.layered import Layered

    if not job.model.rank:
        return Layered(job, rows, block)
    made_up = np.sin(np.arange(1.0, 1 + parameter_count(kept_shapes(job))))
    return Adapted(job, rows, block, made_up if kept is None else kept)
