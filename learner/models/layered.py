"""Models of several layers: an explicit way forward and back in blocks of one shape, in float64.

A row has the same bits at every place and beside any other rows: products are rows times a matrix that is not
transposed (a @ Wt on the way forward, g @ W on the way back), blocks and widths are padded, one thread
computes, and the math library is told to add in one order (``MKL_CBWR`` in ``learner.protocol``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.data import Rows
from learner.dp.books import Books, BooksOf, Layer, LayerShape
from learner.models.losses import residuals
from learner.protocol import Job, job_shapes

# Eight float64 are one cache line: every row of a matrix begins on one, wherever it stands.
_ALIGNMENT = 8


class Layered:
    """Affine layers with an activation between them, on blocks of one size."""

    def __init__(self, job: Job, rows: Rows, block: int) -> None:
        torch.set_num_threads(1)  # more would make a sum depend on how the rows were shared out
        self._job, self._rows = job, rows
        self.shapes = _layer_shapes(job)
        self._block = rows.block(block, self.shapes[0].columns)
        # what each layer takes in, then the outputs of the last; and how the loss moves with what each gives out
        self._values = [
            torch.from_numpy(self._block.inputs),
            *(_zeros(block, each.rows) for each in self.shapes),
        ]
        self._gradients = [_zeros(block, each.rows) for each in self.shapes]

    def books_at(self, theta: NDArray[np.float64]) -> BooksOf:
        """The books at these weights (d,)."""
        weights = self._weights(theta)

        def books(rows: NDArray[np.int64]) -> Books:
            self._forward(rows, weights)
            self._backward(weights)
            return [
                Layer(inputs=taken.numpy(), gradients=gradient.numpy())
                for taken, gradient in zip(self._values, self._gradients, strict=False)
            ]

        return books

    def outputs_at(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """From rows to their outputs (K, rows)."""
        weights = self._weights(theta)

        def outputs(rows: NDArray[np.int64]) -> NDArray[np.float64]:
            self._forward(rows, weights)
            return self._outputs()[:, : len(rows)]

        return outputs

    def add_product(
        self, total: NDArray[np.float64], gradients: NDArray[np.float64], inputs: NDArray[np.float64]
    ) -> None:
        """Add the transpose of gradients (rows, out) times inputs (rows, in) to a total (out, in)."""
        torch.from_numpy(total).addmm_(torch.from_numpy(gradients).T, torch.from_numpy(inputs))

    def erfinv(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The inverse of the error function."""
        found: NDArray[np.float64] = torch.erfinv(torch.from_numpy(values)).numpy()
        return found

    def _weights(self, theta: NDArray[np.float64]) -> list[tuple[Tensor, Tensor]]:
        """Each layer's weight with its bias transposed (columns, rows), and without it as it is (rows, columns)."""
        weights, parts = (
            [],
            np.split(theta, np.cumsum([_size(each) for each in job_shapes(self._job).values()])[:-1]),
        )
        for shape, weight, bias in zip(self.shapes, parts[::2], parts[1::2], strict=True):
            back = np.zeros((shape.rows, shape.columns))
            back[: shape.outputs, : shape.inputs] = weight.reshape(shape.outputs, shape.inputs)
            forth = np.ascontiguousarray(back.T)
            forth[shape.inputs, : shape.outputs] = bias
            weights.append((torch.from_numpy(forth), torch.from_numpy(back)))
        return weights

    def _forward(self, rows: NDArray[np.int64], weights: list[tuple[Tensor, Tensor]]) -> None:
        """Fill the values of the layers in turn; after an activation the constant one is put back."""
        self._rows.fill(self._block, rows)
        for place, (shape, (forth, _)) in enumerate(zip(self.shapes, weights, strict=True)):
            given = torch.mm(self._values[place], forth, out=self._values[place + 1])
            if place + 1 < len(self.shapes):
                torch.relu_(given) if self._job.model.activation == "relu" else torch.tanh_(given)
                given[:, shape.outputs] = 1.0

    def _outputs(self) -> NDArray[np.float64]:
        outputs = self._values[-1].numpy()[:, : self.shapes[-1].outputs]
        return np.ascontiguousarray(outputs.T)

    def _backward(self, weights: list[tuple[Tensor, Tensor]]) -> None:
        """Fill the gradients of the layers, from the last to the first."""
        last = self._gradients[-1].numpy()
        last[:, : self.shapes[-1].outputs] = residuals(
            self._job.loss, self._outputs(), self._block.labels, self._block.known
        ).T
        for place in range(len(self.shapes) - 1, 0, -1):
            given = torch.mm(self._gradients[place], weights[place][1], out=self._gradients[place - 1])
            self._times_slope(given, self._values[place])

    def _times_slope(self, gradient: Tensor, activated: Tensor) -> None:
        """Multiply by the activation's derivative, which follows from what it gave out."""
        operations: Any = torch.ops.aten
        if self._job.model.activation == "relu":
            operations.threshold_backward.grad_input(gradient, activated, 0, grad_input=gradient)
        else:
            operations.tanh_backward.grad_input(gradient, activated, grad_input=gradient)


def _layer_shapes(job: Job) -> tuple[LayerShape, ...]:
    sizes = list(job_shapes(job).values())[::2]
    last = len(sizes) - 1
    return tuple(
        LayerShape(
            outputs=outputs,
            inputs=inputs,
            rows=_filled_up(outputs + (place < last)),
            columns=_filled_up(inputs + 1),
        )
        for place, (outputs, inputs) in enumerate(sizes)
    )


def _filled_up(size: int) -> int:
    return size + -size % _ALIGNMENT


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape))


def _zeros(rows: int, columns: int) -> Tensor:
    return torch.zeros((rows, columns), dtype=torch.float64)
