"""Linear and logistic models, in numpy alone.

The values of a row are elementwise products summed along the row, so that no library of matrices decides in
which order a row is added up; only the sum over all rows is a product of matrices.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from learner.data import Rows
from learner.dp.books import Books, BooksOf, Layer, LayerShape, Numbers, kept
from learner.dp.units import padded
from learner.models.losses import residuals
from learner.protocol import Job, output_width


def shorten(layers: Books, found: NDArray[np.float64]) -> None:
    """Multiply each row's gradients by its factor; the inputs are finite, by their coding."""
    bits = kept(found)
    for layer in layers:
        np.multiply(layer.gradients.T, found, out=layer.gradients.T)
        all_bits = layer.gradients.T.view(np.int64)
        np.bitwise_and(all_bits, bits.T, out=all_bits)


def add_product(total: NDArray[np.float64], gradients: Numbers, inputs: Numbers, _slots: int = 0) -> None:
    """Add the transpose of gradients (rows, out) times inputs (rows, in) to a total (out, in), all in float64."""
    np.add(total, gradients.T @ inputs, out=total)


class Affine:
    """One affine layer over the inputs, on blocks of few sizes."""

    erfinv = None
    shorten = staticmethod(shorten)
    add_product = staticmethod(add_product)

    def __init__(self, job: Job, rows: Rows, block: int) -> None:
        self._loss = job.loss
        self._rows = rows
        outputs, columns = output_width(job.label), rows.width + 1
        # of two classes the first moves as the second does, the other way
        self._first = int(job.loss == "cross_entropy" and outputs == 2)
        shape = LayerShape(
            outputs=outputs,
            inputs=rows.width,
            rows=outputs - self._first,
            columns=columns,
            is_mirrored=bool(self._first),
        )
        self.shapes = (shape,)
        self._block = rows.block(np.zeros((block, columns)))
        self._outputs = np.zeros((outputs, block))

    def books_at(self, theta: NDArray[np.float64]) -> BooksOf:
        """The books at these weights (d,)."""
        outputs_of = self._computed(theta)

        def books(rows: NDArray[np.int64]) -> Books:
            outputs, block = outputs_of(rows), self._block.first(padded(len(rows)))
            gradients = residuals(self._loss, outputs, block.labels, block.known)[self._first :]
            return [Layer(inputs=block.inputs, gradients=gradients.T, times=1 + self._first)]

        return books

    def outputs_at(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """From rows to their outputs (K, rows)."""
        outputs_of = self._computed(theta)
        return lambda rows: outputs_of(rows)[:, : len(rows)]

    def _computed(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """The outputs of a padded block. Scores of classes are those above the first, which is zero."""
        (shape,) = self.shapes
        weight, bias = np.split(theta, [shape.outputs * shape.inputs])
        weights = np.column_stack((weight.reshape(shape.outputs, shape.inputs), bias))
        first = int(self._loss == "cross_entropy")
        if first:
            weights = weights - weights[0]

        def outputs_of(rows: NDArray[np.int64]) -> NDArray[np.float64]:
            size = padded(len(rows))
            block, outputs = self._block.first(size), self._outputs[:, :size]
            self._rows.fill(block, rows)
            for output in range(first, shape.outputs):
                np.einsum("ij,j->i", block.inputs, weights[output], out=outputs[output])
            return outputs

        return outputs_of
