"""The closed list of models, each by the file that computes it."""

from __future__ import annotations

from learner.data import Rows
from learner.dp.books import Network
from learner.protocol import Job


def network_of(job: Job, rows: Rows, block: int) -> Network:
    """The job's model over these rows, in blocks of ``block`` of them."""
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
        from learner.models.layered import Layered

        return Layered(job, rows, block)
    if job.kind == "moments":
        from learner.models.moments import Moments

        return Moments(job, rows, block)
    from learner.models.affine import Affine

    return Affine(job, rows, block)
