"""Convolutions over maps of numbers: their weights, room for a block, and what a row adds to a kernel.

A convolution is a product of patches, copied row by row, with a matrix that is not transposed, and so is the way
back, with patches of the gradient and the kernel turned round. What a row adds to a kernel is a sum over all of its
places: it is formed, row by row, in a product of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.dp.books import LayerShape
from learner.maps import Convolution
from learner.models.activations import Activation, activate, filled_up
from learner.models.precision import zeros
from learner.models.rooms import BEHIND, Room


class Kernel:
    """The weights of one convolution, there and back, with the padding of their widths."""

    def __init__(self, layer: Convolution) -> None:
        self.layer = layer
        self.columns, self.rows = filled_up(layer.patch + BEHIND), filled_up(layer.filters)
        self.forth = zeros(self.columns, self.rows)
        self.back = zeros(
            filled_up(layer.kernel[0] * layer.kernel[1] * layer.filters), filled_up(layer.taken.channels)
        )

    def set_weights(self, weight: NDArray[np.float64], bias: NDArray[np.float64]) -> None:
        """Take the weight (filters, patch), also turned round for the way back, and the bias."""
        layer = self.layer
        self.forth.numpy()[: layer.patch, : layer.filters] = weight.T
        self.forth.numpy()[layer.patch, : layer.filters] = bias
        turned = weight.reshape(layer.filters, -1, layer.taken.channels)[:, ::-1]
        back = turned.transpose(1, 0, 2).reshape(-1, layer.taken.channels)
        self.back.numpy()[: len(back), : layer.taken.channels] = back


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardRoom(Room):
    """Room for a block at one convolution on the way forward: patches, and what is activated.

    The framed maps have zeros around them, as wide as what a kernel takes in beyond the edge.
    """

    framed: Tensor
    patches: Tensor
    active: Tensor

    @classmethod
    def of(cls, kernel: Kernel, rows: int) -> Self:
        """Room for so many rows."""
        return cls(**_on_the_way_forward(kernel, rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelRoom(ForwardRoom):
    """Room for a block at one convolution on the way forward and back, and for what each row adds to its kernel."""

    slopes: Tensor
    framed_back: Tensor
    patches_back: Tensor
    given_back: Tensor
    formed: Tensor

    @classmethod
    def of(cls, kernel: Kernel, rows: int) -> Self:
        """Room for so many rows."""
        places, layer = kernel.layer.taken.places, kernel.layer
        return cls(
            **_on_the_way_forward(kernel, rows),
            slopes=zeros(rows, places * kernel.rows),
            framed_back=_frame(layer, rows, layer.filters),
            patches_back=zeros(rows, places * len(kernel.back)),
            given_back=zeros(rows, places * kernel.back.shape[1]),
            formed=zeros(rows, kernel.rows * kernel.columns),
        )


def _on_the_way_forward(kernel: Kernel, rows: int) -> dict[str, Tensor]:
    places, layer = kernel.layer.taken.places, kernel.layer
    patches = zeros(rows, places * kernel.columns)
    patches.view(rows, places, kernel.columns)[..., layer.patch] = 1.0  # the bias; nothing else is put there
    return {
        "framed": _frame(layer, rows, layer.taken.channels),
        "patches": patches,
        "active": zeros(rows, places * kernel.rows),
    }


def _frame(layer: Convolution, rows: int, channels: int) -> Tensor:
    (high, wide), taken = layer.kernel, layer.taken
    return zeros(rows, taken.height + high - 1, taken.width + wide - 1, channels)


def copy_patches(layer: Convolution, values: Tensor, framed: Tensor, patches: Tensor) -> None:
    """What the kernel takes in at each place of a map of these values, place by place: its rows, columns, channels."""
    (high, wide), taken, channels = layer.kernel, layer.taken, framed.shape[-1]
    within = framed[:, high // 2 : high // 2 + taken.height, wide // 2 : wide // 2 + taken.width]
    within.copy_(values.reshape(within.shape))
    windows = framed.unfold(1, high, 1).unfold(2, wide, 1).permute(0, 1, 2, 4, 5, 3)
    target = patches.view(len(patches), taken.height, taken.width, -1)[..., : high * wide * channels]
    target.view(windows.shape).copy_(windows)


def form_gradients(kernel: Kernel, room: KernelRoom) -> None:
    """What each row adds to the kernel, (filters, patch and bias) with padding, summed over its places in a product."""
    rows, places = len(room.formed), kernel.layer.taken.places
    slopes = room.slopes.view(rows, places, kernel.rows)
    patches = room.patches.view(rows, places, kernel.columns)
    torch.bmm(slopes.transpose(1, 2), patches, out=room.formed.view(rows, kernel.rows, kernel.columns))


def without_padding(values: Tensor, columns: int, channels: int) -> Tensor:
    """The numbers of a map without the padding of each place, (rows, size)."""
    return values.view(len(values), -1, columns)[..., :channels].flatten(1)


def formed_shape(kernel: Kernel) -> LayerShape:
    """Of one row: the whole gradient of a kernel, which is booked as what one output took in."""
    layer = kernel.layer
    return LayerShape(outputs=layer.filters, inputs=layer.patch, rows=kernel.rows, columns=kernel.columns)


def convolve(kernel: Kernel, room: ForwardRoom, values: Tensor, activation: Activation) -> None:
    """Fill what is active at each place of a map of these values (rows, size)."""
    copy_patches(kernel.layer, values, room.framed, room.patches)
    active = room.active.view(-1, kernel.rows)
    torch.mm(room.patches.view(-1, kernel.columns), kernel.forth, out=active)
    activate(activation, active)


def convolve_back(kernel: Kernel, room: KernelRoom) -> Tensor:
    """How the loss moves with the map that was taken in (rows, size), from how it moves with what was given."""
    slopes = without_padding(room.slopes, kernel.rows, kernel.layer.filters)
    copy_patches(kernel.layer, slopes, room.framed_back, room.patches_back)
    given = room.given_back.view(-1, kernel.back.shape[1])
    torch.mm(room.patches_back.view(-1, len(kernel.back)), kernel.back, out=given)
    return without_padding(room.given_back, kernel.back.shape[1], kernel.layer.taken.channels)
