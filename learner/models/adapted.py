"""Layers that are kept as they are, and beside each a narrow way that is trained: down to a few numbers, and up again.

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021). What is kept is public and gets no noise: only
the two narrow layers are booked, bounded and added up, like every affine layer. Everything is float64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.data import Block, Rows
from learner.dp.books import Books, BooksOf, Layer
from learner.dp.units import padded
from learner.models.activations import activate, inverse_error_function, times_slope
from learner.models.kernels import zeros
from learner.models.last_layer import BEHIND, LastLayer, ScoreRoom, add_product, shorten_formed
from learner.models.losses import residuals
from learner.protocol import Job, job_shapes, kept_shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room:
    """Room for a block at one layer: the layer that is kept, the way down and up beside it, and what comes of both."""

    kept: ScoreRoom
    down: ScoreRoom
    up: ScoreRoom
    given: Tensor
    slopes: Tensor

    def first(self, size: int) -> Self:
        """The room for the first ``size`` rows."""
        return type(self)(
            **{name: getattr(self, name).first(size) for name in ("kept", "down", "up")},
            given=self.given[:size],
            slopes=self.slopes[:size],
        )


class _Adapted:
    """One layer that is kept, with the narrow way beside it."""

    def __init__(self, outputs: int, inputs: int, rank: int) -> None:
        self.outputs, self.inputs, self._rank = outputs, inputs, rank
        self.kept = LastLayer(outputs, inputs)
        self.down, self.up = LastLayer(rank, inputs), LastLayer(outputs, rank)

    def room(self, size: int) -> _Room:
        """Room for so many rows; the layer and the way beside it take in the same."""
        down, wide = self.down.room(size), self.kept.shape.rows
        return _Room(
            kept=replace(self.kept.room(size), taken=down.taken),
            down=down,
            up=self.up.room(size),
            given=zeros(size, wide),
            slopes=zeros(size, wide),
        )

    def forward(self, room: _Room) -> Tensor:
        """What is given out (rows, padded outputs) for what was put in the room."""
        self.kept.forward(room.kept)
        self.down.forward(room.down)
        room.up.taken[:, : self._rank] = room.down.scores[:, : self._rank]
        self.up.forward(room.up)
        return torch.add(room.kept.scores, room.up.scores, out=room.given)

    def backward(self, room: _Room) -> Tensor:
        """How the loss moves with what was taken in (rows, inputs), by how it moves with what was given out."""
        for each in (room.kept, room.up):
            each.slopes.copy_(room.slopes)
        room.down.slopes[:, : self._rank] = self.up.back(room.up)
        return self.kept.back(room.kept) + self.down.back(room.down)


class Adapted:
    """Affine layers that are kept, with an activation between them, and the adapters beside them."""

    erfinv = staticmethod(inverse_error_function)
    shorten = staticmethod(shorten_formed)
    add_product = staticmethod(add_product)

    def __init__(self, job: Job, rows: Rows, block: int, kept: NDArray[np.float64]) -> None:
        torch.set_num_threads(1)  # more would make a sum depend on how the rows were shared out
        self._job, self._rows = job, rows
        shapes = list(kept_shapes(job).values())
        self._layers = [_Adapted(outputs, inputs, job.model.rank) for outputs, inputs in shapes[::2]]
        self.shapes = tuple(part.shape for each in self._layers for part in (each.down, each.up))
        tensors = _split(kept, shapes)
        for layer, weight, bias in zip(self._layers, tensors[::2], tensors[1::2], strict=True):
            layer.kept.set_weights(weight, bias)
        self._block = rows.block(padded(block), self._layers[0].inputs + BEHIND)
        whole = [each.room(padded(block)) for each in self._layers]
        sizes = range(padded(1), padded(block) + 1, padded(1))
        self._rooms = {size: [each.first(size) for each in whole] for size in sizes}

    def books_at(self, theta: NDArray[np.float64]) -> BooksOf:
        """The books at these weights (d,)."""
        self._set_weights(theta)

        def books(rows: NDArray[np.int64]) -> Books:
            rooms, block = self._forward(rows)
            self._backward(rooms, block)
            parts = [part for each in rooms for part in (each.down, each.up)]
            return [Layer(inputs=part.taken.numpy(), gradients=part.slopes.numpy()) for part in parts]

        return books

    def outputs_at(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """From rows to their outputs (K, rows)."""
        self._set_weights(theta)
        return lambda rows: self._outputs(self._forward(rows)[0])[:, : len(rows)]

    def _set_weights(self, theta: NDArray[np.float64]) -> None:
        tensors = _split(theta, list(job_shapes(self._job).values()))
        parts = [part for each in self._layers for part in (each.down, each.up)]
        for part, weight, bias in zip(parts, tensors[::2], tensors[1::2], strict=True):
            part.set_weights(weight, bias)

    def _forward(self, rows: NDArray[np.int64]) -> tuple[list[_Room], Block]:
        """Fill what the layers give out in turn."""
        rooms, block = self._rooms[padded(len(rows))], self._block.first(padded(len(rows)))
        self._rows.fill(block, rows)
        values = torch.from_numpy(block.inputs)
        for place, (layer, room) in enumerate(zip(self._layers, rooms, strict=True)):
            room.down.taken[:, : layer.inputs] = values[:, : layer.inputs]
            values = layer.forward(room)
            if place + 1 < len(rooms):
                activate(self._job.model.activation, values)
        return rooms, block

    def _outputs(self, rooms: list[_Room]) -> NDArray[np.float64]:
        return np.ascontiguousarray(rooms[-1].given.numpy()[:, : self._layers[-1].outputs].T)

    def _backward(self, rooms: list[_Room], block: Block) -> None:
        """Fill how the loss moves with what each part gives out, from the last to the first."""
        found = residuals(self._job.loss, self._outputs(rooms), block.labels, block.known)
        rooms[-1].slopes.numpy()[:, : self._layers[-1].outputs] = found.T
        for place in range(len(rooms) - 1, -1, -1):
            back = self._layers[place].backward(rooms[place])
            if place:
                before = rooms[place - 1]
                before.slopes.zero_()  # also the padding: it may hold what a row before left there
                before.slopes[:, : self._layers[place].inputs] = back
                times_slope(self._job.model.activation, before.slopes, before.given)


def _split(numbers: NDArray[np.float64], shapes: list[tuple[int, ...]]) -> list[NDArray[np.float64]]:
    """The flat numbers as tensors of these shapes."""
    parts = np.split(numbers, np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
