"""The closed list of models as one pure function: affine layers, an activation between them for an mlp."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from learner.protocol import ModelSpec


def forward(model: ModelSpec, parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    """Outputs (…, K) of inputs (…, width): class scores, or one number.

    ``parameters`` hold a weight and a bias for each layer, in order (``protocol.parameter_shapes``).
    """
    weight, bias, *rest = parameters.values()
    outputs = functional.linear(inputs, weight, bias)
    while rest:
        weight, bias, *rest = rest
        outputs = functional.linear(_activation(model)(outputs), weight, bias)
    return outputs


def _activation(model: ModelSpec) -> Callable[[Tensor], Tensor]:
    return torch.relu if model.activation == "relu" else torch.tanh


def unflatten(theta: NDArray[np.float64], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The flat parameters (d,) as float32 tensors of their shapes, in the order of ``shapes``."""
    parameters, first = {}, 0
    with np.errstate(over="ignore"):
        flat = torch.from_numpy(theta.astype(np.float32))
    for name, shape in shapes.items():
        parameters[name] = flat[first : first + math.prod(shape)].view(shape)
        first += math.prod(shape)
    return parameters
