"""Networks that form what each row adds to their layers, with one affine layer behind them that scores a row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from learner.dp.books import Books, LayerShape
from learner.dp.units import padded
from learner.models.formed_network import FormedNetwork
from learner.models.last_layer import LastLayer, ScoreRoom
from learner.models.rooms import Room
from learner.protocol import Job, job_shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRoom(Room):
    """Room for a block of rows in all layers of a network, and for their scores."""

    last: ScoreRoom


_Room = TypeVar("_Room", bound=ScoredRoom)


class ScoredNetwork(FormedNetwork[_Room]):
    """Layers of which each row's gradients are formed, and an affine layer behind them."""

    def __init__(self, job: Job, block: int, inner: Sequence[LayerShape], granule: int = padded(1)) -> None:
        """Make the room, once all layers but the last are there, whose shapes these are."""
        shapes = job_shapes(job)
        self._job = job
        self._last = LastLayer(*shapes["linear.weight"])
        super().__init__(list(shapes.values()), (*inner, self._last.shape), block, granule)

    def outputs_at(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """From rows to their outputs (K, rows)."""
        self._take(theta)
        return lambda rows: self._last.outputs(self._filled(rows).last)[:, : len(rows)]

    def _set_weights(self, tensors: Sequence[NDArray[np.float64]]) -> None:
        *inner, weight, bias = tensors
        self._set_inner(inner)
        self._last.set_weights(weight, bias)

    def _filled(self, rows: NDArray[np.int64]) -> _Room:
        room = super()._filled(rows)
        self._last.forward(room.last)
        return room

    def _booked(self, room: _Room) -> Books:
        formed = super()._booked(room)
        rows = len(formed[0].inputs) if formed else len(room.last.taken)
        return [*formed, self._last.booked(room.last, rows)]

    @abstractmethod
    def _set_inner(self, tensors: Sequence[NDArray[np.float64]]) -> None:
        """Take the weights of all layers but the last, in their order."""
