"""Models of several layers: an explicit way forward and back in blocks of few shapes.

Rows are computed and booked in float32; what they add is multiplied and summed up in float64, where float32
numbers are exact, so that how the sum rounds has nothing to do with how they were computed. A row has the same
bits at every place and beside any other rows: products are rows times a matrix that is not transposed (a @ Wt
on the way forward, g @ W on the way back), blocks and widths are padded, one thread computes a block, and the math
library is told to add in one order (``MKL_CBWR`` in ``learner.protocol``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.data import Block, Rows
from learner.dp.books import Books, BooksOf, Layer, LayerShape
from learner.dp.units import padded
from learner.models.activations import activate, filled_up, inverse_error_function, times_slope
from learner.models.losses import residuals
from learner.models.precision import Products, shorten, zeros
from learner.models.rooms import Room
from learner.protocol import Job, job_shapes

# columns of the last product on the way forward: of fewer it takes three times as long
_FEWEST_GIVEN: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room(Room):
    """Room for a block: what each layer takes in, then the outputs; and how the loss moves with what each gives out."""

    block: Block
    values: list[Tensor]
    gradients: list[Tensor]


class Layered:
    """Affine layers with an activation between them, on blocks of few sizes."""

    erfinv = staticmethod(inverse_error_function)
    shorten = staticmethod(partial(shorten, finite=1))

    def __init__(self, job: Job, rows: Rows, block: int) -> None:
        torch.set_num_threads(1)  # more would make a sum depend on how the rows were shared out
        self.add_product = Products().add
        self._job, self._rows = job, rows
        self.shapes = _layer_shapes(job)
        # each layer's weight with its bias transposed, and without it as it is
        *hidden, last = self.shapes
        widths = [*(each.rows for each in hidden), max(last.rows, _FEWEST_GIVEN)]
        self._forth = [zeros(each.columns, wide) for each, wide in zip(self.shapes, widths, strict=True)]
        self._back = [zeros(each.rows, each.columns) for each in self.shapes]
        whole = self._room(padded(block))
        self._rooms = {size: whole.first(size) for size in range(padded(1), padded(block) + 1, padded(1))}

    def books_at(self, theta: NDArray[np.float64]) -> BooksOf:
        """The books at these weights (d,)."""
        self._set_weights(theta)

        def books(rows: NDArray[np.int64]) -> Books:
            room = self._forward(rows)
            self._backward(room)
            return [
                Layer(inputs=taken.numpy(), gradients=gradient.numpy())
                for taken, gradient in zip(room.values, room.gradients, strict=False)
            ]

        return books

    def outputs_at(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """From rows to their outputs (K, rows)."""
        self._set_weights(theta)
        return lambda rows: self._outputs(self._forward(rows))[:, : len(rows)]

    def _room(self, size: int) -> _Room:
        first = zeros(size, self.shapes[0].columns)
        block = self._rows.block(first.numpy())
        return _Room(
            block=block,
            values=[
                first,
                *(zeros(size, each.shape[1]) for each in self._forth),
            ],
            gradients=[zeros(size, each.rows) for each in self.shapes],
        )

    def _set_weights(self, theta: NDArray[np.float64]) -> None:
        ends = np.cumsum([_size(each) for each in job_shapes(self._job).values()])
        parts = [torch.from_numpy(part) for part in np.split(theta, ends[:-1])]
        for place, shape in enumerate(self.shapes):
            back, forth = self._back[place][: shape.outputs, : shape.inputs], self._forth[place]
            back.copy_(parts[2 * place].view(shape.outputs, shape.inputs))
            np.copyto(forth.numpy()[: shape.inputs, : shape.outputs], back.numpy().T)
            forth[shape.inputs, : shape.outputs] = parts[2 * place + 1]

    def _forward(self, rows: NDArray[np.int64]) -> _Room:
        """Fill the values of the layers in turn; after an activation the constant one is put back."""
        room = self._rooms[padded(len(rows))]
        self._rows.fill(room.block, rows)
        for place, (shape, forth) in enumerate(zip(self.shapes, self._forth, strict=True)):
            given = torch.mm(room.values[place], forth, out=room.values[place + 1])
            if place + 1 < len(self.shapes):
                activate(self._job.model.activation, given)
                given[:, shape.outputs] = 1.0
        return room

    def _outputs(self, room: _Room) -> NDArray[np.float64]:
        outputs = room.values[-1].numpy()[:, : self.shapes[-1].outputs]
        return np.ascontiguousarray(outputs.T, dtype=np.float64)

    def _backward(self, room: _Room) -> None:
        """Fill the gradients of the layers, from the last to the first."""
        last, block = room.gradients[-1].numpy(), room.block
        last[:, : self.shapes[-1].outputs] = residuals(
            self._job.loss, self._outputs(room), block.labels, block.known
        ).T
        for place in range(len(self.shapes) - 1, 0, -1):
            given = torch.mm(room.gradients[place], self._back[place], out=room.gradients[place - 1])
            times_slope(self._job.model.activation, given, room.values[place])


def _layer_shapes(job: Job) -> tuple[LayerShape, ...]:
    sizes = list(job_shapes(job).values())[::2]
    last = len(sizes) - 1
    return tuple(
        LayerShape(
            outputs=outputs,
            inputs=inputs,
            rows=filled_up(outputs + (place < last)),
            columns=filled_up(inputs + 1),
        )
        for place, (outputs, inputs) in enumerate(sizes)
    )


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape))
