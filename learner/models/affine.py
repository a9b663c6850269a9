"""Linear and logistic models, in numpy alone.

The values of a row are elementwise products summed along the row, so that no library of matrices decides in
which order a row is added up; only the sum over all rows is a product of matrices.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from learner.data import Rows
from learner.dp.books import Books, BooksOf, Layer, LayerShape
from learner.models.losses import residuals
from learner.protocol import Job, output_width


class Affine:
    """One affine layer over the inputs, on blocks of one size."""

    erfinv = None

    def __init__(self, job: Job, rows: Rows, block: int) -> None:
        self._loss = job.loss
        self._rows = rows
        outputs, columns = output_width(job.label), rows.width + 1
        self.shapes = (LayerShape(outputs=outputs, inputs=rows.width, rows=outputs, columns=columns),)
        self._block = rows.block(block, columns)
        self._outputs = np.zeros((outputs, block))

    def books_at(self, theta: NDArray[np.float64]) -> BooksOf:
        """The books at these weights (d,)."""
        outputs_of = self._computed(theta)

        def books(rows: NDArray[np.int64]) -> Books:
            outputs = outputs_of(rows)
            gradients = residuals(self._loss, outputs, self._block.labels, self._block.known)
            return [Layer(inputs=self._block.inputs, gradients=gradients.T)]

        return books

    def outputs_at(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """From rows to their outputs (K, rows)."""
        outputs_of = self._computed(theta)
        return lambda rows: outputs_of(rows)[:, : len(rows)]

    def add_product(
        self, total: NDArray[np.float64], gradients: NDArray[np.float64], inputs: NDArray[np.float64]
    ) -> None:
        """Add the transpose of gradients (rows, out) times inputs (rows, in) to a total (out, in)."""
        np.add(total, gradients.T @ inputs, out=total)

    def _computed(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """The outputs of a whole block. Scores of classes are those above the first, which is zero."""
        (shape,) = self.shapes
        weight, bias = np.split(theta, [shape.outputs * shape.inputs])
        weights = np.column_stack((weight.reshape(shape.outputs, shape.inputs), bias))
        first = int(self._loss == "cross_entropy")
        if first:
            weights = weights - weights[0]

        def outputs_of(rows: NDArray[np.int64]) -> NDArray[np.float64]:
            self._rows.fill(self._block, rows)
            for output in range(first, shape.outputs):
                np.einsum("ij,j->i", self._block.inputs, weights[output], out=self._outputs[output])
            return self._outputs

        return outputs_of
