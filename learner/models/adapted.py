"""Layers that are kept as they are, and beside each a narrow way that is trained: down to a few numbers, and up again.

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021). What is kept is public and gets no noise: only
the two narrow layers are booked, bounded and added up, like every affine layer. Rows go through the layers with the
products of their adapters added to them, once a step, which is less work than to go both ways.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.data import Rows
from learner.dp.books import Books, BooksOf, Layer, LayerShape
from learner.dp.units import padded
from learner.models.activations import filled_up, inverse_error_function
from learner.models.layered import Layered
from learner.models.precision import Products, shorten, zeros
from learner.models.rooms import Room
from learner.protocol import Job, job_shapes, kept_shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside(Room):
    """Room for a block beside a layer: what the way down gives, and a one, and how the loss moves with it."""

    given: Tensor
    slopes: Tensor


class _Adapter:
    """The way down and up beside one layer, with the padding of its widths."""

    def __init__(self, layer: LayerShape, rank: int) -> None:
        self._rank, narrow = rank, filled_up(rank + 1)
        self.down = LayerShape(outputs=rank, inputs=layer.inputs, rows=narrow, columns=layer.columns)
        self.up = LayerShape(outputs=layer.outputs, inputs=rank, rows=layer.rows, columns=narrow)
        # the down weight with its bias and what makes the one behind, transposed; the up weight without its bias
        self._forth, self._back = zeros(layer.columns, narrow), zeros(layer.rows, narrow)

    def set_weights(
        self, down: NDArray[np.float64], bias: NDArray[np.float64], up: NDArray[np.float64]
    ) -> None:
        """Take the weights, and the bias of the way down."""
        inputs, outputs = self.down.inputs, self.up.outputs
        self._forth.numpy()[:inputs, : self._rank] = down.T
        self._forth.numpy()[inputs, : self._rank] = bias
        self._forth.numpy()[inputs, self._rank] = 1.0
        self._back.numpy()[:outputs, : self._rank] = up

    def room(self, size: int) -> _Beside:
        """Room for so many rows."""
        return _Beside(given=zeros(size, self.down.rows), slopes=zeros(size, self.down.rows))

    def books(self, room: _Beside, taken: Tensor, slopes: Tensor) -> Books:
        """Of the way down and up, by what the layer took in and how the loss moves with what it gave out."""
        torch.mm(taken, self._forth, out=room.given)
        torch.mm(slopes, self._back, out=room.slopes)
        down, up = (taken, room.slopes), (room.given, slopes)
        return [Layer(inputs=inputs.numpy(), gradients=each.numpy()) for inputs, each in (down, up)]


class Adapted:
    """Affine layers that are kept, with an activation between them, and the adapters beside them."""

    erfinv = staticmethod(inverse_error_function)
    shorten = staticmethod(partial(shorten, finite=1))

    def __init__(self, job: Job, rows: Rows, block: int, kept: NDArray[np.float64]) -> None:
        self.add_product = Products().add
        whole = replace(job, model=replace(job.model, rank=0))
        self._layered = Layered(whole, rows, block)
        self._adapters = [_Adapter(each, job.model.rank) for each in self._layered.shapes]
        self.shapes = tuple(shape for each in self._adapters for shape in (each.down, each.up))
        self._shapes = list(job_shapes(job).values())
        self._kept = _split(kept, list(kept_shapes(job).values()))
        rooms = [each.room(padded(block)) for each in self._adapters]
        sizes = range(padded(1), padded(block) + 1, padded(1))
        self._rooms = {size: [each.first(size) for each in rooms] for size in sizes}

    def books_at(self, theta: NDArray[np.float64]) -> BooksOf:
        """The books at these weights (d,)."""
        books_of = self._layered.books_at(self._added(theta))

        def books(rows: NDArray[np.int64]) -> Books:
            layers, rooms = books_of(rows), self._rooms[padded(len(rows))]
            found: list[Layer] = []
            for adapter, room, layer in zip(self._adapters, rooms, layers, strict=True):
                taken, slopes = torch.from_numpy(layer.inputs), torch.from_numpy(layer.gradients)
                found += adapter.books(room, taken, slopes)
            return found

        return books

    def outputs_at(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """From rows to their outputs (K, rows)."""
        return self._layered.outputs_at(self._added(theta))

    def _added(self, theta: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take the adapters, and give the layers with the products of them added."""
        tensors, found = _split(theta, self._shapes), []
        for place, adapter in enumerate(self._adapters):
            down, down_bias, up, up_bias = tensors[4 * place : 4 * place + 4]
            adapter.set_weights(down, down_bias, up)
            weight, bias = self._kept[2 * place : 2 * place + 2]
            found += [(weight + up @ down).ravel(), bias + up @ down_bias + up_bias]
        return np.concatenate(found)


def _split(numbers: NDArray[np.float64], shapes: list[tuple[int, ...]]) -> list[NDArray[np.float64]]:
    """The flat numbers as tensors of these shapes."""
    parts = np.split(numbers, np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
