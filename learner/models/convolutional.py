"""Convolutions over a map of numbers, then one affine layer: an explicit way forward and back, in float64.

A convolution is a product of patches, copied row by row, with a matrix that is not transposed, and so is the way
back, with patches of the gradient and the kernel turned round. What a row adds to a kernel is a sum over all of its
places: it is formed, row by row, in a product of its own, and that very array is what is booked, bounded and added up.
So what the sum rounds has nothing to do with how many places there are, and a row has the same bits beside any others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.data import Block, Rows
from learner.dp.books import Books, BooksOf, Layer, LayerShape, Numbers, kept
from learner.dp.units import padded
from learner.maps import Convolution
from learner.models.activations import activate, filled_up, inverse_error_function, times_slope
from learner.models.losses import residuals
from learner.protocol import Job, convolutions_of, job_shapes

# behind the numbers of a map stands a one, for the bias
_BEHIND: Final = 1


class _Kernel:
    """The weights of one convolution, there and back, with the padding of their widths."""

    def __init__(self, layer: Convolution) -> None:
        self.layer = layer
        self.columns, self.rows = filled_up(layer.patch + 1), filled_up(layer.filters)
        self.forth = _zeros(self.columns, self.rows)
        self.back = _zeros(
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
class _Room:
    """Room for a block at one convolution: patches, what is activated, and the way back.

    The framed maps have zeros around them, as wide as what a kernel takes in beyond the edge.
    """

    framed: Tensor
    patches: Tensor
    active: Tensor
    slopes: Tensor
    framed_back: Tensor
    patches_back: Tensor
    given_back: Tensor
    products: Tensor
    formed: Tensor

    @classmethod
    def of(cls, kernel: _Kernel, rows: int) -> Self:
        """Room for so many rows."""
        places, layer = kernel.layer.taken.places, kernel.layer
        patches = _zeros(rows, places * kernel.columns)
        patches.view(rows, places, kernel.columns)[..., layer.patch] = (
            1.0  # the bias; nothing else is put there
        )
        return cls(
            framed=_frame(layer, rows, layer.taken.channels),
            patches=patches,
            active=_zeros(rows, places * kernel.rows),
            slopes=_zeros(rows, places * kernel.rows),
            framed_back=_frame(layer, rows, layer.filters),
            patches_back=_zeros(rows, places * len(kernel.back)),
            given_back=_zeros(rows, places * kernel.back.shape[1]),
            products=_zeros(rows, kernel.rows * kernel.columns),
            formed=_zeros(rows, layer.filters * (layer.patch + 1)),
        )

    def first(self, size: int) -> Self:
        """The room for the first ``size`` rows."""
        return type(self)(**{name: getattr(self, name)[:size] for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rooms:
    """Room for a block: the maps from the first to what the last layer takes in, then the scores."""

    block: Block
    maps: list[Tensor]
    layers: list[_Room]
    scores: Tensor
    score_slopes: Tensor
    first_back: Tensor

    def first(self, size: int) -> Self:
        """The room for the first ``size`` rows."""
        return type(self)(
            block=self.block.first(size),
            maps=[each[:size] for each in self.maps],
            layers=[each.first(size) for each in self.layers],
            scores=self.scores[:size],
            score_slopes=self.score_slopes[:size],
            first_back=self.first_back[:size],
        )


class Convolutional:
    """Convolutions with an activation and means, and an affine layer over the last map."""

    erfinv = staticmethod(inverse_error_function)

    def __init__(self, job: Job, rows: Rows, block: int) -> None:
        torch.set_num_threads(1)  # more would make a sum depend on how the rows were shared out
        self._job, self._rows = job, rows
        self._kernels = [_Kernel(layer) for layer in convolutions_of(job.model)]
        outputs, inputs = job_shapes(job)["linear.weight"]
        linear = LayerShape(
            outputs=outputs,
            inputs=inputs,
            rows=filled_up(outputs),
            columns=filled_up(inputs + _BEHIND),
        )
        self.shapes = (*(_formed_shape(each.layer) for each in self._kernels), linear)
        self._forth, self._back = _zeros(linear.columns, linear.rows), _zeros(linear.rows, linear.columns)
        whole = self._room(padded(block))
        self._rooms = {size: whole.first(size) for size in range(padded(1), padded(block) + 1, padded(1))}

    def books_at(self, theta: NDArray[np.float64]) -> BooksOf:
        """The books at these weights (d,)."""
        self._set_weights(theta)

        def books(rows: NDArray[np.int64]) -> Books:
            room = self._forward(rows)
            self._backward(room)
            once = np.ones((len(self._kernels), len(room.scores), 1))
            formed = [
                Layer(inputs=each.formed.numpy(), gradients=one)
                for each, one in zip(room.layers, once, strict=True)
            ]
            return [*formed, Layer(inputs=room.maps[-1].numpy(), gradients=room.score_slopes.numpy())]

        return books

    def outputs_at(self, theta: NDArray[np.float64]) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
        """From rows to their outputs (K, rows)."""
        self._set_weights(theta)
        return lambda rows: self._outputs(self._forward(rows))[:, : len(rows)]

    def shorten(self, layers: Books, found: NDArray[np.float64]) -> None:
        """Multiply each row's gradients by its factor, and put zeros in all of a row with the factor zero."""
        bits = torch.from_numpy(kept(found))
        for layer in layers:
            torch.from_numpy(layer.gradients).mul_(torch.from_numpy(found)[:, None])
            for part in (layer.gradients, layer.inputs):
                torch.from_numpy(part).view(torch.int64).bitwise_and_(bits)

    def add_product(self, total: NDArray[np.float64], gradients: Numbers, inputs: Numbers) -> None:
        """Add the transpose of gradients (rows, out) times inputs (rows, in) to a total (out, in)."""
        torch.from_numpy(total).addmm_(torch.from_numpy(gradients).T, torch.from_numpy(inputs))

    def _room(self, size: int) -> _Rooms:
        linear = self.shapes[-1]
        block = self._rows.block(size, self._kernels[0].layer.taken.size + _BEHIND)
        later = [_map(size, kernel.layer.taken.size) for kernel in self._kernels[1:]]
        return _Rooms(
            block=block,
            maps=[torch.from_numpy(block.inputs), *later, _map(size, linear.inputs)],
            layers=[_Room.of(kernel, size) for kernel in self._kernels],
            scores=_zeros(size, linear.rows),
            score_slopes=_zeros(size, linear.rows),
            first_back=_zeros(size, linear.columns),
        )

    def _set_weights(self, theta: NDArray[np.float64]) -> None:
        shapes = list(job_shapes(self._job).values())
        parts = np.split(theta, np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1])
        *layers, weight, bias = (part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))
        for place, kernel in enumerate(self._kernels):
            kernel.set_weights(layers[2 * place], layers[2 * place + 1])
        outputs, inputs = weight.shape
        self._back.numpy()[:outputs, :inputs] = weight
        self._forth.numpy()[:inputs, :outputs] = weight.T
        self._forth.numpy()[inputs, :outputs] = bias

    def _forward(self, rows: NDArray[np.int64]) -> _Rooms:
        """Fill the maps in turn, and the scores."""
        room = self._rooms[padded(len(rows))]
        self._rows.fill(room.block, rows)
        for kernel, layer, taken, given in zip(
            self._kernels, room.layers, room.maps[:-1], room.maps[1:], strict=True
        ):
            _copy_patches(kernel.layer, taken[:, : kernel.layer.taken.size], layer.framed, layer.patches)
            active = layer.active.view(-1, kernel.rows)
            torch.mm(layer.patches.view(-1, kernel.columns), kernel.forth, out=active)
            activate(self._job.model.activation, active)
            _add_means(kernel, layer.active, given)
        room.maps[-1][:, self.shapes[-1].inputs] = 1.0  # of a row that was left out it is zero by now
        torch.mm(room.maps[-1], self._forth, out=room.scores)
        return room

    def _outputs(self, room: _Rooms) -> NDArray[np.float64]:
        return np.ascontiguousarray(room.scores.numpy()[:, : self.shapes[-1].outputs].T)

    def _backward(self, room: _Rooms) -> None:
        """Fill how the loss moves with each layer, from the last to the first, and what each row adds."""
        block, outputs = room.block, self.shapes[-1].outputs
        room.score_slopes.numpy()[:, :outputs] = residuals(
            self._job.loss, self._outputs(room), block.labels, block.known
        ).T
        back = torch.mm(room.score_slopes, self._back, out=room.first_back)
        back = back[:, : self.shapes[-1].inputs]
        for place in range(len(self._kernels) - 1, -1, -1):
            kernel, layer = self._kernels[place], room.layers[place]
            _spread_means(kernel, back, layer.slopes)
            times_slope(self._job.model.activation, layer.slopes, layer.active)
            _form_gradients(kernel, layer)
            if place:
                slopes = _channels(layer.slopes, kernel.rows, kernel.layer.filters)
                _copy_patches(kernel.layer, slopes, layer.framed_back, layer.patches_back)
                given = layer.given_back.view(-1, kernel.back.shape[1])
                torch.mm(layer.patches_back.view(-1, len(kernel.back)), kernel.back, out=given)
                back = _channels(layer.given_back, kernel.back.shape[1], kernel.layer.taken.channels)


def _frame(layer: Convolution, rows: int, channels: int) -> Tensor:
    (high, wide), taken = layer.kernel, layer.taken
    return torch.zeros((rows, taken.height + high - 1, taken.width + wide - 1, channels), dtype=torch.float64)


def _copy_patches(layer: Convolution, values: Tensor, framed: Tensor, patches: Tensor) -> None:
    """What the kernel takes in at each place of a map of these values, place by place: its rows, columns, channels."""
    (high, wide), taken, channels = layer.kernel, layer.taken, framed.shape[-1]
    within = framed[:, high // 2 : high // 2 + taken.height, wide // 2 : wide // 2 + taken.width]
    within.copy_(values.reshape(within.shape))
    windows = framed.unfold(1, high, 1).unfold(2, wide, 1).permute(0, 1, 2, 4, 5, 3)
    target = patches.view(len(patches), taken.height, taken.width, -1)[..., : high * wide * channels]
    target.view(windows.shape).copy_(windows)


def _add_means(kernel: _Kernel, active: Tensor, given: Tensor) -> None:
    """The mean over each pool of what is active, into the next map: the numbers of a pool in their order."""
    layer, target = kernel.layer, kernel.layer.given
    means = given[:, : target.size].view(-1, target.height, target.width, target.channels)
    parts = _pooled(kernel, active)
    means.copy_(parts[0])
    for part in parts[1:]:
        means.add_(part)
    means.mul_(1.0 / (layer.pool[0] * layer.pool[1]))


def _spread_means(kernel: _Kernel, back: Tensor, slopes: Tensor) -> None:
    """How the loss moves with a mean, shared out to the numbers of its pool; what is in no pool has zero."""
    layer, target = kernel.layer, kernel.layer.given
    slopes.zero_()  # also what is in no pool: it may hold what a row before left there
    each = back.view(-1, target.height, target.width, target.channels)
    share = each * (1.0 / (layer.pool[0] * layer.pool[1]))
    for part in _pooled(kernel, slopes):
        part.copy_(share)


def _pooled(kernel: _Kernel, values: Tensor) -> list[Tensor]:
    """For each place within a pool the numbers (rows, height, width, filters) that stand there."""
    layer, (down, right) = kernel.layer, kernel.layer.pool
    whole = values.view(-1, layer.taken.height, layer.taken.width, kernel.rows)[..., : layer.filters]
    within = whole[:, : layer.given.height * down, : layer.given.width * right]
    return [within[:, first::down, second::right] for first in range(down) for second in range(right)]


def _form_gradients(kernel: _Kernel, room: _Room) -> None:
    """What each row adds to the kernel, summed over its places: weight (filters, patch) and bias, each in a product."""
    layer, rows = kernel.layer, len(room.formed)
    slopes = room.slopes.view(rows, layer.taken.places, kernel.rows)
    patches = room.patches.view(rows, layer.taken.places, kernel.columns)
    products = room.products.view(rows, kernel.rows, kernel.columns)
    torch.bmm(slopes.transpose(1, 2), patches, out=products)
    weight = layer.filters * layer.patch
    room.formed[:, :weight].view(rows, layer.filters, layer.patch).copy_(
        products[:, : layer.filters, : layer.patch]
    )
    room.formed[:, weight:].copy_(products[:, : layer.filters, layer.patch])


def _channels(values: Tensor, columns: int, channels: int) -> Tensor:
    """The numbers of a map without the padding of each place, (rows, size)."""
    return values.view(len(values), -1, columns)[..., :channels].flatten(1)


def _formed_shape(layer: Convolution) -> LayerShape:
    """Of one row: the whole gradient of a kernel. The last bias stands where a layer has its one."""
    columns = layer.filters * (layer.patch + 1)
    return LayerShape(outputs=1, inputs=columns - 1, rows=1, columns=columns)


def _map(rows: int, size: int) -> Tensor:
    """Room for a map, with a one behind it."""
    room = _zeros(rows, filled_up(size + _BEHIND))
    room[:, size] = 1.0
    return room


def _zeros(rows: int, columns: int) -> Tensor:
    return torch.zeros((rows, columns), dtype=torch.float64)
