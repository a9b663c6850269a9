"""The gradient of every row by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import grad, vmap

from learner.data import Rows
from learner.dp.clipping import RowGradients
from learner.models.losses import row_losses
from learner.models.network import forward, unflatten
from learner.protocol import Job, job_shapes


def gradients_at(job: Job, rows: Rows, size: int) -> Callable[[NDArray[np.float64]], RowGradients]:
    """From weights (d,) to a function from row numbers, at most ``size``, to their float32 gradients (rows, d).

    Always ``size`` rows are computed, and a row whose label is unknown has the gradient zero, whatever was computed.
    """

    def row_loss(parameters: Mapping[str, Tensor], inputs: Tensor, label: Tensor) -> Tensor:
        outputs = forward(job.model, parameters, inputs)
        return row_losses(job.loss, outputs[None], label[None])[0]

    each_row = vmap(grad(row_loss), in_dims=(None, 0, 0))

    def at(theta: NDArray[np.float64]) -> RowGradients:
        parameters = unflatten(theta, job_shapes(job))

        def row_gradients(numbers: NDArray[np.int64]) -> Tensor:
            batch = rows.batch(numbers, size)
            parts = each_row(parameters, batch.inputs, batch.labels)
            flat = torch.cat([parts[name].flatten(start_dim=1) for name in parameters], dim=1)
            return flat.masked_fill_(~batch.known[:, None], 0.0)[: len(numbers)]

        return row_gradients

    return at
