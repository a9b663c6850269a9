"""A text as its bytes: a table gives each some numbers, convolutions look along them, means go to an affine layer.

Everything is float64 and a row's own affair. What a row adds to the table and to each kernel is a sum over its
bytes: it is formed, row by row, and that very array is booked, bounded and added up, as in `learner.models.kernels`.
A byte that is zero stands for nothing: it has no numbers, nothing is active there, and it counts in no mean, so
that a text gives the same however many of them follow it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.data import Rows
from learner.dp.books import Books, BooksOf
from learner.dp.units import padded
from learner.models.activations import inverse_error_function, times_slope
from learner.models.byte_table import BytesRoom, ByteTable, add_means
from learner.models.kernels import (
    Kernel,
    Room,
    convolve,
    convolve_back,
    form_gradients,
    formed_shape,
    without_padding,
)
from learner.models.last_layer import LastLayer, ScoreRoom, add_product, booked, shorten_formed
from learner.protocol import Job, convolutions_of, job_shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rooms:
    """Room for a block of texts: their bytes, and what is made of them."""

    texts: BytesRoom
    layers: list[Room]
    last: ScoreRoom

    def first(self, size: int) -> Self:
        """The room for the first ``size`` rows."""
        return type(self)(
            texts=self.texts.first(size),
            layers=[each.first(size) for each in self.layers],
            last=self.last.first(size),
        )


class Textual:
    """A table of bytes, convolutions with an activation, the mean over a text, and an affine layer."""

    erfinv = staticmethod(inverse_error_function)
    shorten = staticmethod(shorten_formed)
    add_product = staticmethod(add_product)

    def __init__(self, job: Job, rows: Rows, block: int) -> None:
        torch.set_num_threads(1)  # more would make a sum depend on how the rows were shared out
        self._job = job
        _, self._length, numbers = job.model.image
        self._table = ByteTable(rows, self._length, numbers)
        self._kernels = [Kernel(layer) for layer in convolutions_of(job.model)]
        self._last = LastLayer(*job_shapes(job)["linear.weight"])
        self.shapes = (
            self._table.shape,
            *(formed_shape(each.layer) for each in self._kernels),
            self._last.shape,
        )
        whole = self._room(padded(block))
        self._rooms = {size: whole.first(size) for size in range(padded(1), padded(block) + 1, padded(1))}

    def books_at(self, theta: NDArray[np.float64]) -> BooksOf:
        """The books at these weights (d,)."""
        self._set_weights(theta)

        def books(rows: NDArray[np.int64]) -> Books:
            room = self._forward(rows)
            self._backward(room)
            return booked([room.texts.formed, *(each.formed for each in room.layers)], room.last)

        return books

    def outputs_at(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """From rows to their outputs (K, rows)."""
        self._set_weights(theta)
        return lambda rows: self._last.outputs(self._forward(rows).last)[:, : len(rows)]

    def _room(self, size: int) -> _Rooms:
        return _Rooms(
            texts=self._table.room(size),
            layers=[Room.of(kernel, size) for kernel in self._kernels],
            last=self._last.room(size),
        )

    def _set_weights(self, theta: NDArray[np.float64]) -> None:
        shapes = list(job_shapes(self._job).values())
        parts = np.split(theta, np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1])
        table, *layers, weight, bias = (
            part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)
        )
        self._table.set_weights(table)
        for place, kernel in enumerate(self._kernels):
            kernel.set_weights(layers[2 * place], layers[2 * place + 1])
        self._last.set_weights(weight, bias)

    def _forward(self, rows: NDArray[np.int64]) -> _Rooms:
        """Fill what is active along the texts in turn, the means and the scores."""
        room = self._rooms[padded(len(rows))]
        values = self._table.take_in(room.texts, rows)
        for kernel, layer in zip(self._kernels, room.layers, strict=True):
            convolve(kernel, layer, values, self._job.model.activation)
            self._places(layer.active, kernel).mul_(room.texts.present)
            values = without_padding(layer.active, kernel.rows, kernel.layer.filters)
        add_means(room.last.taken, room.texts.shares, values)
        self._last.forward(room.last)
        return room

    def _places(self, values: Tensor, kernel: Kernel) -> Tensor:
        return values.view(-1, self._length, kernel.rows)

    def _backward(self, room: _Rooms) -> None:
        """Fill how the loss moves with each layer, from the last to the table, and what each row adds."""
        back = self._last.backward(room.last, self._job.loss, room.texts.block)
        shares = room.texts.shares
        for kernel, layer in zip(self._kernels[::-1], room.layers[::-1], strict=True):
            layer.slopes.zero_()
            slopes = self._places(layer.slopes, kernel)[..., : kernel.layer.filters]
            torch.mul(back.view(len(shares), -1, kernel.layer.filters), shares, out=slopes)
            times_slope(self._job.model.activation, layer.slopes, layer.active)
            form_gradients(kernel, layer)
            back, shares = convolve_back(kernel, layer), room.texts.present
        self._table.form(room.texts, back)
