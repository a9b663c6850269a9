"""What networks of kernels have in common: rooms by their size, the weights taken apart, books, and outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.dp.books import Books, BooksOf, LayerShape
from learner.dp.units import padded
from learner.models.activations import inverse_error_function
from learner.models.last_layer import LastLayer, ScoreRoom, booked
from learner.models.precision import Products, shorten
from learner.protocol import Job, job_shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Room for a block of rows, in parts: tensors by row, parts that have a first of their own, and lists of either."""

    def first(self, size: int) -> Self:
        """The room for the first ``size`` rows."""
        return type(self)(**{each.name: _first_of(getattr(self, each.name), size) for each in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms(Parts):
    """All the room that a network has for a block of rows, the scores with it."""

    last: ScoreRoom


_Room = TypeVar("_Room", bound=Rooms)


class FormedNetwork(ABC, Generic[_Room]):
    """Layers of which each row's gradients are formed, and an affine layer behind them."""

    erfinv = staticmethod(inverse_error_function)
    shorten = staticmethod(shorten)

    def __init__(self, job: Job, block: int, inner: Sequence[LayerShape]) -> None:
        """Make the rooms, once all layers but the last are there, whose shapes these are."""
        torch.set_num_threads(1)  # more would make a sum depend on how the rows were shared out
        self.add_product = Products().add
        self._job = job
        self._last = LastLayer(*job_shapes(job)["linear.weight"])
        self.shapes = (*inner, self._last.shape)
        whole = self._room(padded(block))
        self._rooms = {size: whole.first(size) for size in range(padded(1), padded(block) + 1, padded(1))}

    def books_at(self, theta: NDArray[np.float64]) -> BooksOf:
        """The books at these weights (d,)."""
        self._take(theta)

        def books(rows: NDArray[np.int64]) -> Books:
            room = self._filled(rows)
            self._backward(room)
            return booked(self._formed(room), room.last)

        return books

    def outputs_at(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """From rows to their outputs (K, rows)."""
        self._take(theta)
        return lambda rows: self._last.outputs(self._filled(rows).last)[:, : len(rows)]

    def _take(self, theta: NDArray[np.float64]) -> None:
        shapes = list(job_shapes(self._job).values())
        parts = np.split(theta, np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1])
        *inner, weight, bias = (part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))
        self._set_inner(inner)
        self._last.set_weights(weight, bias)

    def _filled(self, rows: NDArray[np.int64]) -> _Room:
        room = self._rooms[padded(len(rows))]
        self._forward(room, rows)
        self._last.forward(room.last)
        return room

    @abstractmethod
    def _room(self, size: int) -> _Room:
        """Room for so many rows."""

    @abstractmethod
    def _set_inner(self, tensors: Sequence[NDArray[np.float64]]) -> None:
        """Take the weights of all layers but the last, in their order."""

    @abstractmethod
    def _forward(self, room: _Room, rows: NDArray[np.int64]) -> None:
        """Fill everything up to what the last layer takes in."""

    @abstractmethod
    def _backward(self, room: _Room) -> None:
        """Fill what each row adds, from the last layer to the first."""

    @abstractmethod
    def _formed(self, room: _Room) -> list[Tensor]:
        """What each row adds to each layer but the last, in their order."""


def _first_of(part: Any, size: int) -> Any:
    if isinstance(part, list):
        return [_first_of(each, size) for each in part]
    return part[:size] if isinstance(part, Tensor) else part.first(size)
