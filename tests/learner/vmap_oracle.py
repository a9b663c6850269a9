"""The sum of bounded gradients as ``torch.func`` finds it: row by row, written down in full, then clipped.

An oracle for the engine, which never forms a row's gradient: slow, in float64, and with nothing of it in common.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import grad, vmap
from torch.nn import functional

from learner.data import encode_rows, group_units
from learner.models.weights import read_start
from learner.protocol import BYTES, ColumnFrame, Job, ModelSpec, input_width, job_shapes, kept_shapes, waves


def unflatten(theta: NDArray[np.float64], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The flat parameters (d,) as tensors of their shapes, in the order of ``shapes``."""
    parts = torch.from_numpy(theta).split([math.prod(shape) for shape in shapes.values()])
    return {name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}


def forward(model: ModelSpec, parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    """Outputs (…, K) of inputs (…, width)."""
    if model.kind == "cnn":
        return _convolved(model, list(parameters.values()), inputs)
    if model.kind == "text":
        return _of_text(model, list(parameters.values()), inputs)
    if model.kind == "transformer":
        return _with_attention(model, list(parameters.values()), inputs)
    weight, bias, *rest = parameters.values()
    outputs = functional.linear(inputs, weight, bias)
    while rest:
        weight, bias, *rest = rest
        activated = torch.relu(outputs) if model.activation == "relu" else torch.tanh(outputs)
        outputs = functional.linear(activated, weight, bias)
    return outputs


def _beside(model: ModelSpec, adapters: list[Tensor], layers: list[Tensor], inputs: Tensor) -> Tensor:
    """The outputs of layers that are kept, each with what a narrow way beside it adds."""
    values = inputs
    for place in range(len(layers) // 2):
        weight, bias, down, of_down, up, of_up = (
            *layers[2 * place : 2 * place + 2],
            *adapters[4 * place : 4 * place + 4],
        )
        beside = functional.linear(functional.linear(values, down, of_down), up, of_up)
        values = functional.linear(values, weight, bias) + beside
        if place + 1 < len(layers) // 2:
            values = torch.relu(values) if model.activation == "relu" else torch.tanh(values)
    return values


def _convolved(model: ModelSpec, parameters: list[Tensor], inputs: Tensor) -> Tensor:
    """The outputs of one image by torch's own convolutions and means, with channels before places."""
    *kernels, weight, bias = parameters
    values = inputs.view(1, *model.image).permute(0, 3, 1, 2)
    if model.outlines:
        bright = values.mean(dim=1, keepdim=True)
        answers = functional.conv2d(bright, slopes_of_a_bell(model.outlines), padding=2)
        values = functional.avg_pool2d(torch.relu(answers - 5 / 16), model.pool)
    edge = [size // 2 for size in model.kernel]
    each = 4 if model.groups else 2
    for kernel, offset, *norm in (kernels[first : first + each] for first in range(0, len(kernels), each)):
        turned = kernel.view(len(kernel), *model.kernel, values.shape[1]).permute(0, 3, 1, 2)
        given = functional.conv2d(values, turned, offset, padding=edge)
        if norm:
            given = functional.group_norm(given, model.groups, *norm)
        active = torch.relu(given) if model.activation == "relu" else torch.tanh(given)
        values = functional.avg_pool2d(active, model.pool)
    return functional.linear(values.permute(0, 2, 3, 1).flatten(), weight, bias)


def slopes_of_a_bell(directions: int) -> Tensor:
    """How exp(-r²/2) falls in each direction, at the places of a square of 25, (directions, 1, 5, 5)."""
    down, right = torch.meshgrid(torch.arange(-2.0, 3.0), torch.arange(-2.0, 3.0), indexing="ij")
    angles = torch.arange(directions, dtype=torch.float64)[:, None, None] * 2 * torch.pi / directions
    along = torch.cos(angles) * right.double() + torch.sin(angles) * down.double()
    slopes = along * torch.exp(-(right.double() ** 2 + down.double() ** 2) / 2)
    shares = slopes / slopes.abs().sum(dim=(1, 2), keepdim=True)
    return (shares * 2**16).round()[:, None] / 2**16


def _of_text(model: ModelSpec, parameters: list[Tensor], inputs: Tensor) -> Tensor:
    """The outputs of one text, its bytes one-hot, by torch's own convolutions; zero stands for nothing."""
    table, *kernels, weight, bias = parameters
    ones = inputs.view(-1, len(table))
    present = 1 - ones[:, 0]
    values = ones[:, 1:] @ table[1:]
    for kernel, offset in zip(kernels[::2], kernels[1::2], strict=True):
        turned = kernel.view(len(kernel), model.kernel[1], -1).permute(0, 2, 1)
        given = functional.conv1d(values.T[None], turned, offset, padding=model.kernel[1] // 2)[0].T
        active = torch.relu(given) if model.activation == "relu" else torch.tanh(given)
        values = active * present[:, None]
    return functional.linear(values.sum(dim=0) / present.sum().clamp(min=1.0), weight, bias)


def _with_attention(model: ModelSpec, parameters: list[Tensor], inputs: Tensor) -> Tensor:
    """The outputs of one text, its bytes one-hot, by torch's own norms and attention; zero stands for nothing."""
    *inner, weight, bias = parameters
    present = 1 - inputs.view(-1, BYTES)[:, 0]
    values = _of_bytes(model, inner, inputs, (present - 1).expand(len(present), -1))
    means = (values * present[:, None]).sum(dim=0) / present.sum().clamp(min=1.0)
    return functional.linear(means, weight, bias)


def next_byte_loss(model: ModelSpec, parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    """The mean loss over the bytes of one text that have one behind them, each looking back alone."""
    *inner, weight, bias = parameters.values()
    ones = inputs.view(-1, BYTES)
    present = 1 - ones[:, 0]
    looks = torch.ones(len(ones), len(ones), dtype=ones.dtype).tril() * present
    scores = functional.linear(_of_bytes(model, inner, inputs, looks - 1), weight, bias)
    each = -(functional.log_softmax(scores[:-1], dim=-1) * ones[1:]).sum(dim=1)
    known = present[:-1] * present[1:]
    return (each * known).sum() / known.sum().clamp(min=1.0)


def _of_bytes(model: ModelSpec, parameters: list[Tensor], inputs: Tensor, unseen: Tensor) -> Tensor:
    """What blocks of attention give out for each byte (bytes, numbers); ``unseen`` is -1 where nobody may look."""
    table, *inner, scale, shift = parameters
    ones, numbers = inputs.view(-1, len(table)), table.shape[1]
    present = 1 - ones[:, 0]
    places = torch.tensor(waves(len(ones), numbers), dtype=table.dtype).view(-1, numbers)
    values = (ones[:, 1:] @ table[1:] + places) * present[:, None]
    for first in range(0, len(inner), 12):
        values = _block(model, inner[first : first + 12], values, present, unseen)
    return functional.layer_norm(values, (numbers,), scale, shift)


def _block(
    model: ModelSpec, tensors: list[Tensor], values: Tensor, present: Tensor, unseen: Tensor
) -> Tensor:
    numbers = values.shape[1]
    *before, asked, of_asked, joined, of_joined = tensors[:6]
    *behind, wider, of_wider, narrower, of_narrower = tensors[6:]
    given = functional.linear(functional.layer_norm(values, (numbers,), *before), asked, of_asked)
    heads = given.view(-1, 3, model.heads, numbers // model.heads).permute(1, 2, 0, 3)
    found = functional.scaled_dot_product_attention(*heads, attn_mask=unseen * 1e300)
    found = functional.linear(found.permute(1, 0, 2).flatten(1), joined, of_joined)
    values = (values + found) * present[:, None]
    given = functional.linear(functional.layer_norm(values, (numbers,), *behind), wider, of_wider)
    active = torch.relu(given) if model.activation == "relu" else torch.tanh(given)
    return (values + functional.linear(active, narrower, of_narrower)) * present[:, None]


def row_loss(job: Job, outputs: Tensor, label: Tensor) -> Tensor:
    """The loss of one row."""
    if job.loss == "squared":
        return (outputs[0] - label).square() / 2
    return functional.cross_entropy(outputs[None], label[None])


def inputs_and_labels(
    job: Job, frame: ColumnFrame
) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[np.bool_]]:
    """All rows as the model takes them in, their labels, and which of these are known."""
    rows = encode_rows(job, frame)
    block = rows.block(np.zeros((frame.rows, input_width(job.features) + 1)))
    rows.fill(block, np.arange(frame.rows))
    return block.inputs[:, :-1], block.labels, block.known


def row_gradients(
    job: Job, theta: NDArray[np.float64], frame: ColumnFrame, kept: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """The gradient of every row, (rows, d); zero where the label is unknown."""
    shapes = job_shapes(job)

    def loss(parameters: Mapping[str, Tensor], inputs: Tensor, label: Tensor) -> Tensor:
        if job.model.rank:
            assert kept is not None
            layers = list(unflatten(kept, kept_shapes(job)).values())
            return row_loss(job, _beside(job.model, list(parameters.values()), layers, inputs), label)
        return row_loss(job, forward(job.model, parameters, inputs), label)

    inputs, labels, known = inputs_and_labels(job, frame)
    parts = vmap(grad(loss), in_dims=(None, 0, 0))(
        unflatten(theta, shapes), torch.from_numpy(inputs), torch.from_numpy(labels)
    )
    rows = torch.cat([parts[name].flatten(start_dim=1) for name in shapes], dim=1).numpy()
    return np.where(known[:, None], rows, 0.0)


def unit_gradients(
    job: Job, theta: NDArray[np.float64], frame: ColumnFrame, kept: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """The gradient of every unit before it is bounded, (units, d)."""
    rows, units = row_gradients(job, theta, frame, kept), group_units(frame.unit, job.max_rows_per_unit)
    members = (units.rows[first:end] for first, end in zip(units.starts[:-1], units.starts[1:], strict=True))
    reduce = np.mean if job.unit_reduction == "mean" else np.sum
    return np.array([reduce(rows[each], axis=0) for each in members]).reshape(units.count, -1)


def bounded_gradients(job: Job, weights: bytes, frame: ColumnFrame) -> NDArray[np.float64]:
    """The bounded gradient of every unit, (units, d); zero where a number is not finite."""
    theta, kept = read_start(weights, job)
    each = unit_gradients(job, theta, frame, kept)
    each[~np.isfinite(each).all(axis=1)] = 0.0
    norms = np.linalg.norm(each, axis=1, keepdims=True)
    return each * (job.clip_norm / np.maximum(norms, job.clip_norm))
