"""What stands between the layers of a network, number by number, and how it is gone back through."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Activation: TypeAlias = Literal["tanh", "relu"] | None

# Eight float32 are one register of AVX2 and half a cache line, so that rows begin at the one half or the other by
# turns. That no bit follows from which is not concluded from this number: `learner.dp.places` compares on this
# computer, before each run, what every unit adds in order and three places on, where each row stands at the other.
_ALIGNMENT = 8


def activate(kind: Activation, values: Tensor) -> None:
    """Put the values through the activation, in their place; without one they stay.

    The hyperbolic tangent is numpy's, which takes a sixth of the time of torch's.
    """
    if kind == "relu":
        torch.relu_(values)
    elif kind == "tanh":
        numbers = values.numpy()
        np.tanh(numbers, out=numbers)


def times_slope(kind: Activation, gradient: Tensor, activated: Tensor, into: Tensor | None = None) -> None:
    """Multiply by the activation's derivative, which follows from what it gave out, in its place or into another."""
    operations, into = torch.ops.aten, gradient if into is None else into
    if kind == "relu":
        operations.threshold_backward.grad_input(gradient, activated, 0, grad_input=into)
    else:
        operations.tanh_backward.grad_input(gradient, activated, grad_input=into)


def inverse_error_function(values: NDArray[Any]) -> NDArray[Any]:
    """The inverse of the error function, in the place of the values."""
    torch.from_numpy(values).erfinv_()
    return values


def filled_up(size: int) -> int:
    """How many columns so many numbers have with their padding."""
    return size + -size % _ALIGNMENT
