"""The gradient of every row by itself, with the same bits at every place of a batch."""

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
from learner.protocol import Job, input_width, job_shapes, parameter_count

# Sixteen float32 are one cache line. When every row of a matrix begins on one, kernels add in the same order for
# every row; without it MKL does not: at 2 to 11 outputs most rows change by a bit when they stand elsewhere.
_ALIGNMENT = 16


def gradients_at(job: Job, rows: Rows, size: int) -> Callable[[NDArray[np.float64]], RowGradients]:
    """From weights (d,) to a function from row numbers, at most ``size``, to float32 gradients (rows, d).

    Always ``size`` rows are computed, on one thread and on widths padded with zeros. A row whose label is
    unknown has the gradient zero, whatever came out.
    """
    shapes = job_shapes(job)
    padded = _padded_shapes(shapes)
    width = _filled_up(input_width(job.features))

    def row_loss(parameters: Mapping[str, Tensor], inputs: Tensor, label: Tensor) -> Tensor:
        outputs = forward(job.model, parameters, inputs)
        return row_losses(job.loss, outputs[None], label[None])[0]

    each_row = vmap(grad(row_loss), in_dims=(None, 0, 0))

    def at(theta: NDArray[np.float64]) -> RowGradients:
        parameters = {
            name: _padded(tensor, padded[name]) for name, tensor in unflatten(theta, shapes).items()
        }

        def row_gradients(numbers: NDArray[np.int64]) -> Tensor:
            batch = rows.batch(numbers, size)
            parts = each_row(parameters, _padded(batch.inputs, (size, width)), batch.labels)
            flat = torch.cat([_cut(parts[name], shape) for name, shape in shapes.items()], dim=1)
            return flat.masked_fill_(~batch.known[:, None], 0.0)[: len(numbers)]

        return row_gradients

    return at


def _padded_shapes(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """The shapes with all widths filled up but that of the outputs of the last layer, which begin no sum."""
    last = list(shapes)[-2:]
    return {
        name: tuple(
            size if name in last and axis == 0 else _filled_up(size) for axis, size in enumerate(shape)
        )
        for name, shape in shapes.items()
    }


def _filled_up(size: int) -> int:
    return size + -size % _ALIGNMENT


def _padded(tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The tensor with zeros at the end of each dimension, up to ``shape``."""
    filled = tensor.new_zeros(shape)
    filled[tuple(map(slice, tensor.shape))] = tensor
    return filled


def _cut(gradients: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The gradients (rows, *padded) without their padding, flat: (rows, product of shape)."""
    return gradients[(slice(None), *map(slice, shape))].flatten(start_dim=1)


def depends_on_place(job: Job, rows: Rows, size: int) -> bool:
    """Whether this computer gives a row other bits at another place of the batch, at made-up weights.

    Then taking one unit out would change the gradients of others, and the clip norm would bound nothing.
    """
    gradients = gradients_at(job, rows, size)(np.sin(np.arange(1.0, 1 + parameter_count(job_shapes(job)))))
    places = np.arange(size)
    there, back = gradients(places), gradients(places[::-1].copy()).flip(0)
    return not torch.equal(there.view(torch.int32), back.view(torch.int32))
