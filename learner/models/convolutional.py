"""Convolutions over a map of numbers, then one affine layer: an explicit way forward and back.

What a row adds to a kernel is formed, row by row, and that very array is what is booked, bounded and added up.
So what the sum rounds has nothing to do with how many places there are, and a row has the same bits beside any others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.data import Block, Rows
from learner.maps import Convolution
from learner.models.activations import Activation, activate, times_slope
from learner.models.group_norm import GroupNorm, GroupNormRoom
from learner.models.kernels import (
    ForwardRoom,
    Kernel,
    KernelRoom,
    convolve,
    convolve_back,
    form_gradients,
    formed_shape,
)
from learner.models.precision import zeros
from learner.models.rooms import BEHIND, room_with_one
from learner.models.scored_network import ScoredNetwork, ScoredRoom
from learner.outlines import FAINTEST_OUTLINE, outline_filters
from learner.protocol import Job, convolutions_of

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room(ScoredRoom):
    """Room for a block: the maps from the first to what the last layer takes in, then the scores; norms, if any."""

    block: Block
    maps: list[Tensor]
    outlines: list[ForwardRoom]
    layers: list[KernelRoom]
    norms: list[GroupNormRoom]


class Convolutional(ScoredNetwork[_Room]):
    """Convolutions, of which groups may be normed, with an activation and means; an affine layer over the last map.

    Before them may stand a layer of fixed filters for outlines: what it makes of an image is of that row alone.
    """

    def __init__(self, job: Job, rows: Rows, block: int) -> None:
        self._rows = rows
        layers = convolutions_of(job.model)
        self._outlines = [_outlines(layer) for layer in layers if layer.fixed]
        self._kernels = [Kernel(layer) for layer in layers if not layer.fixed]
        self._norms = [_norm(each, job.model.groups) for each in self._kernels] if job.model.groups else []
        kernels, norms = (
            [formed_shape(each) for each in self._kernels],
            [each.shape for each in self._norms],
        )
        super().__init__(job, block, _one_by_one(kernels, norms))

    def _formed(self, room: _Room) -> list[Tensor]:
        kernels, norms = ([each.formed for each in rooms] for rooms in (room.layers, room.norms))
        return _one_by_one(kernels, norms)

    def _room(self, size: int) -> _Room:
        first, *later = [kernel.layer.taken.size for kernel in (*self._outlines, *self._kernels)]
        image, last = zeros(size, first + BEHIND), self._last.room(size)
        return _Room(
            block=self._rows.block(image.numpy()),
            maps=[image, *(room_with_one(size, numbers) for numbers in later), last.taken],
            outlines=[ForwardRoom.of(kernel, size) for kernel in self._outlines],
            layers=[KernelRoom.of(kernel, size) for kernel in self._kernels],
            norms=[norm.room(size) for norm in self._norms],
            last=last,
        )

    def _set_inner(self, tensors: Sequence[NDArray[np.float64]]) -> None:
        each_of: list[Kernel | GroupNorm] = _one_by_one(self._kernels, self._norms)
        for part, one, other in zip(each_of, tensors[::2], tensors[1::2], strict=True):
            part.set_weights(one, other)

    def _forward(self, room: _Room, rows: NDArray[np.int64]) -> None:
        """Fill the maps in turn."""
        self._rows.fill(room.block, rows)
        for kernel, layer in zip(self._outlines, room.outlines, strict=True):
            convolve(kernel, layer, _taken(kernel, room.maps[0]), "relu")
            _add_means(kernel, layer.active, room.maps[1])
        maps = room.maps[len(self._outlines) :]
        for place, (kernel, layer) in enumerate(zip(self._kernels, room.layers, strict=True)):
            activation = None if self._norms else self._job.model.activation
            convolve(kernel, layer, _taken(kernel, maps[place]), activation)
            if self._norms:
                given = self._norms[place].forward(
                    room.norms[place], _numbers(kernel, layer.active).flatten(1)
                )
                _numbers(kernel, layer.active).copy_(_by_place(kernel, given))
                activate(self._job.model.activation, layer.active)
            _add_means(kernel, layer.active, maps[place + 1])

    def _backward(self, room: _Room) -> None:
        """Fill how the loss moves with each layer, from the last to the first, and what each row adds."""
        back = self._last.backward(room.last, self._job.loss, room.block)
        for place in range(len(self._kernels) - 1, -1, -1):
            kernel, layer = self._kernels[place], room.layers[place]
            _spread_means(kernel, back, layer, self._job.model.activation)
            if self._norms:
                slopes = _numbers(kernel, layer.slopes)
                back_through = self._norms[place].backward(room.norms[place], slopes.flatten(1))
                slopes.copy_(_by_place(kernel, back_through))
            form_gradients(kernel, layer)
            if place:
                back = convolve_back(kernel, layer)


def _outlines(layer: Convolution) -> Kernel:
    """The fixed filters, which answer nothing where they see no more than what is faint."""
    kernel, filters = Kernel(layer), outline_filters(layer.filters, layer.taken.channels)
    kernel.set_weights(np.array(filters), np.full(layer.filters, -FAINTEST_OUTLINE))
    return kernel


def _norm(kernel: Kernel, groups: int) -> GroupNorm:
    return GroupNorm(kernel.layer.taken.places, kernel.layer.filters, groups)


def _one_by_one(kernels: Sequence[_Part], norms: Sequence[_Part]) -> list[_Part]:
    """Each kernel and, where there are norms, its norm behind it."""
    return [part for pair in zip(kernels, norms, strict=True) for part in pair] if norms else list(kernels)


def _numbers(kernel: Kernel, values: Tensor) -> Tensor:
    """The filters at each place, without their padding, (rows, places, filters)."""
    return values.view(len(values), -1, kernel.rows)[..., : kernel.layer.filters]


def _taken(kernel: Kernel, values: Tensor) -> Tensor:
    """What a kernel takes in of a map, without what stands behind it, (rows, size)."""
    return values[:, : kernel.layer.taken.size]


def _by_place(kernel: Kernel, values: Tensor) -> Tensor:
    return values.view(len(values), -1, kernel.layer.filters)


def _add_means(kernel: Kernel, active: Tensor, given: Tensor) -> None:
    """The mean over each pool of what is active, into the next map: the numbers of a pool in their order."""
    layer, target = kernel.layer, kernel.layer.given
    means = given[:, : target.size].view(-1, target.height, target.width, target.channels)
    first, *parts = _pooled(kernel, active)
    if parts:
        torch.add(first, parts[0], out=means)
        for part in parts[1:]:
            means.add_(part)
    else:
        means.copy_(first)
    means.mul_(1.0 / (layer.pool[0] * layer.pool[1]))


def _spread_means(kernel: Kernel, back: Tensor, room: KernelRoom, activation: Activation) -> None:
    """How the loss moves with a mean, shared out to the numbers of its pool, and through the activation."""
    layer, target = kernel.layer, kernel.layer.given
    room.slopes.zero_()  # what is in no pool has zero: it may hold what a row before left there
    each = back.view(-1, target.height, target.width, target.channels)
    share = each * (1.0 / (layer.pool[0] * layer.pool[1]))
    for slopes, active in zip(_pooled(kernel, room.slopes), _pooled(kernel, room.active), strict=True):
        times_slope(activation, share, active, slopes)


def _pooled(kernel: Kernel, values: Tensor) -> list[Tensor]:
    """For each place within a pool the numbers (rows, height, width, filters) that stand there."""
    layer, (down, right) = kernel.layer, kernel.layer.pool
    whole = values.view(-1, layer.taken.height, layer.taken.width, kernel.rows)[..., : layer.filters]
    within = whole[:, : layer.given.height * down, : layer.given.width * right]
    return [within[:, first::down, second::right] for first in range(down) for second in range(right)]
