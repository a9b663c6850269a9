"""What networks have in common that form what each row adds: rooms by their size, weights taken apart, and books."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.dp.books import Books, BooksOf, Layer, LayerShape
from learner.dp.units import padded
from learner.models.activations import inverse_error_function
from learner.models.precision import Products, shorten
from learner.models.rooms import Room

_Room = TypeVar("_Room", bound=Room)


class FormedNetwork(ABC, Generic[_Room]):
    """Layers of which each row's gradients are formed; ``granule`` is what a block's rows are padded to."""

    erfinv = staticmethod(inverse_error_function)
    shorten = staticmethod(shorten)

    def __init__(
        self, tensors: Sequence[tuple[int, ...]], shapes: Sequence[LayerShape], block: int, granule: int
    ) -> None:
        """Make the room, once all layers are there, whose shapes these are; the weights come in these ``tensors``."""
        torch.set_num_threads(1)  # more would make a sum depend on how the rows were shared out
        self.add_product = Products().add
        self.shapes = tuple(shapes)
        self._tensors, self._granule = list(tensors), granule
        self._rooms = {padded(block, granule): self._room(padded(block, granule))}

    def books_at(self, theta: NDArray[np.float64]) -> BooksOf:
        """The books at these weights (d,)."""
        self._take(theta)

        def books(rows: NDArray[np.int64]) -> Books:
            room = self._filled(rows)
            self._backward(room)
            return self._booked(room)

        return books

    @abstractmethod
    def outputs_at(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """From rows to their outputs (K, rows)."""

    def _take(self, theta: NDArray[np.float64]) -> None:
        parts = np.split(theta, np.cumsum([int(np.prod(shape)) for shape in self._tensors])[:-1])
        self._set_weights([part.reshape(shape) for part, shape in zip(parts, self._tensors, strict=True)])

    def _filled(self, rows: NDArray[np.int64]) -> _Room:
        size = padded(len(rows), self._granule)
        if size not in self._rooms:
            self._rooms[size] = self._rooms[max(self._rooms)].first(size)
        self._forward(self._rooms[size], rows)
        return self._rooms[size]

    def _booked(self, room: _Room) -> Books:
        """What each row adds to a layer is booked as a row of one output."""
        formed = [each.numpy() for each in self._formed(room)]
        return [Layer(inputs=rows, gradients=np.ones((len(rows), 1), rows.dtype)) for rows in formed]

    @abstractmethod
    def _room(self, size: int) -> _Room:
        """Room for so many rows."""

    @abstractmethod
    def _set_weights(self, tensors: Sequence[NDArray[np.float64]]) -> None:
        """Take the weights of all layers, in their order."""

    @abstractmethod
    def _forward(self, room: _Room, rows: NDArray[np.int64]) -> None:
        """Fill everything on the way to the scores."""

    @abstractmethod
    def _backward(self, room: _Room) -> None:
        """Fill what each row adds, from the last layer to the first."""

    @abstractmethod
    def _formed(self, room: _Room) -> list[Tensor]:
        """What each row adds to each layer that is formed, in their order."""
