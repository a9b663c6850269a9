"""The second moments of the columns as a model of its own kind, in numpy alone.

Of a row it takes every product of two inputs, the constant one among them, and every product of an input with the
label: the upper triangle of (x, 1)(x, 1)' and (x, 1)y. These are what gets the noise, and so what is clipped, by
one norm over all of them; the lower triangle is the requester's to mirror.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from learner.data import Rows
from learner.dp.books import Books, BooksOf, Layer, LayerShape
from learner.dp.units import padded
from learner.models.affine import add_product, shorten
from learner.protocol import Job


class Moments:
    """One layer whose inputs are the products of a row, and whose slope is one where the label is known."""

    erfinv = None
    shorten = staticmethod(shorten)
    add_product = staticmethod(add_product)

    def __init__(self, _job: Job, rows: Rows, block: int) -> None:
        self._rows, self._width = rows, rows.width + 1
        self._block = rows.block(np.zeros((padded(block), self._width)))
        columns = self._width * (self._width + 1) // 2 + self._width
        # the last product stands where a layer has its bias
        self.shapes = (LayerShape(outputs=1, inputs=columns - 1, rows=1, columns=columns),)
        self._products = np.zeros((padded(block), columns))

    def books_at(self, _theta: NDArray[np.float64]) -> BooksOf:
        """The products of the rows, whatever the weights are."""

        def books(rows: NDArray[np.int64]) -> Books:
            block, products = self._block.first(padded(len(rows))), self._products[: padded(len(rows))]
            self._rows.fill(block, rows)
            place, inputs = 0, block.inputs
            for column in range(self._width):
                end = place + self._width - column
                np.multiply(inputs[:, column, None], inputs[:, column:], out=products[:, place:end])
                place = end
            np.multiply(inputs, block.labels[:, None], out=products[:, place:], dtype=np.float64)
            return [Layer(inputs=products, gradients=block.known.astype(np.float64)[:, None])]

        return books

    def outputs_at(self, _theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """Zero for every row: nothing is predicted."""
        return lambda rows: np.zeros((1, len(rows)))
