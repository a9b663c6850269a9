"""The update: what a person may release. Whole multiples of a public step, of one size for one model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from learner.protocol import UPDATE_GRID_EXPONENT, largest_number

UPDATE_GRID = math.ldexp(1.0, -UPDATE_GRID_EXPONENT)


def round_update(
    change: NDArray[np.float64], step: float = UPDATE_GRID, encoding: str = "int64"
) -> NDArray[Any]:
    """The change of the weights in whole multiples of the step; what does not fit is cut to the largest number.

    It is rounded once the noise is in it, so that nothing here is a function of records.
    """
    most = float(largest_number(encoding))
    with np.errstate(over="ignore"):
        numbers = np.nan_to_num(change / step, nan=0.0, posinf=most, neginf=-most)
    return np.rint(np.clip(numbers, -most, most)).astype(encoding)


def encode_update(update: NDArray[Any], shapes: Mapping[str, tuple[int, ...]]) -> bytes:
    """The flat update (d,) as safetensors of the model's shapes; the size depends on these and its type alone."""
    tensors, first = {}, 0
    for name, shape in shapes.items():
        tensors[name] = update[first : first + math.prod(shape)].reshape(shape)
        first += math.prod(shape)
    return save(tensors)
